//! Keys outside of any section.

use std::path::PathBuf;

use super::key::{Derived, Text};
use crate::config::keys::{
    Access, Colors, ControlConfig, CoordinationConfig, ErrorRateConfig, HealthConfig, LatencyConfig, MetricsConfig,
    NotifyConfig, PrometheusConfig, ReadinessConfig, RequestsConfig, RetentionConfig, RollbackConfig, SoakConfig,
    TerminalConfig,
};
use crate::config::kind;
use crate::config::model::RouterConfig;
use crate::config::query::QueryConfig;

section! {
    /// Everything a run needs to know, validated; all paths are absolute.
    ///
    /// Its `Default` is what [`load`](crate::config::load()) begins with: every key writes its value into that, or its default.
    #[derive(Clone, Debug, Default)]
    pub struct Config, rows KEYS: "" at |draft| draft.config;

    /// Name of the service, and of the folder of its journal and recordings.
    service: String { default: Text("default"), kind: kind::Service, flag: "service", example: "checkout-api" }

    /// Name of the release that is switched to and judged: a version, a commit, an image.
    release: Option<String> {
        default: Derived { text: "the commit that the CI names, GITHUB_SHA for one", fill: |_| None },
        kind: kind::Word,
        flag: "release",
        example: "v1.4.2",
    }

    /// Deployment state file, shared with deploy.ts.
    state_file: PathBuf {
        default: Text(".deployment-state.json"),
        kind: kind::File,
        example: "/srv/checkout/.deployment-state.json",
    }

    /// Folder of journals, recordings and logs.
    data_dir: PathBuf { default: Text(".switchback"), kind: kind::File, example: "/var/lib/switchback" }

    with {
        /// The soak window and its policies.
        pub soak: SoakConfig,
        /// The instances of both colors.
        pub colors: Colors,
        /// How they are asked, for metrics and for readiness alike.
        pub access: Access,
        /// How `/metrics` is read.
        pub metrics: MetricsConfig,
        /// How readiness is probed.
        pub health: HealthConfig,
        /// Which requests are those of users.
        pub requests: RequestsConfig,
        /// The API that queries are sent to.
        pub prometheus: PrometheusConfig,
        /// The error-rate check.
        pub error_rate: ErrorRateConfig,
        /// The checks by queries.
        pub queries: Vec<QueryConfig>,
        /// The latency check.
        pub latency: LatencyConfig,
        /// The readiness check.
        pub readiness: ReadinessConfig,
        /// How long a rollback that fails is tried.
        pub rollback: RollbackConfig,
        /// How traffic is moved.
        pub router: RouterConfig,
        /// How several hosts agree on the one that acts.
        pub coordination: CoordinationConfig,
        /// How a running monitor is asked and given orders.
        pub control: ControlConfig,
        /// Who is told of decisions.
        pub notify: NotifyConfig,
        /// Which recordings are kept.
        pub retention: RetentionConfig,
        /// How the terminal UI looks.
        pub terminal: TerminalConfig,
    }
}
