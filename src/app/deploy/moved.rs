//! A move of traffic: what came of it, the step that failed, and where traffic is then.

use std::path::PathBuf;

use crate::io::router::{Moved, RouterError, TrafficProbeError};
use crate::io::state::StateError;
use crate::model::Color;

/// The step of a move that failed.
#[derive(Debug, thiserror::Error)]
pub enum MoveFailure {
    #[error("the router failed: {0}")]
    Router(RouterError),
    /// The router took the move, but cannot be read back.
    #[error("the router cannot be read back: {0}")]
    ReadBack(RouterError),
    #[error("the router still shows {0}")]
    Unmoved(Color),
    /// The router moved, and users do not reach the color, or nobody knows whether they do.
    #[error("{0}")]
    Probe(TrafficProbeError),
    /// The router moved; the state file does not say so.
    #[error("{0}")]
    StateFile(StateError),
}

impl MoveFailure {
    /// Why everything is as it was, where it is: what the router holds is not ours or unreadable, or was put back by the router.
    pub const fn untouched(&self) -> Option<&RouterError> {
        match self {
            Self::Router(error) if error.is_untouched() => Some(error),
            _ => None,
        }
    }

    /// Whether trying again does not help: a person has to change something first.
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::Router(error) | Self::ReadBack(error) => error.is_lasting(),
            Self::StateFile(error) => error.is_lasting(),
            Self::Unmoved(_) | Self::Probe(_) => false,
        }
    }
}

/// What a router said about a move, for the journal: its last lines, where a copy of what it replaced is, its notes.
pub(super) fn told(moved: &Moved) -> String {
    let Moved { output, kept, notes } = moved;
    let said = output.iter().map(|output| format!("; the router said: {output}"));
    let kept = kept.iter().map(|kept| format!("; a copy of what was replaced is `{}`", kept.display()));
    said.chain(kept).chain(notes.iter().map(|note| format!("; {note}"))).collect()
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovedTraffic {
    /// The color that takes user traffic now.
    pub color: Color,
    pub from: Color,
    /// The state file's `lastSwitch`, in Unix milliseconds.
    pub last_switch: Option<i64>,
    /// The last lines that the router's command printed.
    pub output: Option<String>,
    /// Where a copy is of what a forced move replaced and Switchback had not written.
    pub kept: Option<PathBuf>,
    /// What the router says beyond that, a sentence each.
    pub notes: Vec<String>,
    /// Why the move is not fully in the journal, where it is not.
    pub journal_trouble: Option<String>,
}
