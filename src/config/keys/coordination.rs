//! `[coordination]`: how several hosts agree on the one that acts.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use super::key::{Derived, Text};
use crate::config::kind;
use crate::config::model::{Engine, StateKeeper, WhenLost};
use crate::config::values::InstanceUrl;

section! {
    /// How the monitors of several hosts agree on the one that acts.
    #[derive(Clone, Debug, Default)]
    pub struct CoordinationConfig, rows KEYS: "coordination." at |draft| draft.config.coordination;

    /// What monitors agree by: locks on this host, or a leader among all hosts that reach one etcd.
    kind: Engine {
        default: Text("local"),
        kind: kind::Choice(&[("local", Engine::Local), ("etcd", Engine::Etcd)]),
        example: "etcd",
    }

    /// Client URLs of the members of etcd; the first one that answers is asked.
    endpoints: Vec<InstanceUrl> {
        kind: kind::BaseUrls,
        also: "needed for coordination.kind etcd",
        example: "https://etcd-1:2379,https://etcd-2:2379,https://etcd-3:2379",
    }

    /// What every key in etcd begins with; the service follows.
    prefix: String { default: Text("/switchback"), kind: kind::UrlPath, example: "/prod/switchback" }

    /// Name of this host among those that watch the service; no two may have the same.
    member: Option<String> {
        default: Derived { text: "the name of this host", fill: |_| None },
        kind: kind::Word,
        example: "deploy-1",
    }

    /// Which record of the deployment counts where both say something else about the same move; the newest move counts anyway.
    state: StateKeeper {
        default: Text("etcd"),
        kind: kind::Choice(&[("etcd", StateKeeper::Engine), ("file", StateKeeper::File)]),
        example: "file",
    }

    /// How long a leader that is silent keeps the lead.
    ttl: Duration {
        default: Text("3s"),
        kind: kind::Span { min: Duration::from_secs(2), max: Duration::from_mins(5) },
        example: "5s",
    }

    /// What a leader does that has lost etcd: nothing that moves traffic, or all as if it were alone.
    when_lost: WhenLost {
        default: Text("stand-down"),
        kind: kind::Choice(&[("stand-down", WhenLost::StandDown), ("act", WhenLost::Act)]),
        example: "act",
    }

    /// User name at etcd, where it has authentication.
    username: Option<String> { kind: kind::Word, also: "together with coordination.password", example: "switchback" }

    /// Password at etcd.
    password: Option<SecretString> { kind: kind::Secret, example: "the-password" }

    /// CA certificates (PEM) to trust at etcd, instead of the system's.
    ca_file: Option<PathBuf> { kind: kind::File, example: "/etc/etcd/ca.pem" }

    /// Client certificate (PEM) for etcd, if it requires one.
    client_certificate: Option<PathBuf> {
        kind: kind::File,
        also: "needs coordination.client_key",
        example: "/etc/etcd/client.pem",
    }

    /// Private key (PEM) of coordination.client_certificate.
    client_key: Option<PathBuf> {
        kind: kind::File,
        also: "needs coordination.client_certificate",
        example: "/etc/etcd/client.key",
    }
}
