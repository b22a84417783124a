//! A move of traffic: its result, the step that failed, and where traffic is.

use crate::io::coordination::NotLeading;
use crate::io::router::{Moved, RouterError, TrafficProbeError};
use crate::io::state::StateError;
use crate::model::Color;

#[derive(Debug, thiserror::Error)]
pub enum MoveFailure {
    #[error("the router failed: {0}")]
    Router(RouterError),
    /// The router accepted the move, but cannot be read back.
    #[error("the router cannot be read back: {0}")]
    ReadBack(RouterError),
    #[error("the router still shows {0}")]
    Unmoved(Color),
    /// The router moved, but users do not reach the color, or that is unknown.
    #[error("{0}")]
    Probe(TrafficProbeError),
    /// Another host may lead.
    #[error("{0}")]
    NotLeading(NotLeading),
    /// The router moved; the state file does not say so.
    #[error("{0}")]
    StateFile(StateError),
}

impl MoveFailure {
    /// Why nothing was changed, if so: the router holds foreign or unreadable content, or undid the move itself.
    pub const fn untouched(&self) -> Option<&RouterError> {
        match self {
            Self::Router(error) if error.is_untouched() => Some(error),
            _ => None,
        }
    }

    /// Whether a retry is of no use, because a person has to change something first.
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::Router(error) | Self::ReadBack(error) => error.is_lasting(),
            Self::StateFile(error) => error.is_lasting(),
            Self::Unmoved(_) | Self::Probe(_) | Self::NotLeading(_) => false,
        }
    }
}

/// The router's report of a move, for the journal: its last lines, the copy of what it replaced, its notes.
pub(super) fn told(moved: &Moved) -> String {
    let Moved { output, kept, notes } = moved;
    let said = output.iter().map(|output| format!("; the router said: {output}"));
    let kept = kept.iter().map(|kept| format!("; the replaced content was copied to `{}`", kept.display()));
    said.chain(kept).chain(notes.iter().map(|note| format!("; {note}"))).collect()
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovedTraffic {
    /// The color that takes user traffic now.
    pub color: Color,
    pub from: Color,
    /// The state file's `lastSwitch`, in Unix milliseconds.
    pub last_switch: Option<i64>,
    pub router: Moved,
    /// Why the move is not fully in the journal, where it is not.
    pub journal_trouble: Option<String>,
}
