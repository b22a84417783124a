//! A command that could not do its work.

use std::fmt::Display;

use crate::config::Problems;
use crate::deploy::StateError;
use crate::monitor::OpenError;

/// What went wrong, for the person, and the exit code for the script.
#[derive(Debug)]
pub struct Failure {
    /// The program's exit code, as the contract lists them.
    pub code: u8,
    /// What is printed on stderr.
    pub message: String,
}

impl Failure {
    /// A failure with its exit code.
    pub fn new(code: u8, message: impl Display) -> Self {
        Self { code, message: message.to_string() }
    }

    /// Bad usage or configuration.
    pub fn usage(message: impl Display) -> Self {
        Self::new(2, message)
    }

    /// Something that should not happen.
    pub fn internal(message: impl Display) -> Self {
        Self::new(1, message)
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::usage(problems)
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        Self::usage(error)
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self::new(error.exit_code(), error)
    }
}
