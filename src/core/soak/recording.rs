//! The first line of a recording, and what a later monitor adds to it.

use serde::{Deserialize, Serialize};

use super::Settings;
use crate::model::Decision;

const VERSION: u32 = 1;

/// The first line of a recording: what the machine knew before the first event. The envelopes follow, one a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordingHeader {
    /// Version of the format.
    pub v: u32,
    /// Always `soak`.
    pub recording: String,
    /// Version of the program that wrote it.
    pub program: String,
    /// The machine's settings.
    pub settings: Settings,
    /// The whole configuration as pairs of key and text; secrets and credentials are left out.
    pub config: Vec<(String, String)>,
    /// The clock that the events' times are read from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<ClockOrigin>,
}

/// Where the clock of a run has its zero, so that another process can go on with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockOrigin {
    pub boot: String,
    /// What `CLOCK_BOOTTIME` showed at time 0 of the run, in milliseconds; below 0 in a boot that began later.
    pub origin_ms: i64,
}

/// What a monitor knows that continues the run of one that is gone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Resumption {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<ClockOrigin>,
    /// The watched color's instances as they are now, credentials masked.
    pub instances: Vec<String>,
    pub standby_instances: Vec<String>,
    /// What the configuration says now and the run does not follow, a sentence for each key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<String>,
    /// The host that leads from now on and its token, where several watch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leader: Option<String>,
    #[serde(default)]
    pub lost_events: u64,
    /// The intent to roll back that the journal holds, carried out or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<Decision>,
}

impl RecordingHeader {
    /// The header of a recording that this program begins.
    pub fn new(settings: Settings, config: Vec<(String, String)>, clock: ClockOrigin) -> Self {
        let program = env!("CARGO_PKG_VERSION").to_owned();
        Self { v: VERSION, recording: "soak".to_owned(), program, settings, config, clock: Some(clock) }
    }
}
