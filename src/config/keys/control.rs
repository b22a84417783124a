//! `[control]`: how a running monitor is reached.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use secrecy::SecretString;

use super::key::Derived;
use crate::config::kind;
use crate::config::values::InstanceUrl;

section! {
    /// How a running monitor is asked and given orders: here, and over the network.
    #[derive(Clone, Debug, Default)]
    pub struct ControlConfig, rows KEYS: "control." at |draft| draft.config.control;

    /// Unix socket of a running monitor's API.
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
        also: "at most 107 bytes",
        example: "/run/switchback/checkout-api.sock",
    }

    /// Group whose members may use control.socket.
    group: Option<String> {
        kind: kind::Group,
        also: "in /etc/group; by number where only a directory service knows it",
        example: "deploy",
    }

    /// IP address and port of a running monitor's API on the network.
    listen: Option<SocketAddr> {
        kind: kind::Listen,
        also: "needs a token or control.order_secret; TLS anywhere but on the loopback interface",
        example: "10.0.0.7:9710",
    }

    /// Certificate (PEM) for control.listen, with its intermediate certificates.
    certificate as "tls_certificate": Option<PathBuf> {
        kind: kind::File,
        also: "needs control.tls_key",
        example: "/etc/switchback/tls.pem",
    }

    /// Private key (PEM) of control.tls_certificate.
    key as "tls_key": Option<PathBuf> {
        kind: kind::File,
        also: "needs control.tls_certificate",
        example: "/etc/switchback/tls.key",
    }

    /// URL at which the other hosts of coordination.kind etcd reach control.listen of this one.
    advertise: Option<InstanceUrl> {
        default: Derived {
            text: "control.listen, unless it listens on all addresses",
            fill: |draft| {
                let control = &mut draft.config.control;
                let address = control.listen.filter(|address| !address.ip().is_unspecified())?;
                let scheme = if control.certificate.is_some() { "https" } else { "http" };
                control.advertise = InstanceUrl::parse(&format!("{scheme}://{address}")).ok();
                control.advertise.as_ref().map(ToString::to_string)
            },
        },
        kind: kind::BaseUrl,
        also: "needs control.listen; https anywhere but on the loopback interface",
        example: "https://deploy-1.example.com:9710",
    }

    /// CA certificates (PEM); every client at control.listen must show a certificate signed by one of them.
    client_ca_file: Option<PathBuf> {
        kind: kind::File,
        also: "needs control.tls_certificate; a token or a signature is still needed",
        example: "/etc/switchback/client-ca.pem",
    }

    /// Bearer token that grants full control over the network API.
    operator_token: Option<SecretString> {
        kind: kind::Secret,
        also: "at least 128 random bits",
        example: "an-example-and-no-real-token-0123456789",
    }

    /// Bearer token that grants read-only access to the network API.
    viewer_token: Option<SecretString> {
        kind: kind::Secret,
        also: "at least 128 random bits, not those of control.operator_token",
        example: "another-example-and-no-real-token-0123456789",
    }

    /// Secret for signing orders that come without a token, by the Standard Webhooks specification.
    order_secret: Option<SecretString> {
        kind: kind::Secret,
        also: "whsec_ and the base64 of 24 to 64 random bytes, not those of notify.secret",
        // "an example and no real key"
        example: "whsec_YW4gZXhhbXBsZSBhbmQgbm8gcmVhbCBrZXk=",
    }

    /// URL of a monitor on another machine, for attach, ctl, status and rollback; needs one of the tokens.
    url: Option<InstanceUrl> {
        kind: kind::BaseUrl,
        flag: "url",
        also: "needs a token; https anywhere but on the loopback interface",
        example: "https://deploy-1.example.com:9710",
    }

    /// CA certificates (PEM) to trust at control.url and at other hosts, instead of the system's.
    ca_file: Option<PathBuf> { kind: kind::File, example: "/etc/ssl/private-ca.pem" }

    /// Client certificate (PEM) for control.url, if the monitor requires one.
    client_certificate: Option<PathBuf> {
        kind: kind::File,
        also: "needs control.client_key",
        example: "/etc/switchback/client.pem",
    }

    /// Private key (PEM) of control.client_certificate.
    client_key: Option<PathBuf> {
        kind: kind::File,
        also: "needs control.client_certificate",
        example: "/etc/switchback/client.key",
    }

    with {
        /// The files in which secrets of this section stand, by the keys of the secrets.
        pub secret_files: BTreeMap<&'static str, PathBuf>,
    }
}
