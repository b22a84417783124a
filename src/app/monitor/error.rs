//! Why a run could not begin.

use std::path::PathBuf;

use crate::app::deploy::RollbackError;
use crate::io::control::{ListenError, SocketError};
use crate::io::journal::{JournalError, RecordingError};
use crate::io::source::{ClientError, DiscoveryError};
use crate::io::state::{LockError, NothingToRollBack, StateError};

/// A run could not begin. Nothing was moved.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another monitor runs, or its lock failed.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The state file cannot be read.
    #[error(transparent)]
    State(#[from] StateError),
    /// There is no switch to watch.
    #[error("there is nothing to watch: {reason} (state file `{}`)", path.display())]
    NothingToSoak {
        /// Why.
        reason: NothingToRollBack,
        /// The state file.
        path: PathBuf,
    },
    /// The journal cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The recording cannot be begun.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// The control socket cannot be had.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// The network cannot be listened on.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The instances of a color are not known.
    #[error(transparent)]
    Instances(#[from] DiscoveryError),
    /// An instance cannot be asked as configured.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The rollback of an earlier, unfinished soak could not be finished.
    #[error("soak {soak} left a rollback unfinished, and it cannot be finished now: {source}")]
    Unfinished {
        /// The earlier soak.
        soak: String,
        /// Why.
        source: Box<RollbackError>,
    },
    /// Signals or randomness are not to be had.
    #[error("cannot {what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
}

impl OpenError {
    /// The program's exit code.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Lock(LockError::Busy { .. }) | Self::Socket(SocketError::Live { .. }) => 10,
            Self::Unfinished { .. } => 7,
            Self::System { .. } => 1,
            _ => 2,
        }
    }
}
