//! What became of a leader's writes.

use std::time::Duration;

use super::engine::EngineError;
use crate::model::number::duration_exact;

/// Whether all hosts know what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shared {
    Yes,
    No(EngineError),
}

impl Shared {
    /// Why they do not, in a sentence.
    pub fn why_not(&self) -> Option<String> {
        match self {
            Self::Yes => None,
            Self::No(error) => Some(format!("the other hosts do not know of it: etcd {error}")),
        }
    }

    pub fn tell(&self, what: &str) {
        if let Self::No(error) = self {
            tracing::warn!(what, "acting on the lease alone: etcd {error}");
        }
    }
}

/// In whole milliseconds.
pub fn brief(time: Duration) -> String {
    duration_exact(Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)))
}
