//! The validated configuration. A value of these types has passed every rule of the key table.
//!
//! | file | holds |
//! | --- | --- |
//! | `endpoints` | where the instances are, where each shows its metrics and says that it is ready, and how they are asked |
//! | `router` | what kind of router there is, and what each kind needs |
//! | `theme` | the themes of the terminal UI, by their names |

mod endpoints;
mod router;
mod theme;

use std::path::PathBuf;

use measure::wanted::{LatencySeries, RequestSeries};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

pub(crate) use self::endpoints::Scheme;
pub(crate) use self::router::{
    Away, CaddyConfig, HaproxyConfig, NginxConfig, ProbeSign, RouterConfig, RouterKind, TrafficProbeConfig,
};
pub use self::theme::ThemeChoice;
pub use super::keys::Config;
pub(crate) use super::keys::{
    Access, Colors, ControlConfig, CoordinationConfig, ErrorRateConfig, HealthConfig, LatencyConfig, MetricsConfig,
    NotifyConfig, PrometheusConfig,
};
use super::query::Source;

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

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnBreach {
    #[default]
    Rollback,
    /// Wait for the operator.
    Hold,
    /// Tell, never act.
    Notify,
}

/// What an unknown verdict at the end of the window leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnInconclusive {
    /// Extend up to `max_extension`, then end `inconclusive`.
    #[default]
    Hold,
    /// End `inconclusive` at once; the deployment stays.
    Keep,
    Rollback,
}

/// Whether a living standby is required for a rollback.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StandbyPolicy {
    /// A breach with a dead standby is held.
    #[default]
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
    /// Roll back anyway. Recordings from before there was a choice have this.
    #[default]
    Rollback,
}

/// What a previous color that fails before traffic leaves it means for a switch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnFailingStandby {
    /// It is told before traffic moves.
    #[default]
    Tell,
    /// It is told, and the switch is refused.
    Refuse,
}

impl ControlConfig {
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

/// What monitors agree by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// The locks of this host.
    #[default]
    Local,
    /// A leader among all that reach one etcd.
    Etcd,
}

/// Which record of the deployment counts where two say something else about the same move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StateKeeper {
    /// What all hosts share.
    #[default]
    Engine,
    /// The state file of this host.
    File,
}

/// What a leader does that has lost the engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenLost {
    /// It moves no traffic.
    #[default]
    StandDown,
    /// It acts as if it were alone.
    Act,
}

/// How the error rate is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Sequential evidence, see `detect`.
    #[default]
    Evidence,
    /// Errors / requests over the last 10s above the threshold for 3 consecutive ticks.
    Window,
}

/// Whether the new color is also compared with the previous one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Baseline {
    Off,
    /// A release that is worse than the previous color is told, not acted on.
    #[default]
    Warn,
    /// It is acted on.
    Judge,
}

impl From<&ErrorRateConfig> for RequestSeries {
    fn from(config: &ErrorRateConfig) -> Self {
        Self {
            requests: config.requests.clone(),
            status_label: config.status_label.clone(),
            errors: config.errors.clone(),
            series: config.series.clone(),
        }
    }
}

impl From<&LatencyConfig> for LatencySeries {
    fn from(config: &LatencyConfig) -> Self {
        Self { histogram: config.histogram.clone(), unit: config.unit, ignore_routes: config.ignore_routes.clone() }
    }
}

impl LatencyConfig {
    pub fn on_pages(&self) -> bool {
        self.threshold.is_some() && self.source == Source::Instances
    }
}

/// Whether requests may be as slow as those of the previous color were before the switch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Excuse {
    Previous,
    /// Only the threshold counts. Recordings from before there was a choice have this.
    #[default]
    None,
}
