//! `[retention]`: which recordings are kept.

use std::time::Duration;

use super::key::{Fallback, Key};
use crate::config::kind::Kind;

pub const KEYS: &[Key] = &[
    Key {
        name: "retention.soaks",
        env: Some("SWITCHBACK_RETENTION_SOAKS"),
        flag: None,
        help: "So many recordings are kept, the newest; older ones are removed when a soak begins.",
        default: Fallback::Text("50"),
        kind: Kind::Count { min: 1, max: 100_000, set: |draft, soaks| draft.config.retention.soaks = soaks },
        also: None,
        example: "200",
    },
    Key {
        name: "retention.age",
        env: Some("SWITCHBACK_RETENTION_AGE"),
        flag: None,
        help: "Recordings are kept for so long after their last event.",
        default: Fallback::Text("90d"),
        kind: Kind::Duration {
            min: Duration::from_hours(1),
            max: Duration::from_hours(24 * 3_650),
            set: |draft, age| draft.config.retention.age = age,
        },
        also: None,
        example: "30d",
    },
    Key {
        name: "retention.size",
        env: Some("SWITCHBACK_RETENTION_SIZE"),
        flag: None,
        help: "All recordings of the service together are kept within this size, the newest first.",
        default: Fallback::Text("1GiB"),
        kind: Kind::Size { min: 1 << 20, max: 1 << 40, set: |draft, bytes| draft.config.retention.bytes = bytes },
        also: None,
        example: "500MiB",
    },
];
