//! `[control]`: how a running monitor is reached.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use secrecy::SecretString;

use super::key::{Derived, Unset};
use crate::config::kind;
use crate::config::values::InstanceUrl;

section! {
    /// How a running monitor is asked and given orders: here, and over the network.
    #[derive(Clone, Debug, Default)]
    pub struct ControlConfig, rows KEYS: "control." at |draft| draft.config.control;

    /// The Unix socket on which a running monitor is asked and given orders.
    socket: PathBuf {
        default: Derived {
            text: "DATA_DIR/SERVICE/control.sock",
            fill: |draft| {
                let config = &mut draft.config;
                config.control.socket = config.service_dir().join("control.sock");
                Some(config.control.socket.display().to_string())
            },
        },
        kind: kind::File,
        env: "SWITCHBACK_CONTROL_SOCKET",
        also: "at most 107 bytes",
        example: "/run/switchback/checkout-api.sock",
    }

    /// The group whose members may ask a running monitor and give it orders at control.socket.
    group: Option<String> {
        default: Unset,
        kind: kind::Group,
        env: "SWITCHBACK_CONTROL_GROUP",
        also: "in /etc/group; by number where only a directory service knows it",
        example: "deploy",
    }

    /// Where a running monitor can also be asked and given orders over the network.
    listen: Option<SocketAddr> {
        default: Unset,
        kind: kind::Listen,
        env: "SWITCHBACK_CONTROL_LISTEN",
        also: "needs a token or control.order_secret; TLS anywhere but on the loopback interface",
        example: "10.0.0.7:9710",
    }

    /// The certificate (PEM) shown at control.listen, with those of the authorities between it and the root.
    certificate as "tls_certificate": Option<PathBuf> {
        default: Unset,
        kind: kind::File,
        env: "SWITCHBACK_CONTROL_TLS_CERTIFICATE",
        also: "needs control.tls_key",
        example: "/etc/switchback/tls.pem",
    }

    /// The private key (PEM) of control.tls_certificate.
    key as "tls_key": Option<PathBuf> {
        default: Unset,
        kind: kind::File,
        env: "SWITCHBACK_CONTROL_TLS_KEY",
        also: "needs control.tls_certificate",
        example: "/etc/switchback/tls.key",
    }

    /// The certificates (PEM) of the authorities one of which must have signed the certificate of every client at control.listen.
    client_ca_file: Option<PathBuf> {
        default: Unset,
        kind: kind::File,
        env: "SWITCHBACK_CONTROL_CLIENT_CA_FILE",
        also: "needs control.tls_certificate; a token or a signature is needed all the same",
        example: "/etc/switchback/client-ca.pem",
    }

    /// Whoever has it may ask a monitor and give it orders over the network.
    operator_token: Option<SecretString> {
        default: Unset,
        kind: kind::Secret,
        env: "SWITCHBACK_CONTROL_OPERATOR_TOKEN",
        also: "at least 128 random bits",
        example: "an-example-and-no-real-token-0123456789",
    }

    /// Whoever has it may ask a monitor over the network, and order nothing.
    viewer_token: Option<SecretString> {
        default: Unset,
        kind: kind::Secret,
        env: "SWITCHBACK_CONTROL_VIEWER_TOKEN",
        also: "at least 128 random bits, not those of control.operator_token",
        example: "another-example-and-no-real-token-0123456789",
    }

    /// What orders are signed with, as the Standard Webhooks specification says, that come without a token.
    order_secret: Option<SecretString> {
        default: Unset,
        kind: kind::Secret,
        env: "SWITCHBACK_CONTROL_ORDER_SECRET",
        also: "whsec_ and the base64 of 24 to 64 random bytes, not those of notify.secret",
        // "an example and no real key"
        example: "whsec_YW4gZXhhbXBsZSBhbmQgbm8gcmVhbCBrZXk=",
    }

    /// The monitor on another machine that attach, ctl, status and rollback ask, with one of the tokens.
    url: Option<InstanceUrl> {
        default: Unset,
        kind: kind::BaseUrl,
        env: "SWITCHBACK_CONTROL_URL", flag: "url",
        also: "needs a token; https anywhere but on the loopback interface",
        example: "https://deploy-1.example.com:9710",
    }

    /// The certificates (PEM) of the authorities that are trusted at control.url, instead of those of the system.
    ca_file: Option<PathBuf> {
        default: Unset,
        kind: kind::File,
        env: "SWITCHBACK_CONTROL_CA_FILE",
        example: "/etc/ssl/private-ca.pem",
    }

    /// The client certificate (PEM) that is shown at control.url, where the monitor asks for one.
    client_certificate: Option<PathBuf> {
        default: Unset,
        kind: kind::File,
        env: "SWITCHBACK_CONTROL_CLIENT_CERTIFICATE",
        also: "needs control.client_key",
        example: "/etc/switchback/client.pem",
    }

    /// The private key (PEM) of control.client_certificate.
    client_key: Option<PathBuf> {
        default: Unset,
        kind: kind::File,
        env: "SWITCHBACK_CONTROL_CLIENT_KEY",
        also: "needs control.client_certificate",
        example: "/etc/switchback/client.key",
    }

    with {
        /// The files in which secrets of this section stand, by the keys of the secrets.
        pub secret_files: BTreeMap<&'static str, PathBuf>,
    }
}
