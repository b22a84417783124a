//! How many recordings are kept.

use std::time::Duration;

/// The strictest decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// So many, the newest.
    pub soaks: u64,
    /// For so long after the last event.
    pub age: Duration,
    /// All of them together, in bytes.
    pub bytes: u64,
}
