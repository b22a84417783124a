//! What `status` reports, as JSON has it.

use serde::{Deserialize, Serialize};

use super::{Freeze, SoakBlock};
use crate::io::coordination::Member;
use crate::io::journal::Head;
use crate::model::Color;

/// What `status` shows; as JSON, what `status --json` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusReport {
    /// By the state file.
    pub active_color: Color,
    /// Unix milliseconds; `null` if it never was.
    pub last_switch: Option<i64>,
    /// `null` if unknown.
    pub previous_color: Option<Color>,
    pub service: String,
    /// `None` from an older monitor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_file: Option<StateFileStatus>,
    /// The caller's view; `None` if a monitor answers for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<ConfigurationStatus>,
    /// As named at its switch, else by its instances while watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    pub router: RouterStatus,
    pub standby: StandbyStatus,
    /// Whether the active release must not be rolled back, as whoever switched to it said.
    #[serde(rename = "noWayBack", default, skip_serializing_if = "std::ops::Not::not")]
    pub no_rollback: bool,
    /// The freeze of automatic rollback that holds now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeze: Option<Freeze>,
    /// Who leads, where several hosts watch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordination: Option<CoordinationStatus>,
    /// The last soak, or run that ended before its soak began.
    pub soak: SoakStatus,
    /// The soak before that, if the state file still shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_soak: Option<SoakBlock>,
    /// Its end when last noted in the state file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal: Option<Head>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateFileStatus {
    pub path: String,
    /// Without it blue counts as active, never switched.
    pub exists: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigurationStatus {
    pub folder: String,
    /// `null` if there is none.
    pub file: Option<String>,
    /// Instances assumed for lack of configuration, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assumed: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RouterStatus {
    pub kind: String,
    /// `null` if it cannot be read.
    pub active_color: Option<Color>,
    /// Equals the state file's; `null` if it cannot be read.
    pub in_sync: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Who leads and who stands by, as all hosts see it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CoordinationStatus {
    /// Such as `etcd`.
    pub kind: String,
    /// `null` if nobody leads, or nobody can tell.
    pub leader: Option<Member>,
    /// Rises with every leader.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<i64>,
    /// How long ago the leader gave a sign of life, in whole seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_sign_seconds: Option<u64>,
    pub standbys: Vec<Member>,
    /// Which record of the deployment counts: `state-file` where traffic was moved on this host and the others do not know.
    pub state: String,
    /// What they say of traffic, where that is not the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub differs: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandbyStatus {
    pub color: Color,
    /// `null` if nobody asked it.
    pub ready: Option<bool>,
}

/// Without a soak only `running`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoakStatus {
    #[serde(flatten)]
    pub block: Option<SoakBlock>,
    /// A monitor is running and this soak is not finished.
    pub running: bool,
}
