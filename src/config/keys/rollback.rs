//! `[rollback]`: how long a rollback that fails is tried.

use std::time::Duration;

use super::key::Text;
use crate::config::kind;

section! {
    #[derive(Clone, Copy, Debug, Default)]
    pub struct RollbackConfig, rows KEYS: "rollback." at |draft| draft.config.rollback;

    /// How long a failing rollback is retried; then a soak in the foreground ends with exit code 7, and one in the background
    /// continues while the breach lasts.
    give_up: Duration {
        default: Text("15m"),
        kind: kind::Span { min: Duration::from_secs(1), max: Duration::from_hours(24) },
        example: "1h",
    }
}
