//! What became of a leader's writes.

use super::engine::EngineError;

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
