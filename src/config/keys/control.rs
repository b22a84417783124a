//! `[control]`: how a running monitor is reached.

use super::key::{Fallback, Key};
use crate::config::kind::Kind;

pub const KEYS: &[Key] = &[
    Key {
        name: "control.socket",
        env: Some("SWITCHBACK_CONTROL_SOCKET"),
        flag: None,
        help: "The Unix socket on which a running monitor is asked and given orders.",
        default: Fallback::Derived {
            text: "DATA_DIR/SERVICE/control.sock",
            fill: |draft| {
                let config = &mut draft.config;
                config.control.socket = config.service_dir().join("control.sock");
                Some(config.control.socket.display().to_string())
            },
        },
        kind: Kind::Path(|draft, path| draft.config.control.socket = path),
        also: Some("at most 107 bytes"),
        example: "/run/switchback/checkout-api.sock",
    },
    Key {
        name: "control.listen",
        env: Some("SWITCHBACK_CONTROL_LISTEN"),
        flag: None,
        help: "Where a running monitor can also be asked and given orders over the network.",
        default: Fallback::Unset,
        kind: Kind::Listen(|draft, address| draft.config.control.listen = Some(address)),
        also: Some("needs a token or control.order_secret; TLS anywhere but on the loopback interface"),
        example: "10.0.0.7:9710",
    },
    Key {
        name: "control.tls_certificate",
        env: Some("SWITCHBACK_CONTROL_TLS_CERTIFICATE"),
        flag: None,
        help: "The certificate (PEM) shown at control.listen, with those of the authorities between it and the root.",
        default: Fallback::Unset,
        kind: Kind::Path(|draft, path| draft.config.control.certificate = Some(path)),
        also: Some("needs control.tls_key"),
        example: "/etc/switchback/tls.pem",
    },
    Key {
        name: "control.tls_key",
        env: Some("SWITCHBACK_CONTROL_TLS_KEY"),
        flag: None,
        help: "The private key (PEM) of control.tls_certificate.",
        default: Fallback::Unset,
        kind: Kind::Path(|draft, path| draft.config.control.key = Some(path)),
        also: Some("needs control.tls_certificate"),
        example: "/etc/switchback/tls.key",
    },
    Key {
        name: "control.operator_token",
        env: Some("SWITCHBACK_CONTROL_OPERATOR_TOKEN"),
        flag: None,
        help: "Whoever has it may ask a monitor and give it orders over the network.",
        default: Fallback::Unset,
        kind: Kind::Secret {
            file_key: "control.operator_token_file",
            file_env: "SWITCHBACK_CONTROL_OPERATOR_TOKEN_FILE",
            set: |draft, token| draft.config.control.operator_token = Some(token),
        },
        also: Some("at least 128 random bits"),
        example: "an-example-and-no-real-token-0123456789",
    },
    Key {
        name: "control.viewer_token",
        env: Some("SWITCHBACK_CONTROL_VIEWER_TOKEN"),
        flag: None,
        help: "Whoever has it may ask a monitor over the network, and order nothing.",
        default: Fallback::Unset,
        kind: Kind::Secret {
            file_key: "control.viewer_token_file",
            file_env: "SWITCHBACK_CONTROL_VIEWER_TOKEN_FILE",
            set: |draft, token| draft.config.control.viewer_token = Some(token),
        },
        also: Some("at least 128 random bits, not those of control.operator_token"),
        example: "another-example-and-no-real-token-0123456789",
    },
    Key {
        name: "control.order_secret",
        env: Some("SWITCHBACK_CONTROL_ORDER_SECRET"),
        flag: None,
        help: "What orders are signed with, as the Standard Webhooks specification says, that come without a token.",
        default: Fallback::Unset,
        kind: Kind::Secret {
            file_key: "control.order_secret_file",
            file_env: "SWITCHBACK_CONTROL_ORDER_SECRET_FILE",
            set: |draft, secret| draft.config.control.order_secret = Some(secret),
        },
        also: Some("whsec_ and the base64 of 24 to 64 random bytes, not those of notify.secret"),
        // "an example and no real key"
        example: "whsec_YW4gZXhhbXBsZSBhbmQgbm8gcmVhbCBrZXk=",
    },
    Key {
        name: "control.url",
        env: Some("SWITCHBACK_CONTROL_URL"),
        flag: Some("url"),
        help: "The monitor on another machine that attach, ctl, status and rollback ask, with one of the tokens.",
        default: Fallback::Unset,
        kind: Kind::BaseUrl(|draft, url| draft.config.control.url = Some(url)),
        also: Some("needs a token; https anywhere but on the loopback interface"),
        example: "https://deploy-1.example.com:9710",
    },
    Key {
        name: "control.ca_file",
        env: Some("SWITCHBACK_CONTROL_CA_FILE"),
        flag: None,
        help: "The certificates (PEM) of the authorities that are trusted at control.url, instead of those of the system.",
        default: Fallback::Unset,
        kind: Kind::Path(|draft, path| draft.config.control.ca_file = Some(path)),
        also: None,
        example: "/etc/ssl/private-ca.pem",
    },
];
