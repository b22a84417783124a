//! `[notify]`: who is told of what a monitor decides.

use std::time::Duration;

use super::key::{Fallback, Key};
use crate::config::kind::Kind;

pub const KEYS: &[Key] = &[
    Key {
        name: "notify.url",
        env: Some("SWITCHBACK_NOTIFY_URL"),
        flag: None,
        help: "The webhook (http, https) that is told of switch, breach, rollback, blindness and outcome; treated as a secret.",
        default: Fallback::Unset,
        kind: Kind::Secret {
            file_key: "notify.url_file",
            file_env: "SWITCHBACK_NOTIFY_URL_FILE",
            set: |draft, url| draft.config.notify.url = Some(url),
        },
        also: None,
        example: "https://hooks.example.com/deploys",
    },
    Key {
        name: "notify.secret",
        env: Some("SWITCHBACK_NOTIFY_SECRET"),
        flag: None,
        help: "What notifications are signed with, as the Standard Webhooks specification says.",
        default: Fallback::Unset,
        kind: Kind::Secret {
            file_key: "notify.secret_file",
            file_env: "SWITCHBACK_NOTIFY_SECRET_FILE",
            set: |draft, secret| draft.config.notify.secret = Some(secret),
        },
        also: Some("whsec_ and the base64 of 24 to 64 random bytes; needs notify.url"),
        // The key of the specification's own example, known to everybody.
        example: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    },
    Key {
        name: "notify.timeout",
        env: Some("SWITCHBACK_NOTIFY_TIMEOUT"),
        flag: None,
        help: "Limit for one try to deliver a notification.",
        default: Fallback::Text("10s"),
        kind: Kind::Duration {
            min: Duration::from_millis(100),
            max: Duration::from_mins(1),
            set: |draft, timeout| draft.config.notify.timeout = timeout,
        },
        also: None,
        example: "5s",
    },
];
