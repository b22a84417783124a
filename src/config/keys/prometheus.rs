//! `[prometheus]`: the API that queries are sent to.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use super::key::Text;
use crate::config::kind;
use crate::config::values::InstanceUrl;

section! {
    #[derive(Clone, Debug, Default)]
    pub struct PrometheusConfig, rows KEYS: "prometheus." at |draft| draft.config.prometheus;

    /// Base URL of Prometheus, or of a server with its API: Thanos, Mimir, VictoriaMetrics.
    url: Option<InstanceUrl> { kind: kind::BaseUrl, example: "https://prometheus.internal:9090" }

    /// Sent with every query as Authorization: Bearer.
    bearer_token: Option<SecretString> {
        kind: kind::Secret,
        old_env: "SWITCHBACK_PROMETHEUS_TOKEN",
        example: "the-token",
    }

    /// User name of basic authentication.
    username: Option<String> { kind: kind::Word, also: "together with prometheus.password", example: "switchback" }

    /// Password of basic authentication.
    password: Option<SecretString> { kind: kind::Secret, example: "the-password" }

    /// Sent with every query as X-Scope-OrgID, the tenant of Mimir.
    tenant: Option<String> { kind: kind::Word, example: "shop" }

    /// CA certificates (PEM) to trust, instead of the system's.
    ca_file: Option<PathBuf> { kind: kind::File, example: "/etc/ssl/private-ca.pem" }

    /// Time limit of one query, headers and body together.
    timeout: Duration {
        default: Text("5s"),
        kind: kind::Span { min: Duration::from_millis(50), max: Duration::from_mins(1) },
        example: "2s",
    }

    /// Maximum age of the newest sample of a selector; older samples count as missing.
    max_age: Duration {
        default: Text("2m"),
        kind: kind::Span { min: Duration::from_secs(1), max: Duration::from_mins(5) },
        example: "45s",
    }

    /// How far back the samples of a selector are looked for: as long as it takes until all of them are there.
    query_offset: Duration {
        default: Text("2s"),
        kind: kind::Span { min: Duration::ZERO, max: Duration::from_mins(5) },
        example: "30s",
    }
}
