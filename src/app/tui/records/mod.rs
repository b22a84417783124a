//! What a screen shows of the files of its service: past soaks and the log. Reading may take long: never while drawing.
//!
//! | file | holds |
//! | --- | --- |
//! | `soaks` | the soaks of before, from journal and recordings |
//! | `log` | the end of the log |

mod log;
mod soaks;

use std::fs;
use std::path::{Path, PathBuf};

use crate::core::soak::{Envelope, RecordingHeader};
use crate::io::journal::{RecordingReader, SoakId, recording_path};

pub use log::{LogLine, LogTail};
pub use soaks::{PastSoak, PastSoaks};

/// The largest recording that is played, in bytes: more than a day at one sample a second of ten instances.
const MAX: u64 = 1 << 30;

/// Where the files of a service are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Records {
    Here {
        /// The folder of the service.
        folder: PathBuf,
        service: String,
    },
    /// Not on this machine; the sentence says where.
    Elsewhere(String),
}

/// What is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    Soaks,
    Recording(SoakId),
    Log,
}

/// What was read, or why nothing was.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    Soaks(Result<PastSoaks, String>),
    Recording(SoakId, Result<Box<Recorded>, String>),
    Log(Result<LogTail, String>),
}

/// A recording, in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    pub header: RecordingHeader,
    pub events: Vec<Envelope>,
}

impl Recorded {
    /// Reads it. An error is one sentence.
    pub fn read(path: &Path) -> Result<Self, String> {
        let length = fs::metadata(path).map_or(0, |metadata| metadata.len());
        if length > MAX {
            return Err(format!("`{}` is larger than {MAX} bytes", path.display()));
        }
        let (header, envelopes) = RecordingReader::open(path).map_err(|error| error.to_string())?;
        let events = envelopes.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
        Ok(Self { header, events })
    }
}

impl Records {
    /// Blocks for as long as the disk takes.
    pub fn read(&self, what: Read) -> Found {
        match what {
            Read::Soaks => Found::Soaks(self.here().and_then(|(folder, service)| soaks::read(folder, service))),
            Read::Log => Found::Log(self.here().and_then(|(folder, _)| log::read(&folder.join("log")))),
            Read::Recording(id) => {
                let read = self.here().and_then(|(folder, _)| Recorded::read(&recording_path(folder, &id)));
                Found::Recording(id, read.map(Box::new))
            }
        }
    }

    fn here(&self) -> Result<(&Path, &str), String> {
        match self {
            Self::Here { folder, service } => Ok((folder, service)),
            Self::Elsewhere(place) => Err(format!("its files are {place}, none are here")),
        }
    }
}

#[cfg(test)]
mod tests;
