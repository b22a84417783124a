//! What one process counts.

use serde::{Deserialize, Serialize};

use crate::detect::{Reading, TickCounts};

/// Starts this close may be of one process: many compute theirs from the boot time, which moves by whole seconds.
const SAME_START_MS: u64 = 2_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lineage {
    pub total: u64,
    pub errors: u64,
    /// On series without a route.
    #[serde(default)]
    pub unrouted: TickCounts,
    /// Errors that were read before their request.
    pub carry: u64,
    pub started_ms: Option<i64>,
    /// Given by the reader of its pages.
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

    pub const fn precedes(&self, next: &Self) -> bool {
        self.total <= next.total && self.errors <= next.errors
    }
}

pub(super) const fn is_same_start(a: i64, b: i64) -> bool {
    a.abs_diff(b) <= SAME_START_MS
}
