//! What the machine needs to know before the first event. Recorded, so that a replay has the same.

use serde::{Deserialize, Serialize};

use crate::config::{
    Baseline, Bound, Excuse, Method, OnBreach, OnFailingStandby, OnInconclusive, OnSharedCause, Ratio, StandbyPolicy,
};
use crate::core::detect::Buckets;
use crate::model::number::{latency_exact, number, span};
use crate::model::{Actor, CheckId, Color};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "with", rename_all = "lowercase")]
pub enum Origin {
    /// With a switch: the target is gated and traffic moved first.
    Switch { gate_ms: u64, soak: bool },
    /// With the deployment that is active already.
    Soak,
}

/// The settings of one run. Times are milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Name of the service.
    pub service: String,
    /// Id of the soak.
    pub soak: String,
    /// Name of the release that is judged, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// Releases that the watched color's pages name in a build info; several where they differ. Learned, not recorded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub builds: Vec<String>,
    /// How the run begins.
    pub origin: Origin,
    /// Who began it.
    pub actor: Actor,
    /// The host that leads and its token, where several watch: as recorded, and as each host that took over said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leader: Option<String>,
    /// The color that is watched.
    pub color: Color,
    /// `lastSwitch` of the watched deployment; after a switch the machine learns its own.
    pub last_switch: Option<i64>,
    /// The watched color's instances, credentials masked.
    pub instances: Vec<String>,
    /// The standby's instances, credentials masked.
    pub standby_instances: Vec<String>,
    /// Length of the window.
    pub window_ms: u64,
    /// Time between two samples.
    pub interval_ms: u64,
    /// How long the previous color is looked at before a switch.
    pub baseline_window_ms: u64,
    /// Time before the window.
    pub warmup_ms: u64,
    /// Whether a breach may be acted on without a person.
    pub auto_rollback: bool,
    /// Whether the release must not be rolled back: a breach is only held.
    #[serde(rename = "no_way_back", default)]
    pub no_rollback: bool,
    /// Whether the switch may replace what the router holds and Switchback did not write.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub force: bool,
    /// What a breach leads to.
    pub on_breach: OnBreach,
    /// Countdown before an automatic rollback.
    pub grace_ms: u64,
    /// What an unknown verdict at the end leads to.
    pub on_inconclusive: OnInconclusive,
    /// How far the soak may run beyond its window.
    pub max_extension_ms: u64,
    /// For how long a failing rollback is tried whatever else is seen; none in recordings from before: five attempts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub give_up_ms: Option<u64>,
    /// How long the standby is watched after a rollback.
    pub verify_window_ms: u64,
    /// What a rollback is verified by.
    #[serde(default)]
    pub verification: Verification,
    /// Whether a living standby is required for a rollback.
    pub standby: StandbyPolicy,
    /// What a breach leads to while the standby fails in the same way.
    #[serde(default)]
    pub on_shared_cause: OnSharedCause,
    /// What a previous color that fails before traffic leaves it leads to; none in recordings from before it was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failing_standby: Option<OnFailingStandby>,
    /// The error-rate check.
    pub error_rate: ErrorRateSettings,
    /// The latency check, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<LatencySettings>,
    /// The checks by queries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub queries: Vec<QuerySettings>,
    /// The readiness check.
    pub readiness: ReadinessSettings,
}

pub fn known_release<'a>(named: Option<&'a str>, builds: &'a [String]) -> Option<&'a str> {
    named.or(match builds {
        [one] => Some(one),
        _ => None,
    })
}

/// Recorded, so that an old recording replays as it went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verification {
    /// The requests of the previous color alone: recordings from before the router was read.
    #[default]
    Requests,
    /// The router, read at every tick, and requests that came after the rollback.
    RouterAndRequests,
}

impl Settings {
    /// The release that is judged: as somebody named it, else as all instances name it.
    pub fn known_release(&self) -> Option<&str> {
        known_release(self.release.as_deref(), &self.builds)
    }

    /// Whether any check is read from the pages of the instances, rather than from Prometheus.
    pub fn reads_pages(&self) -> bool {
        let latency = self.latency.as_ref().is_some_and(|latency| latency.metered.is_none());
        self.error_rate.metered.is_none() || latency
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErrorRateSettings {
    pub threshold: Ratio,
    pub min_requests: u64,
    pub method: Method,
    pub false_alarm: Ratio,
    pub baseline: Baseline,
    /// The API that its counters are read from; none where they are read from the instances.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metered: Option<String>,
    pub required: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LatencySettings {
    pub threshold_ms: f64,
    /// The share of requests that have to stay within it.
    pub quantile: Ratio,
    #[serde(default)]
    pub excuse: Excuse,
    /// Whether only a bound near the threshold is judged by. Recordings from before: by the next bound below, however far.
    #[serde(default)]
    pub near: bool,
    /// The API that the histogram is read from; none where it is read from the instances.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metered: Option<String>,
    pub required: bool,
}

impl LatencySettings {
    /// The bucket bound that requests are judged by; none where there is none to judge by.
    pub fn bound_of(&self, buckets: &Buckets) -> Option<f64> {
        if self.near { buckets.bound_near(self.threshold_ms) } else { buckets.bound_within(self.threshold_ms) }
    }

    /// How long the quantile may take: `500ms`.
    pub fn threshold(&self) -> String {
        latency_exact(self.threshold_ms)
    }

    pub fn allowed(&self) -> f64 {
        1.0 - self.quantile.0
    }

    /// `p99`, `p99.9`.
    pub fn name(&self) -> String {
        self.quantile.percentile()
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReadinessSettings {
    pub failures: u32,
    pub required: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuerySettings {
    pub name: CheckId,
    pub kind: QueryKind,
    pub threshold: f64,
    pub breach: Bound,
    /// For how long the value has to be bad, in milliseconds.
    pub for_ms: u64,
    pub required: bool,
}

impl QuerySettings {
    /// `queue not above 100 for 10s`, `no alert of pages`.
    pub fn describe(&self) -> String {
        let held = if self.for_ms > 0 { format!(" for {}", span(self.for_ms)) } else { String::new() };
        match (self.kind, self.breach) {
            (QueryKind::Alerts, _) => format!("no alert of {}", self.name),
            (QueryKind::Value, Bound::Above) => format!("{} not above {}{held}", self.name, number(self.threshold)),
            (QueryKind::Value, Bound::Below) => format!("{} not below {}{held}", self.name, number(self.threshold)),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QueryKind {
    Value,
    Alerts,
}
