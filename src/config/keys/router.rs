//! `[router]`: how traffic is moved.

use std::time::Duration;

use super::key::{Fallback, Key};
use crate::config::draft::RouterWord;
use crate::config::kind::{Kind, Word};

pub const KEYS: &[Key] = &[
    Key {
        name: "router.kind",
        env: Some("SWITCHBACK_ROUTER"),
        flag: None,
        help: "What moves traffic: whatever reads the state file, or a command.",
        default: Fallback::Text("state-file"),
        kind: Kind::Choice(&[
            Word { text: "state-file", set: |draft| draft.router.kind = RouterWord::StateFile },
            Word { text: "command", set: |draft| draft.router.kind = RouterWord::Command },
        ]),
        also: None,
        example: "command",
    },
    Key {
        name: "router.timeout",
        env: Some("SWITCHBACK_ROUTER_TIMEOUT"),
        flag: None,
        help: "Limit for one try to move traffic or to read where it goes.",
        default: Fallback::Text("30s"),
        kind: Kind::Duration {
            min: Duration::from_millis(100),
            max: Duration::from_mins(10),
            set: |draft, timeout| draft.config.router.timeout = timeout,
        },
        also: None,
        example: "10s",
    },
    Key {
        name: "router.switch",
        env: Some("SWITCHBACK_ROUTER_SWITCH"),
        flag: None,
        help: "Moves traffic to {color}; run without a shell, with {color} and {service} filled in.",
        default: Fallback::Unset,
        kind: Kind::Command(|draft, words| draft.router.switch = words),
        also: Some("needed for router.kind command, and only there"),
        example: r#"["npm", "run", "deploy:switch-{color}"]"#,
    },
    Key {
        name: "router.rollback",
        env: Some("SWITCHBACK_ROUTER_ROLLBACK"),
        flag: None,
        help: "Moves traffic back to {color}; without it, router.switch does.",
        default: Fallback::Unset,
        kind: Kind::Command(|draft, words| draft.router.rollback = words),
        also: Some("only for router.kind command"),
        example: r#"["npm", "run", "deploy:switch-{color}"]"#,
    },
    Key {
        name: "router.read",
        env: Some("SWITCHBACK_ROUTER_READ"),
        flag: None,
        help: "Prints the active color, as a word or in JSON under activeColor; without it, the state file is read.",
        default: Fallback::Unset,
        kind: Kind::Command(|draft, words| draft.router.read = words),
        also: Some("only for router.kind command"),
        example: r#"["npm", "run", "deploy:status"]"#,
    },
];
