//! `[retention]`: which recordings are kept.

use std::time::Duration;

use super::key::Text;
use crate::config::kind;
use crate::model::Limits;

section! {
    #[derive(Clone, Copy, Debug, Default)]
    pub struct RetentionConfig, rows KEYS: "retention." at |draft| draft.config.retention;

    /// Number of recordings to keep; older ones are removed when a soak begins.
    soaks: u64 { default: Text("50"), kind: kind::Count { min: 1_u64, max: 100_000 }, example: "200" }

    /// How long recordings are kept after their last event.
    age: Duration {
        default: Text("90d"),
        kind: kind::Span { min: Duration::from_hours(1), max: Duration::from_hours(24 * 3_650) },
        example: "30d",
    }

    /// Maximum size of all recordings of the service; the newest are kept.
    size: u64 { default: Text("1GiB"), kind: kind::Size { min: 1 << 20, max: 1 << 40 }, example: "500MiB" }
}

impl RetentionConfig {
    pub const fn limits(&self) -> Limits {
        Limits { soaks: self.soaks, age: self.age, bytes: self.size }
    }
}
