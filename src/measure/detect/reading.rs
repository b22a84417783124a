//! What one good metrics page of one instance says.

use std::cmp::Reverse;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Latency, TickCounts};

/// Cumulative since its process started. Series that leave the page stay in the sums: they fall only if it counts anew.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Requests since the process started.
    pub total: u64,
    /// Those of them that failed.
    pub errors: u64,
    /// Requests since the start on routes that are left out (probes, scrapes, what else no user does); not in `total`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub ignored: u64,
    /// Of both, on series without a route: requests of this program may be among it. None in older recordings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unrouted: Option<TickCounts>,
    /// What this program itself asked of the instance until then, where it may be among `unrouted`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    /// The name of the latency histogram, where the page has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub histogram: Option<Arc<str>>,
    /// What came to `total` since the page before with a status that is not understood; it counts as not failed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unclear: u64,
    /// By what the requests are counted, on the page from which on it is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counting: Option<Box<Counting>>,
    /// Whether no requests can be counted on the page; `note` says why.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub uncounted: bool,
    /// `process_start_time_seconds` in Unix milliseconds, where the page has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_ms: Option<i64>,
    /// The instance's own clock when it answered, Unix milliseconds (the `Date` of the answer, to the second), where it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_ms: Option<i64>,
    /// Which process answered, where the reader of the pages tells them apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<Process>,
    /// The release that the page names in a build info, on the page from which on it is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// How long its requests took, where that is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
    /// The same as `process` for the latency, whose series may stand on the pages for another time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_process: Option<Process>,
    /// On which labels what failed since the page before, where anything did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(rename = "blame")]
    pub attribution: Option<Box<Attribution>>,
    /// What a person should know of a readable page: no request counter yet, values that are no counts, series twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// How long the scrape took, in milliseconds.
    #[serde(default)]
    pub took_ms: u64,
}

/// What this program asked of one instance, since its scraper was made; redirects are requests of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Scrapes.
    pub scrapes: Requests,
    /// Readiness probes.
    pub probes: Requests,
}

/// How many requests an instance may have counted. What was asked and not answered may be among them, or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requests {
    /// At least, if it counts them at all.
    pub least: u64,
    pub most: u64,
    /// Of those at most, the ones that it may have counted as failed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub failed: u64,
}

impl Requests {
    #[must_use]
    pub const fn plus(self, more: Self) -> Self {
        Self {
            least: self.least.saturating_add(more.least),
            most: self.most.saturating_add(more.most),
            failed: self.failed.saturating_add(more.failed),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counting {
    pub metric: String,
    pub label: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// One of the processes at one URL, as the reader of its pages knows it; the reading's counts are its alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Its number: the same for all its pages, as long as the reader lives.
    pub id: u32,
    /// Whether this is its first page for the reader, which knows nothing of series that left its pages earlier.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub first: bool,
    /// Whether its start time moved for the first time. It may be another process: what came in between is not counted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub start_moved: bool,
    /// Whether a series is, or seems, lower than on its page before: without start times it may be another process.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub went_back: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribution {
    pub all: TickCounts,
    /// Those with the most failures first.
    #[serde(rename = "culprits")]
    pub label_counts: Vec<LabelCounts>,
    /// Failures on series of which no label is told apart.
    #[serde(default)]
    pub untracked: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelCounts {
    pub label: Arc<str>,
    pub value: String,
    pub counts: TickCounts,
}

impl LabelCounts {
    /// Those with most errors first.
    pub fn sort_by_errors(all: &mut [Self]) {
        all.sort_by_key(|of| Reverse(of.counts.errors));
    }
}
