//! During the warmup only an outage is judged: every request failing for a while.

use crate::core::detect::{BadEvent, TickCounts};
use crate::model::number::span;

const LASTING_MS: u64 = 3_000;
/// No outage on fewer failed requests.
const ERRORS: u64 = 3;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outage {
    since: Option<u64>,
    counts: TickCounts,
    reason: Option<String>,
}

impl Outage {
    /// The tick covers the time since the one before it.
    pub fn see(&mut self, before_ms: u64, at_ms: u64, counts: TickCounts, min_requests: u64, bad_event: BadEvent) {
        if counts.requests == 0 {
            return;
        }
        if counts.errors < counts.requests {
            self.end();
            return;
        }
        let since = *self.since.get_or_insert(before_ms);
        self.counts = self.counts.plus(counts);
        let enough = self.counts.requests >= min_requests.max(ERRORS);
        let lasted = at_ms.saturating_sub(since);
        if enough && lasted >= LASTING_MS && self.reason.is_none() {
            self.reason = Some(format!("{} for {}: an outage", bad_event.of(self.counts), span(lasted)));
        }
    }

    /// The run is over. A reason that it gave stays.
    pub fn end(&mut self) {
        (self.since, self.counts) = (None, TickCounts::default());
    }

    pub const fn reason(&self) -> Option<&String> {
        self.reason.as_ref()
    }
}
