//! What the overlays about the files of a service show, as plain data.

use std::path::PathBuf;

use super::records::{LogLine, PastSoak};

/// The past soaks of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoaksView {
    pub service: String,
    /// Newest first; none while they are being read.
    pub soaks: Option<Vec<PastSoak>>,
    pub selected: usize,
    /// The soak that the screen follows.
    pub shown: String,
    /// What goes on, why there is nothing, or what could not be read.
    pub note: Option<String>,
}

/// The end of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogView {
    /// Where it is.
    pub path: Option<PathBuf>,
    pub lines: Vec<LogLine>,
    /// Rows between the last one that is shown and the end; 0 follows it.
    pub up: usize,
    /// Why there is nothing.
    pub note: Option<String>,
}
