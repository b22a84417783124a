//! The validated configuration. A value of these types has passed every rule of the key table.
//!
//! | file | holds |
//! | --- | --- |
//! | `endpoints` | where the instances are, where each shows its metrics and says that it is ready, and how they are asked |
//! | `router` | what kind of router there is, and what each kind needs |

mod endpoints;
mod router;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

pub use self::endpoints::{Access, Colors, HealthConfig, MetricsConfig, Place, Scheme};
pub use self::router::{
    Away, CaddyConfig, HaproxyConfig, NginxConfig, ProbeSign, RouterConfig, RouterKind, TrafficProbeConfig,
};
use super::matchers::LabelFilter;
use super::query::{PromQl, PrometheusConfig, QueryConfig, Source};
use super::routes::Routes;
use super::statuses::StatusSet;
use super::unit::LatencyUnit;
use super::values::{InstanceUrl, Ratio};
use crate::model::Limits;

/// Everything a run needs to know, validated; all paths are absolute.
#[derive(Clone, Debug)]
pub struct Config {
    /// Name of the service, `[a-z0-9][a-z0-9-]{0,62}`.
    pub service: String,
    /// Name of the release that is switched to and judged, where it has one.
    pub release: Option<String>,
    /// The deployment state file shared with `deploy.ts`.
    pub state_file: PathBuf,
    /// Folder of journals, recordings and logs; each service has a folder of its own in it.
    pub data_dir: PathBuf,
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
    /// How a running monitor is asked and given orders.
    pub control: ControlConfig,
    /// Who is told of decisions.
    pub notify: NotifyConfig,
    /// Which recordings are kept.
    pub retention: Limits,
}

impl Config {
    /// `DATA_DIR/SERVICE`, the folder of this service's journal, recordings and logs.
    pub fn service_dir(&self) -> PathBuf {
        self.data_dir.join(&self.service)
    }

    /// Whether any check is read from the metrics pages of the instances.
    pub fn reads_pages(&self) -> bool {
        self.error_rate.source == Source::Instances || self.latency.on_pages()
    }
}

/// The soak window and its policies.
#[derive(Clone, Debug)]
pub struct SoakConfig {
    /// How long the watch lasts.
    pub window: Duration,
    /// Time between two samples of an instance.
    pub interval: Duration,
    /// How long `switch` looks at the old color before it moves traffic; zero for not at all.
    pub baseline_window: Duration,
    /// Time before the window starts.
    pub warmup: Duration,
    /// Whether a breach may be acted on without a person.
    pub auto_rollback: bool,
    /// What a breach leads to.
    pub on_breach: OnBreach,
    /// Countdown before an automatic rollback.
    pub grace: Duration,
    /// What an unknown verdict at the end of the window leads to.
    pub on_inconclusive: OnInconclusive,
    /// How far the soak may run beyond its window.
    pub max_extension: Duration,
    /// How long the standby's error rate is watched after a rollback.
    pub verify_window: Duration,
    /// Whether a living standby is required for a rollback.
    pub standby: StandbyPolicy,
    /// What a breach leads to while the standby fails in the same way.
    pub on_shared_cause: OnSharedCause,
    /// What a previous color that fails before traffic leaves it means for a switch.
    pub on_failing_standby: OnFailingStandby,
}

/// A rollback that fails.
#[derive(Clone, Copy, Debug)]
pub struct RollbackConfig {
    /// How long it is tried whatever else is seen.
    pub give_up: Duration,
}

/// What a breach leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnBreach {
    /// Roll back.
    Rollback,
    /// Wait for the operator.
    Hold,
    /// Tell, never act.
    Notify,
}

/// What an unknown verdict at the end of the window leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnInconclusive {
    /// Extend up to `max_extension`, then end `inconclusive`.
    Hold,
    /// End `inconclusive` at once; the deployment stays.
    Keep,
    /// Roll back.
    Rollback,
}

/// Whether a living standby is required for a rollback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StandbyPolicy {
    /// A breach with a dead standby is held.
    Require,
    /// Roll back whether the standby lives or not.
    Ignore,
}

/// What a breach leads to while the standby fails in the same way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnSharedCause {
    /// Wait: a rollback would help nobody.
    Hold,
    /// Roll back all the same. Recordings from before there was a choice have this.
    #[default]
    Rollback,
}

/// What a previous color that fails before traffic leaves it means for a switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnFailingStandby {
    /// It is told before traffic moves.
    Tell,
    /// It is told, and the switch is refused.
    Refuse,
}

/// How a running monitor is asked and given orders: here, and over the network.
#[derive(Clone, Debug)]
pub struct ControlConfig {
    /// The Unix socket; a path of at most 107 bytes.
    pub socket: PathBuf,
    /// The group whose members may use the socket, by its name or number.
    pub group: Option<String>,
    /// Where else a monitor listens, if anywhere.
    pub listen: Option<SocketAddr>,
    /// The certificate (PEM) that it shows there, with those of the authorities between it and the root.
    pub certificate: Option<PathBuf>,
    /// The private key (PEM) of the certificate.
    pub key: Option<PathBuf>,
    /// The certificates (PEM) of the authorities whose clients may connect there; with none, clients need no certificate.
    pub client_ca_file: Option<PathBuf>,
    /// Whoever has it may ask and order.
    pub operator_token: Option<SecretString>,
    /// Whoever has it may ask.
    pub viewer_token: Option<SecretString>,
    /// What orders are signed with that come without a token: `whsec_` and base64.
    pub order_secret: Option<SecretString>,
    /// The monitor on another machine that is asked instead of the one behind the socket.
    pub url: Option<InstanceUrl>,
    /// The certificates (PEM) of the authorities that are trusted there, instead of those of the system.
    pub ca_file: Option<PathBuf>,
    /// The certificate (PEM) that is shown there to a monitor that asks for one.
    pub client_certificate: Option<PathBuf>,
    /// The private key (PEM) of the client certificate.
    pub client_key: Option<PathBuf>,
    /// The files in which secrets of this section stand, by the keys of the secrets.
    pub secret_files: BTreeMap<&'static str, PathBuf>,
}

impl ControlConfig {
    /// The secrets of this section, by their keys.
    pub fn secrets(&self) -> [(&'static str, Option<&SecretString>); 3] {
        [
            ("control.operator_token", self.operator_token.as_ref()),
            ("control.viewer_token", self.viewer_token.as_ref()),
            ("control.order_secret", self.order_secret.as_ref()),
        ]
    }

    /// The secret of this key, to be replaced.
    pub(super) fn secret_mut(&mut self, key: &str) -> Option<&mut Option<SecretString>> {
        match key {
            "control.operator_token" => Some(&mut self.operator_token),
            "control.viewer_token" => Some(&mut self.viewer_token),
            "control.order_secret" => Some(&mut self.order_secret),
            _ => None,
        }
    }
}

/// Who is told of decisions.
#[derive(Clone, Debug)]
pub struct NotifyConfig {
    /// The webhook. Such URLs carry the right to post in them, so it is never shown.
    pub url: Option<SecretString>,
    /// What notifications are signed with: `whsec_` and base64.
    pub secret: Option<SecretString>,
    /// Limit for one try to deliver.
    pub timeout: Duration,
}

/// Which requests are those of users.
#[derive(Clone, Debug)]
pub struct RequestsConfig {
    /// Routes whose requests are not counted, beside the metrics and health paths.
    pub ignore_routes: Routes,
}

/// A metric or label that is named, or found on the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// The well-known names are tried.
    Auto,
    /// Exactly this one.
    Name(String),
}

/// How the error rate is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Sequential evidence, see `detect`.
    Evidence,
    /// Errors / requests over the last 10s above the threshold for 3 consecutive ticks.
    Window,
}

/// Whether the new color is also compared with the old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Baseline {
    /// No.
    Off,
    /// A release that is worse than its predecessor is told, not acted on.
    Warn,
    /// It is acted on.
    Judge,
}

/// The error-rate check.
#[derive(Clone, Debug)]
pub struct ErrorRateConfig {
    /// The largest acceptable share of failing requests, above 0 and below 1.
    pub threshold: Ratio,
    /// No verdict on fewer requests.
    pub min_requests: u64,
    /// How it is judged.
    pub method: Method,
    /// The bound on ever rolling back a release that sits exactly at the threshold (method `evidence`).
    pub false_alarm: Ratio,
    /// Whether the old color's rate counts as well (method `evidence`).
    pub baseline: Baseline,
    /// The request counter.
    pub requests: Named,
    /// The label that carries the status.
    pub status_label: Named,
    /// Which statuses count as errors.
    pub errors: StatusSet,
    /// Which series of the page are ours; those of the latency histogram as well.
    pub series: LabelFilter,
    /// Where its numbers come from.
    pub source: Source,
    /// The series that are read there, for source `prometheus`.
    pub selector: Option<PromQl>,
    /// Whether the soak needs this check `healthy` to end `retained`.
    pub required: bool,
}

/// The latency check.
#[derive(Clone, Debug)]
pub struct LatencyConfig {
    /// How long the quantile of the requests may take; none where latency is not judged.
    pub threshold: Option<Duration>,
    /// The share of requests that have to stay within it, 0.5 to 0.9999.
    pub quantile: Ratio,
    /// The histogram.
    pub histogram: Named,
    /// The unit of its bounds.
    pub unit: LatencyUnit,
    /// Whether what was slow before the switch is excused.
    pub excuse: Excuse,
    /// Routes whose requests are left out of latency alone.
    pub ignore_routes: Routes,
    /// Where its numbers come from.
    pub source: Source,
    /// The series that are read there, for source `prometheus`.
    pub selector: Option<PromQl>,
    /// Whether the soak needs this check `healthy` to end `retained`.
    pub required: bool,
}

impl LatencyConfig {
    /// Whether latency is judged, by the metrics pages of the instances.
    pub fn on_pages(&self) -> bool {
        self.threshold.is_some() && self.source == Source::Instances
    }
}

/// Whether requests may be as slow as those of the previous color were before the switch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Excuse {
    /// They may.
    Previous,
    /// Only the threshold counts. Recordings from before there was a choice have this.
    #[default]
    None,
}

/// The readiness check.
#[derive(Clone, Debug)]
pub struct ReadinessConfig {
    /// Consecutive failed probes of more than half the instances that breach it.
    pub failures: u32,
    /// Whether the soak needs this check `healthy` to end `retained`.
    pub required: bool,
}
