//! The first line of a recording.

use serde::{Deserialize, Serialize};

use super::Settings;

/// Version of the recording's format.
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
}

impl RecordingHeader {
    /// The header of a recording that this program begins.
    pub fn new(settings: Settings, config: Vec<(String, String)>) -> Self {
        let program = env!("CARGO_PKG_VERSION").to_owned();
        Self { v: VERSION, recording: "soak".to_owned(), program, settings, config }
    }
}
