//! What `status` reports, as JSON has it.

use serde::{Deserialize, Serialize};

use super::{Freeze, SoakBlock};
use crate::io::journal::Head;
use crate::model::Color;

/// What `status` shows; as JSON, what `status --json` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusReport {
    /// The color that takes user traffic, by the state file.
    pub active_color: Color,
    /// When traffic was last moved, in Unix milliseconds; `null` where it never was.
    pub last_switch: Option<i64>,
    /// The color that took user traffic before; `null` where none is known.
    pub previous_color: Option<Color>,
    pub service: String,
    /// The state file; none where an older monitor answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_file: Option<StateFileStatus>,
    /// What the configuration is, as whoever asks sees it; none where a monitor answers for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<ConfigurationStatus>,
    /// Name of the active release, as whoever switched to it said, or else as its instances named it while they were watched.
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
    /// How the last soak stands, or the last run that ended before its soak began.
    pub soak: SoakStatus,
    /// The soak before that, where the state file still shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_soak: Option<SoakBlock>,
    /// Where the decision journal ended when that was last noted in the state file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal: Option<Head>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateFileStatus {
    pub path: String,
    /// Whether it is there. Without it blue is taken for active, never switched.
    pub exists: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigurationStatus {
    pub folder: String,
    /// The configuration file; `null` where there is none.
    pub file: Option<String>,
    /// Instances that are assumed because nobody configured any, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assumed: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RouterStatus {
    pub kind: String,
    /// The color it sends traffic to; `null` where it cannot be read.
    pub active_color: Option<Color>,
    /// Whether that is the state file's; `null` where it cannot be read.
    pub in_sync: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandbyStatus {
    pub color: Color,
    /// Whether it could take traffic; `null` where nobody asked it.
    pub ready: Option<bool>,
}

/// How the last soak stands; without one only `running`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoakStatus {
    #[serde(flatten)]
    pub block: Option<SoakBlock>,
    /// Whether a monitor is running and this soak is not finished.
    pub running: bool,
}
