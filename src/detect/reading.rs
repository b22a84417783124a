//! What one good metrics page of one instance says.

use serde::{Deserialize, Serialize};

use super::Latency;

/// The request counters of one instance, as read from one good metrics page.
///
/// `total` and `errors` are cumulative since the process started. A series that leaves the page keeps its last value in
/// the sums, so they go back only when the process really counts anew.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Requests since the process started.
    pub total: u64,
    /// Those of them that failed.
    pub errors: u64,
    /// `process_start_time_seconds` in Unix milliseconds, where the page has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_ms: Option<i64>,
    /// How long its requests took, where that is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
    /// What a person should know of this page although it was readable: no request counter on it yet (and which ones
    /// there are), values that were no counts, series that stood on it twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// How long the scrape took, in milliseconds.
    #[serde(default)]
    pub took_ms: u64,
}
