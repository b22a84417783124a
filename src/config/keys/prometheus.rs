//! `[prometheus]`: the API that queries are sent to.

use std::time::Duration;

use super::key::{Fallback, Key};
use crate::config::kind::Kind;

pub const KEYS: &[Key] = &[
    Key {
        name: "prometheus.url",
        env: Some("SWITCHBACK_PROMETHEUS_URL"),
        flag: None,
        help: "The base URL of Prometheus, or of anything with its API: Thanos, Mimir, VictoriaMetrics.",
        default: Fallback::Unset,
        kind: Kind::BaseUrl(|draft, url| draft.config.prometheus.url = Some(url)),
        also: None,
        example: "https://prometheus.internal:9090",
    },
    Key {
        name: "prometheus.bearer_token",
        env: Some("SWITCHBACK_PROMETHEUS_TOKEN"),
        flag: None,
        help: "Sent with every query as Authorization: Bearer.",
        default: Fallback::Unset,
        kind: Kind::Secret {
            file_key: "prometheus.bearer_token_file",
            file_env: "SWITCHBACK_PROMETHEUS_TOKEN_FILE",
            set: |draft, token| draft.config.prometheus.bearer_token = Some(token),
        },
        also: None,
        example: "the-token",
    },
    Key {
        name: "prometheus.username",
        env: Some("SWITCHBACK_PROMETHEUS_USERNAME"),
        flag: None,
        help: "The user name of basic authentication.",
        default: Fallback::Unset,
        kind: Kind::Word(|draft, user| draft.config.prometheus.username = Some(user)),
        also: Some("together with prometheus.password"),
        example: "switchback",
    },
    Key {
        name: "prometheus.password",
        env: Some("SWITCHBACK_PROMETHEUS_PASSWORD"),
        flag: None,
        help: "The password of basic authentication.",
        default: Fallback::Unset,
        kind: Kind::Secret {
            file_key: "prometheus.password_file",
            file_env: "SWITCHBACK_PROMETHEUS_PASSWORD_FILE",
            set: |draft, password| draft.config.prometheus.password = Some(password),
        },
        also: None,
        example: "the-password",
    },
    Key {
        name: "prometheus.tenant",
        env: Some("SWITCHBACK_PROMETHEUS_TENANT"),
        flag: None,
        help: "Sent with every query as X-Scope-OrgID, by which Mimir and Loki tell tenants apart.",
        default: Fallback::Unset,
        kind: Kind::Word(|draft, tenant| draft.config.prometheus.tenant = Some(tenant)),
        also: None,
        example: "shop",
    },
    Key {
        name: "prometheus.ca_file",
        env: Some("SWITCHBACK_PROMETHEUS_CA_FILE"),
        flag: None,
        help: "The certificates (PEM) of the authorities that are trusted, instead of those of the system.",
        default: Fallback::Unset,
        kind: Kind::Path(|draft, path| draft.config.prometheus.ca_file = Some(path)),
        also: None,
        example: "/etc/ssl/private-ca.pem",
    },
    Key {
        name: "prometheus.timeout",
        env: Some("SWITCHBACK_PROMETHEUS_TIMEOUT"),
        flag: None,
        help: "Limit for one query, headers and body together.",
        default: Fallback::Text("5s"),
        kind: Kind::Duration {
            min: Duration::from_millis(50),
            max: Duration::from_mins(1),
            set: |draft, timeout| draft.config.prometheus.timeout = timeout,
        },
        also: None,
        example: "2s",
    },
    Key {
        name: "prometheus.max_age",
        env: Some("SWITCHBACK_PROMETHEUS_MAX_AGE"),
        flag: None,
        help: "How old the newest sample of a selector may be; older ones say nothing about now.",
        default: Fallback::Text("2m"),
        kind: Kind::Duration {
            min: Duration::from_secs(1),
            max: Duration::from_mins(5),
            set: |draft, age| draft.config.prometheus.max_age = age,
        },
        also: None,
        example: "45s",
    },
    Key {
        name: "prometheus.query_offset",
        env: Some("SWITCHBACK_PROMETHEUS_QUERY_OFFSET"),
        flag: None,
        help: "How far back the samples of a selector are looked for: as long as it takes until all of them are there.",
        default: Fallback::Text("2s"),
        kind: Kind::Duration {
            min: Duration::ZERO,
            max: Duration::from_mins(5),
            set: |draft, offset| draft.config.prometheus.query_offset = offset,
        },
        also: None,
        example: "30s",
    },
];
