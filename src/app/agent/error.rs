//! Why an agent cannot begin.

use std::io;
use std::path::PathBuf;

use crate::config::Problems;
use crate::io::control::{ListenError, SocketError};
use crate::io::state::LockError;

/// An agent could not begin. Nothing is watched.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    #[error("cannot read the folder `{}`: {source}", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("`{}` is not a folder: name the one that has a configuration file for each service", path.display())]
    NotAFolder { path: PathBuf },
    /// The files name commands to run.
    #[error("{0}: its files name commands to run")]
    Distrusted(String),
    #[error("`{}`: {problems}", path.display())]
    Config { path: PathBuf, problems: Problems },
    #[error(
        "`{}` sets `{key}`: it may hold `[control]` keys only, those of a service belong into a file of its own",
        path.display()
    )]
    Foreign { path: PathBuf, key: &'static str },
    #[error(transparent)]
    Lock(LockError),
    #[error(transparent)]
    Socket(#[from] SocketError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error("cannot listen for signals: {0}")]
    Signals(io::Error),
}

impl AgentError {
    /// The exit code of the program.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Lock(LockError::Busy { .. }) | Self::Socket(SocketError::Live { .. }) => 10,
            Self::Signals(_) => 1,
            _ => 2,
        }
    }
}
