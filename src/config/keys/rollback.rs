//! `[rollback]`: how long a rollback that fails is tried.

use std::time::Duration;

use super::key::Text;
use crate::config::kind;

section! {
    /// A rollback that fails.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct RollbackConfig, rows KEYS: "rollback." at |draft| draft.config.rollback;

    /// How long a rollback that fails is tried; then a watch in the foreground ends with exit code 7, and one in the background
    /// goes on while the breach is seen.
    give_up: Duration {
        default: Text("15m"),
        kind: kind::Span { min: Duration::from_secs(1), max: Duration::from_hours(24) },
        env: "SWITCHBACK_ROLLBACK_GIVE_UP",
        example: "1h",
    }
}
