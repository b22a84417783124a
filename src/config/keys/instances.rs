//! `[colors]`, `[instances]`, `[metrics]` and `[health]`: where the instances are and how they are read.

use std::time::Duration;

use super::key::{Fallback, Key};
use crate::config::instances;
use crate::config::kind::{Kind, Word};
use crate::config::model::Scheme;
use crate::model::number::duration_exact;

/// The longest default for one scrape, however long the interval.
const LONGEST_DEFAULT_SCRAPE: Duration = Duration::from_secs(5);

pub const KEYS: &[Key] = &[
    Key {
        name: "colors.blue.instances_file",
        env: Some("SWITCHBACK_BLUE_INSTANCES_FILE"),
        flag: None,
        help: "A file with instances of blue, in the JSON of Prometheus' file_sd_config; it is read again as it changes.",
        default: Fallback::Unset,
        kind: Kind::Path(|draft, path| draft.config.colors.blue_file = Some(path)),
        also: None,
        example: "/etc/prometheus/blue.json",
    },
    Key {
        name: "colors.blue.instances",
        env: Some("SWITCHBACK_BLUE_INSTANCES"),
        flag: None,
        help: "The instances of blue; dns+http://name:port stands for one at each address of the name.",
        default: Fallback::Derived {
            text: "http://127.0.0.1:3001",
            fill: |draft| {
                let local = draft.config.colors.blue_file.is_none().then_some("http://127.0.0.1:3001")?;
                draft.config.colors.blue = instances::parse([local]).unwrap_or_default();
                Some(local.to_owned())
            },
        },
        kind: Kind::Instances(|draft, urls| draft.config.colors.blue = urls),
        also: Some("none in both colors"),
        example: "http://10.0.0.1:3001,http://10.0.0.2:3001",
    },
    Key {
        name: "colors.blue.metrics",
        env: Some("SWITCHBACK_BLUE_METRICS"),
        flag: None,
        help: "Where the listed instances of blue show their metrics, one base URL for each in their order, if not on their own URL.",
        default: Fallback::Unset,
        kind: Kind::Instances(|draft, urls| draft.config.colors.blue_metrics = urls),
        also: Some("as many as colors.blue.instances, none for a name (dns+http)"),
        example: "http://10.0.0.1:9464,http://10.0.0.2:9464",
    },
    Key {
        name: "colors.green.instances_file",
        env: Some("SWITCHBACK_GREEN_INSTANCES_FILE"),
        flag: None,
        help: "A file with instances of green, in the JSON of Prometheus' file_sd_config; it is read again as it changes.",
        default: Fallback::Unset,
        kind: Kind::Path(|draft, path| draft.config.colors.green_file = Some(path)),
        also: None,
        example: "/etc/prometheus/green.json",
    },
    Key {
        name: "colors.green.instances",
        env: Some("SWITCHBACK_GREEN_INSTANCES"),
        flag: None,
        help: "The instances of green; dns+http://name:port stands for one at each address of the name.",
        default: Fallback::Derived {
            text: "http://127.0.0.1:3002",
            fill: |draft| {
                let local = draft.config.colors.green_file.is_none().then_some("http://127.0.0.1:3002")?;
                draft.config.colors.green = instances::parse([local]).unwrap_or_default();
                Some(local.to_owned())
            },
        },
        kind: Kind::Instances(|draft, urls| draft.config.colors.green = urls),
        also: Some("none in both colors"),
        example: "http://10.0.0.1:3002,http://10.0.0.2:3002",
    },
    Key {
        name: "colors.green.metrics",
        env: Some("SWITCHBACK_GREEN_METRICS"),
        flag: None,
        help: "Where the listed instances of green show their metrics, one base URL for each in their order, if not on their own URL.",
        default: Fallback::Unset,
        kind: Kind::Instances(|draft, urls| draft.config.colors.green_metrics = urls),
        also: Some("as many as colors.green.instances, none for a name (dns+http)"),
        example: "http://10.0.0.1:9465,http://10.0.0.2:9465",
    },
    Key {
        name: "instances.ca_file",
        env: Some("SWITCHBACK_INSTANCES_CA_FILE"),
        flag: None,
        help: "The certificates (PEM) of the authorities that are trusted, instead of those of the system.",
        default: Fallback::Unset,
        kind: Kind::Path(|draft, path| draft.config.access.ca_file = Some(path)),
        also: None,
        example: "/etc/ssl/private-ca.pem",
    },
    Key {
        name: "instances.tls_certificate",
        env: Some("SWITCHBACK_INSTANCES_TLS_CERTIFICATE"),
        flag: None,
        help: "The client certificate (PEM) that is shown to an instance that asks for one.",
        default: Fallback::Unset,
        kind: Kind::Path(|draft, path| draft.config.access.certificate = Some(path)),
        also: Some("together with instances.tls_key"),
        example: "/etc/switchback/client.pem",
    },
    Key {
        name: "instances.tls_key",
        env: Some("SWITCHBACK_INSTANCES_TLS_KEY"),
        flag: None,
        help: "The private key (PEM) of instances.tls_certificate.",
        default: Fallback::Unset,
        kind: Kind::Path(|draft, path| draft.config.access.key = Some(path)),
        also: None,
        example: "/etc/switchback/client.key",
    },
    Key {
        name: "instances.host",
        env: Some("SWITCHBACK_INSTANCES_HOST"),
        flag: None,
        help: "The name that the instances go by, sent as Host and compared with their certificates, instead of the host of the URL.",
        default: Fallback::Unset,
        kind: Kind::Host(|draft, host| draft.config.access.host = Some(host)),
        also: None,
        example: "shop.example.com",
    },
    Key {
        name: "metrics.path",
        env: Some("SWITCHBACK_METRICS_PATH"),
        flag: None,
        help: "Where an instance shows its metrics, below its base URL.",
        default: Fallback::Text("/metrics"),
        kind: Kind::UrlPath(|draft, path| draft.config.metrics.path = path),
        also: None,
        example: "/actuator/prometheus",
    },
    Key {
        name: "metrics.port",
        env: Some("SWITCHBACK_METRICS_PORT"),
        flag: None,
        help: "The port of an instance's host on which it shows its metrics, if not that of its URL; metrics.path is then below the root there.",
        default: Fallback::Unset,
        kind: Kind::Count {
            min: 1,
            max: 65_535,
            set: |draft, port| draft.config.metrics.place.port = u16::try_from(port).ok(),
        },
        also: None,
        example: "9464",
    },
    Key {
        name: "metrics.scheme",
        env: None,
        flag: None,
        help: "Whether it speaks TLS there: as the instance's URL says, no (http), or yes (https).",
        default: Fallback::Text("same"),
        kind: Kind::Choice(&[
            Word { text: "same", set: |draft| draft.config.metrics.place.scheme = Scheme::Same },
            Word { text: "http", set: |draft| draft.config.metrics.place.scheme = Scheme::Http },
            Word { text: "https", set: |draft| draft.config.metrics.place.scheme = Scheme::Https },
        ]),
        also: None,
        example: "http",
    },
    Key {
        name: "metrics.timeout",
        env: Some("SWITCHBACK_METRICS_TIMEOUT"),
        flag: None,
        help: "Limit for one scrape, headers and body together.",
        default: Fallback::Derived {
            text: "min(interval, 5s)",
            fill: |draft| {
                let config = &mut draft.config;
                config.metrics.timeout = config.soak.interval.min(LONGEST_DEFAULT_SCRAPE);
                Some(duration_exact(config.metrics.timeout))
            },
        },
        kind: Kind::Duration {
            min: Duration::from_millis(50),
            max: Duration::from_mins(1),
            set: |draft, timeout| draft.config.metrics.timeout = timeout,
        },
        also: None,
        example: "1s",
    },
    Key {
        name: "metrics.bearer_token",
        env: Some("SWITCHBACK_METRICS_TOKEN"),
        flag: None,
        help: "Sent with every scrape as Authorization: Bearer.",
        default: Fallback::Unset,
        kind: Kind::Secret {
            file_key: "metrics.bearer_token_file",
            file_env: "SWITCHBACK_METRICS_TOKEN_FILE",
            set: |draft, token| draft.config.metrics.bearer_token = Some(token),
        },
        also: None,
        example: "the-token",
    },
    Key {
        name: "health.path",
        env: Some("SWITCHBACK_READY_PATH"),
        flag: None,
        help: "Where an instance says that it is ready, below its base URL.",
        default: Fallback::Text("/health/ready"),
        kind: Kind::UrlPath(|draft, path| draft.config.health.path = path),
        also: None,
        example: "/actuator/health/readiness",
    },
    Key {
        name: "health.port",
        env: Some("SWITCHBACK_HEALTH_PORT"),
        flag: None,
        help: "The port of an instance's host on which it says that it is ready, if not that of its URL; health.path is then below the root there.",
        default: Fallback::Unset,
        kind: Kind::Count {
            min: 1,
            max: 65_535,
            set: |draft, port| draft.config.health.place.port = u16::try_from(port).ok(),
        },
        also: None,
        example: "8081",
    },
    Key {
        name: "health.scheme",
        env: None,
        flag: None,
        help: "Whether it speaks TLS there: as the instance's URL says, no (http), or yes (https).",
        default: Fallback::Text("same"),
        kind: Kind::Choice(&[
            Word { text: "same", set: |draft| draft.config.health.place.scheme = Scheme::Same },
            Word { text: "http", set: |draft| draft.config.health.place.scheme = Scheme::Http },
            Word { text: "https", set: |draft| draft.config.health.place.scheme = Scheme::Https },
        ]),
        also: None,
        example: "http",
    },
    Key {
        name: "health.timeout",
        env: Some("SWITCHBACK_READY_TIMEOUT"),
        flag: None,
        help: "Limit for one readiness probe.",
        default: Fallback::Text("3s"),
        kind: Kind::Duration {
            min: Duration::from_millis(50),
            max: Duration::from_mins(1),
            set: |draft, timeout| draft.config.health.timeout = timeout,
        },
        also: None,
        example: "1s",
    },
    Key {
        name: "health.bearer_token",
        env: Some("SWITCHBACK_HEALTH_BEARER_TOKEN"),
        flag: None,
        help: "Sent with every readiness probe as Authorization: Bearer.",
        default: Fallback::Unset,
        kind: Kind::Secret {
            file_key: "health.bearer_token_file",
            file_env: "SWITCHBACK_HEALTH_BEARER_TOKEN_FILE",
            set: |draft, token| draft.config.health.bearer_token = Some(token),
        },
        also: None,
        example: "the-token",
    },
    Key {
        name: "health.switch_timeout",
        env: Some("SWITCHBACK_SWITCH_TIMEOUT"),
        flag: None,
        help: "How long switch waits for the target to become ready.",
        default: Fallback::Text("60s"),
        kind: Kind::Duration {
            min: Duration::from_millis(100),
            max: Duration::from_hours(1),
            set: |draft, timeout| draft.config.health.switch_timeout = timeout,
        },
        also: None,
        example: "2m",
    },
];
