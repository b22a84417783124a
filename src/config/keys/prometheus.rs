//! `[prometheus]`: the API that queries are sent to.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use super::key::{Text, Unset};
use crate::config::kind;
use crate::config::values::InstanceUrl;

section! {
    /// The API that queries are sent to.
    #[derive(Clone, Debug, Default)]
    pub struct PrometheusConfig, rows KEYS: "prometheus." at |draft| draft.config.prometheus;

    /// Base URL of Prometheus, or of a server with its API: Thanos, Mimir, VictoriaMetrics.
    url: Option<InstanceUrl> {
        default: Unset,
        kind: kind::BaseUrl,
        env: "SWITCHBACK_PROMETHEUS_URL",
        example: "https://prometheus.internal:9090",
    }

    /// Sent with every query as Authorization: Bearer.
    bearer_token: Option<SecretString> {
        default: Unset,
        kind: kind::Secret,
        env: "SWITCHBACK_PROMETHEUS_TOKEN",
        example: "the-token",
    }

    /// User name of basic authentication.
    username: Option<String> {
        default: Unset,
        kind: kind::Word,
        env: "SWITCHBACK_PROMETHEUS_USERNAME",
        also: "together with prometheus.password",
        example: "switchback",
    }

    /// Password of basic authentication.
    password: Option<SecretString> {
        default: Unset,
        kind: kind::Secret,
        env: "SWITCHBACK_PROMETHEUS_PASSWORD",
        example: "the-password",
    }

    /// Sent with every query as X-Scope-OrgID, the tenant of Mimir.
    tenant: Option<String> {
        default: Unset,
        kind: kind::Word,
        env: "SWITCHBACK_PROMETHEUS_TENANT",
        example: "shop",
    }

    /// CA certificates (PEM) to trust, instead of the system's.
    ca_file: Option<PathBuf> {
        default: Unset,
        kind: kind::File,
        env: "SWITCHBACK_PROMETHEUS_CA_FILE",
        example: "/etc/ssl/private-ca.pem",
    }

    /// Time limit of one query, headers and body together.
    timeout: Duration {
        default: Text("5s"),
        kind: kind::Span { min: Duration::from_millis(50), max: Duration::from_mins(1) },
        env: "SWITCHBACK_PROMETHEUS_TIMEOUT",
        example: "2s",
    }

    /// Maximum age of the newest sample of a selector; older samples count as missing.
    max_age: Duration {
        default: Text("2m"),
        kind: kind::Span { min: Duration::from_secs(1), max: Duration::from_mins(5) },
        env: "SWITCHBACK_PROMETHEUS_MAX_AGE",
        example: "45s",
    }

    /// How far back the samples of a selector are looked for: as long as it takes until all of them are there.
    query_offset: Duration {
        default: Text("2s"),
        kind: kind::Span { min: Duration::ZERO, max: Duration::from_mins(5) },
        env: "SWITCHBACK_PROMETHEUS_QUERY_OFFSET",
        example: "30s",
    }
}
