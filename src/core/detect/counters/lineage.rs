//! What one process counts.

use serde::{Deserialize, Serialize};

use crate::core::detect::{Reading, TickCounts};

/// Start times that differ by at most this may be one process's: the kernel's boot time, from which many clients compute theirs,
/// moves by whole seconds, and others compute it anew for every page.
const SAME_START_MS: u64 = 2_000;

/// The last that was read of one process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lineage {
    pub total: u64,
    pub errors: u64,
    /// What of both stands on series without a route.
    #[serde(default)]
    pub unrouted: TickCounts,
    /// Errors that were read before their request.
    pub carry: u64,
    pub started_ms: Option<i64>,
    /// The number that the reader of its pages gave it.
    pub id: Option<u32>,
    /// Whether it counts from its next page on.
    pub stale: bool,
}

impl Lineage {
    pub fn of(reading: &Reading) -> Self {
        Self {
            total: reading.total,
            errors: reading.errors,
            unrouted: reading.unrouted.unwrap_or_default(),
            started_ms: reading.started_ms,
            id: reading.process.map(|process| process.id),
            ..Self::default()
        }
    }

    /// Whether `next` can be a later reading of the same process, by what it counts.
    pub const fn precedes(&self, next: &Self) -> bool {
        self.total <= next.total && self.errors <= next.errors
    }
}

/// Whether both may be the start of one process.
pub(super) const fn is_same_start(a: i64, b: i64) -> bool {
    a.abs_diff(b) <= SAME_START_MS
}
