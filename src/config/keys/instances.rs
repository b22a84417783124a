//! `[colors]`, `[instances]`, `[metrics]` and `[health]`: where the instances are and how they are read.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use super::key::{Derived, Text};
use crate::config::instances;
use crate::config::kind;
use crate::config::model::Scheme;
use crate::config::values::InstanceUrl;
use crate::model::number::duration_exact;

/// The longest default for one scrape, however long the interval.
const MAX_DEFAULT_SCRAPE: Duration = Duration::from_secs(5);

section! {
    /// The base URLs of both colors' instances; no URL stands in both.
    #[derive(Clone, Debug, Default)]
    pub struct Colors, rows COLORS: "colors." at |draft| draft.config.colors;

    /// A file with instances of blue, in the JSON of Prometheus' file_sd_config; it is read again as it changes.
    blue_file as "blue.instances_file": Option<PathBuf> {
        kind: kind::File,
        old_env: "SWITCHBACK_BLUE_INSTANCES_FILE",
        example: "/etc/prometheus/blue.json",
    }

    /// The instances of blue; dns+http://name:port stands for one at each address of the name.
    blue as "blue.instances": Vec<InstanceUrl> {
        default: Derived {
            text: "http://127.0.0.1:3001",
            fill: |draft| {
                let local = draft.config.colors.blue_file.is_none().then_some("http://127.0.0.1:3001")?;
                draft.config.colors.blue = instances::parse([local]).unwrap_or_default();
                Some(local.to_owned())
            },
        },
        kind: kind::Instances,
        old_env: "SWITCHBACK_BLUE_INSTANCES",
        also: "none in both colors",
        example: "http://10.0.0.1:3001,http://10.0.0.2:3001",
    }

    /// Where the listed instances of blue show their metrics, one base URL for each in their order, if not on their own URL.
    blue_metrics as "blue.metrics": Vec<InstanceUrl> {
        kind: kind::Instances,
        old_env: "SWITCHBACK_BLUE_METRICS",
        also: "as many as colors.blue.instances, none for a name (dns+http)",
        example: "http://10.0.0.1:9464,http://10.0.0.2:9464",
    }

    /// A file with instances of green, in the JSON of Prometheus' file_sd_config; it is read again as it changes.
    green_file as "green.instances_file": Option<PathBuf> {
        kind: kind::File,
        old_env: "SWITCHBACK_GREEN_INSTANCES_FILE",
        example: "/etc/prometheus/green.json",
    }

    /// The instances of green; dns+http://name:port stands for one at each address of the name.
    green as "green.instances": Vec<InstanceUrl> {
        default: Derived {
            text: "http://127.0.0.1:3002",
            fill: |draft| {
                let local = draft.config.colors.green_file.is_none().then_some("http://127.0.0.1:3002")?;
                draft.config.colors.green = instances::parse([local]).unwrap_or_default();
                Some(local.to_owned())
            },
        },
        kind: kind::Instances,
        old_env: "SWITCHBACK_GREEN_INSTANCES",
        also: "none in both colors",
        example: "http://10.0.0.1:3002,http://10.0.0.2:3002",
    }

    /// Where the listed instances of green show their metrics, one base URL for each in their order, if not on their own URL.
    green_metrics as "green.metrics": Vec<InstanceUrl> {
        kind: kind::Instances,
        old_env: "SWITCHBACK_GREEN_METRICS",
        also: "as many as colors.green.instances, none for a name (dns+http)",
        example: "http://10.0.0.1:9465,http://10.0.0.2:9465",
    }
}

section! {
    /// How instances are asked, for metrics and for readiness alike.
    #[derive(Clone, Debug, Default)]
    pub struct Access, rows INSTANCES: "instances." at |draft| draft.config.access;

    /// CA certificates (PEM) to trust, instead of the system's.
    ca_file: Option<PathBuf> { kind: kind::File, example: "/etc/ssl/private-ca.pem" }

    /// Client certificate (PEM) for instances that require one.
    certificate as "tls_certificate": Option<PathBuf> {
        kind: kind::File,
        also: "together with instances.tls_key",
        example: "/etc/switchback/client.pem",
    }

    /// Private key (PEM) of instances.tls_certificate.
    key as "tls_key": Option<PathBuf> { kind: kind::File, example: "/etc/switchback/client.key" }

    /// Host name of the instances, sent as Host and compared with their certificates, instead of the host of the URL.
    host: Option<String> { kind: kind::Host, example: "shop.example.com" }
}

section! {
    /// How `/metrics` is read.
    #[derive(Clone, Debug, Default)]
    pub struct MetricsConfig, rows METRICS: "metrics." at |draft| draft.config.metrics;

    /// Path of the metrics page, below an instance's base URL.
    path: String { default: Text("/metrics"), kind: kind::UrlPath, example: "/actuator/prometheus" }

    /// Port of the metrics page, if it is not that of the instance's URL; metrics.path is then below the root there.
    port: Option<u16> { kind: kind::Count { min: 1_u16, max: 65_535 }, example: "9464" }

    /// Scheme of the metrics page: that of the instance's URL, http, or https.
    scheme: Scheme {
        default: Text("same"),
        kind: kind::Choice(&[("same", Scheme::Same), ("http", Scheme::Http), ("https", Scheme::Https)]),
        example: "http",
    }

    /// Time limit of one scrape, headers and body together.
    timeout: Duration {
        default: Derived {
            text: "min(interval, 5s)",
            fill: |draft| {
                let config = &mut draft.config;
                config.metrics.timeout = config.soak.interval.min(MAX_DEFAULT_SCRAPE);
                Some(duration_exact(config.metrics.timeout))
            },
        },
        kind: kind::Span { min: Duration::from_millis(50), max: Duration::from_mins(1) },
        example: "1s",
    }

    /// Sent with every scrape as Authorization: Bearer.
    bearer_token: Option<SecretString> { kind: kind::Secret, old_env: "SWITCHBACK_METRICS_TOKEN", example: "the-token" }
}

section! {
    /// How readiness is probed.
    #[derive(Clone, Debug, Default)]
    pub struct HealthConfig, rows HEALTH: "health." at |draft| draft.config.health;

    /// Path of the readiness probe, below an instance's base URL.
    path: String {
        default: Text("/health/ready"),
        kind: kind::UrlPath,
        old_env: "SWITCHBACK_READY_PATH",
        example: "/actuator/health/readiness",
    }

    /// Port of the readiness probe, if it is not that of the instance's URL; health.path is then below the root there.
    port: Option<u16> { kind: kind::Count { min: 1_u16, max: 65_535 }, example: "8081" }

    /// Scheme of the readiness probe: that of the instance's URL, http, or https.
    scheme: Scheme {
        default: Text("same"),
        kind: kind::Choice(&[("same", Scheme::Same), ("http", Scheme::Http), ("https", Scheme::Https)]),
        example: "http",
    }

    /// Time limit of one readiness probe.
    timeout: Duration {
        default: Text("3s"),
        kind: kind::Span { min: Duration::from_millis(50), max: Duration::from_mins(1) },
        old_env: "SWITCHBACK_READY_TIMEOUT",
        example: "1s",
    }

    /// Sent with every readiness probe as Authorization: Bearer.
    bearer_token: Option<SecretString> { kind: kind::Secret, example: "the-token" }

    /// How long switch waits for the target to become ready.
    switch_timeout: Duration {
        default: Text("60s"),
        kind: kind::Span { min: Duration::from_millis(100), max: Duration::from_hours(1) },
        old_env: "SWITCHBACK_SWITCH_TIMEOUT",
        example: "2m",
    }
}
