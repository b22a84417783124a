//! Why a run could not begin.

use std::path::PathBuf;

use crate::app::deploy::{CatchUpError, RollbackError};
use crate::io::control::{ListenError, SocketError};
use crate::io::coordination::Member;
use crate::io::journal::{JournalError, RecordingError};
use crate::io::ports::BrokeDown;
use crate::io::source::{ClientError, DiscoveryError};
use crate::io::state::{LockError, NothingToRollBack, StateError};

/// A run could not begin. Nothing was moved.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another monitor runs, or its lock failed.
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error("nothing to watch: {reason} (state file `{}`)", path.display())]
    NothingToSoak { reason: NothingToRollBack, path: PathBuf },
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Recording(#[from] RecordingError),
    #[error(transparent)]
    Socket(#[from] SocketError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    Instances(#[from] DiscoveryError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("soak {soak} left a rollback unfinished, and it cannot be finished now: {source}")]
    Unfinished { soak: String, source: Box<RollbackError> },
    /// Another host leads.
    #[error("another host leads: {0}")]
    Led(Box<Member>),
    /// Who leads cannot be found out, or what the last leader left cannot be had.
    #[error("this host cannot take the lead: {0}")]
    Lead(Box<CatchUpError>),
    /// A signal came while this host stood by.
    #[error("stopped by {0} while standing by: nothing was watched here")]
    Stopped(&'static str),
    /// Signals or randomness are not available.
    #[error("cannot {what}: {source}")]
    System { what: &'static str, source: std::io::Error },
}

impl OpenError {
    /// The thread that was to do this panicked.
    pub fn broke(what: &'static str) -> impl Fn(BrokeDown) -> Self {
        move |broke| Self::System { what, source: std::io::Error::other(broke) }
    }

    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Led(_)
            | Self::Lead(_)
            | Self::Lock(LockError::Busy { .. })
            | Self::Socket(SocketError::Live { .. }) => 10,
            Self::Unfinished { .. } => 7,
            Self::System { .. } => 1,
            Self::Stopped(_) => 143,
            _ => 2,
        }
    }
}
