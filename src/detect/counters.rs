//! From cumulative readings of one instance to what happened since the last one.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::Reading;

/// Resets of one instance in a soak that make a crash loop.
pub const CRASH_LOOP_RESETS: u32 = 3;

/// Returns to a lineage read before that show several processes behind one URL.
const MIXED_RETURNS: u32 = 2;

/// Start times that differ by at most this are the same: some clients compute theirs anew for every page.
const SAME_START_MS: u64 = 500;

/// So many lineages are remembered, the one read longest ago is forgotten first.
const MAX_LINEAGES: usize = 16;

/// The counters of one instance.
///
/// A **lineage** is what one process counts: totals that only grow. Readings of an instance belong to one lineage until
/// its counters go back or its start time changes. Then the process was restarted (a **reset**: a new lineage, counted
/// from zero), or, if a lineage read before goes on, another process answered (a **return**). A process cannot come back,
/// so returns show that several processes answer at one URL.
///
/// Without start times a reading that goes back returns to a lineage whose last totals it does not fall below. Rarely does
/// a crash loop look like that: it would have to climb past its own former height and fall less deep, twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    soak_started_ms: i64,
    /// The one read last comes last.
    lineages: Vec<Lineage>,
    last: Option<Lineage>,
    carry: u64,
    resets: u32,
    returns: u32,
    resumed: bool,
}

/// The last that was read of one process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Lineage {
    total: u64,
    errors: u64,
    started_ms: Option<i64>,
}

/// What happened between two readings of an instance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delta {
    /// Requests.
    pub requests: u64,
    /// Those of them that failed, never more than `requests`.
    pub errors: u64,
    /// Whether the counters began anew, so that requests between the last reading and the restart are lost.
    pub reset: bool,
}

impl Counters {
    /// Nothing read yet, in a soak that began at `soak_started_ms` (Unix milliseconds).
    pub const fn new(soak_started_ms: i64) -> Self {
        Self { soak_started_ms, lineages: Vec::new(), last: None, carry: 0, resets: 0, returns: 0, resumed: false }
    }

    /// Takes a reading as the point from which to count, whatever happened before it.
    pub fn baseline(&mut self, reading: &Reading) {
        if self.last.is_none() {
            self.remember(Lineage::of(reading));
        } else {
            self.read(reading);
        }
        self.carry = 0;
    }

    /// What happened since the reading before.
    ///
    /// The first reading is the baseline, unless the process started after the soak: then its counts began at zero.
    /// A missed scrape needs no call: the next reading covers the gap.
    pub fn read(&mut self, reading: &Reading) -> Delta {
        let now = Lineage::of(reading);
        let from = match self.last {
            None if now.started_ms.is_some_and(|started| started > self.soak_started_ms) => Some(Lineage::default()),
            None => Some(now),
            Some(last) => self.continued(last, now),
        };
        let reset = from.is_none();
        let from = from.unwrap_or_default();
        if reset {
            self.carry = 0;
        }
        self.remember(now);
        let requests = now.total.saturating_sub(from.total);
        // An error can be read a moment before its request (they are two counters): it waits for the request.
        let errors = now.errors.saturating_sub(from.errors).saturating_add(self.carry);
        self.carry = errors.saturating_sub(requests);
        Delta { requests, errors: errors.min(requests), reset }
    }

    /// The program was restarted, and has forgotten the series that had left the page. If the next reading goes back for
    /// no other reason than that, it is a baseline and no reset: its requests were counted before.
    pub const fn resume(&mut self) {
        self.resumed = true;
    }

    /// How often this instance was restarted.
    pub const fn resets(&self) -> u32 {
        self.resets
    }

    /// Whether several processes answer at this instance's URL.
    pub const fn mixed(&self) -> bool {
        self.returns >= MIXED_RETURNS
    }

    /// Whether the instance is restarted again and again.
    pub const fn is_crash_loop(&self) -> bool {
        self.resets >= CRASH_LOOP_RESETS && !self.mixed()
    }

    /// The totals that `now` goes on from; none if it counts from zero.
    fn continued(&mut self, last: Lineage, now: Lineage) -> Option<Lineage> {
        let resumed = std::mem::take(&mut self.resumed);
        match (last.started_ms, now.started_ms) {
            (Some(before), Some(started)) if !same_start(before, started) => self.by_start(now, started),
            _ if resumed && !last.precedes(now) => Some(now),
            (Some(_), Some(_)) => self.by_totals(last, now, true),
            _ => self.by_totals(last, now, false),
        }
    }

    /// The start time is another one: one that was read before, or that of a restarted process.
    fn by_start(&mut self, now: Lineage, started: i64) -> Option<Lineage> {
        let is_known = self.lineages.iter().any(|l| l.started_ms.is_some_and(|known| same_start(known, started)));
        self.carry = 0;
        if is_known {
            self.returns += 1;
            self.nearest(now).map(|at| self.lineages[at])
        } else {
            self.resets += 1;
            None
        }
    }

    /// The start time is unknown, or the same as that of the reading before.
    fn by_totals(&mut self, last: Lineage, now: Lineage, same_start: bool) -> Option<Lineage> {
        let goes_back = !last.precedes(now);
        // One return is enough to doubt that a counter that jumps ahead was ahead of the same process.
        if !goes_back && self.returns == 0 {
            return Some(last);
        }
        let Some(at) = self.nearest(now) else {
            // A process whose start time has not changed did not crash: it, or one that started with it, counts anew.
            self.resets += u32::from(!same_start);
            return None;
        };
        let mut lineage = self.lineages[at];
        if lineage != last {
            self.carry = 0;
        }
        if goes_back {
            self.returns += 1;
        } else {
            // The doubt may be wrong, so it only ever takes away. (Totals are no less: the nearest is at least `last`.)
            lineage.errors = lineage.errors.max(last.errors);
        }
        Some(lineage)
    }

    /// Where the lineage stands that `now` can go on with at the smallest distance.
    fn nearest(&self, now: Lineage) -> Option<usize> {
        let fitting = self.lineages.iter().enumerate().filter(|(_, lineage)| lineage.precedes(now));
        fitting.max_by_key(|(_, lineage)| lineage.total).map(|(at, _)| at)
    }

    fn remember(&mut self, now: Lineage) {
        match self.nearest(now) {
            Some(at) => drop(self.lineages.remove(at)),
            None if self.lineages.len() == MAX_LINEAGES => drop(self.lineages.remove(0)),
            None => {}
        }
        self.lineages.push(now);
        self.last = Some(now);
    }
}

impl Lineage {
    const fn of(reading: &Reading) -> Self {
        Self { total: reading.total, errors: reading.errors, started_ms: reading.started_ms }
    }

    /// Whether `next` can be a later reading of the same process: nothing went back, no other start time is known.
    const fn precedes(&self, next: Self) -> bool {
        let may_be_same = match (self.started_ms, next.started_ms) {
            (Some(known), Some(started)) => same_start(known, started),
            _ => true,
        };
        may_be_same && self.total <= next.total && self.errors <= next.errors
    }
}

const fn same_start(a: i64, b: i64) -> bool {
    a.abs_diff(b) <= SAME_START_MS
}
