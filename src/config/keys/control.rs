//! `[control]`: how a running monitor is reached.

use super::key::{Fallback, Key};
use crate::config::kind::Kind;

pub const KEYS: &[Key] = &[Key {
    name: "control.socket",
    env: Some("SWITCHBACK_CONTROL_SOCKET"),
    flag: None,
    help: "The Unix socket on which a running monitor is asked and given orders.",
    default: Fallback::Derived {
        text: "DATA_DIR/SERVICE/control.sock",
        fill: |draft| {
            let config = &mut draft.config;
            config.control_socket = config.service_dir().join("control.sock");
            Some(config.control_socket.display().to_string())
        },
    },
    kind: Kind::Path(|draft, path| draft.config.control_socket = path),
    also: Some("at most 107 bytes"),
    example: "/run/switchback/checkout-api.sock",
}];
