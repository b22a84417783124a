//! `[rollback]`: how long a rollback that fails is tried.

use std::time::Duration;

use super::key::{Fallback, Key};
use crate::config::kind::Kind;

pub const KEYS: &[Key] = &[Key {
    name: "rollback.give_up",
    env: Some("SWITCHBACK_ROLLBACK_GIVE_UP"),
    flag: None,
    help: "How long a rollback that fails is tried; then a watch in the foreground ends with exit code 7, and one in the background goes on while the breach is seen.",
    default: Fallback::Text("15m"),
    kind: Kind::Duration {
        min: Duration::from_secs(1),
        max: Duration::from_hours(24),
        set: |draft, give_up| draft.config.rollback.give_up = give_up,
    },
    also: None,
    example: "1h",
}];
