//! Counters that go back without a start time: a restart (from zero), cleared counters, or another process (what it
//! counted all along; the first comes back). Until that is clear they are in **doubt**: nothing is decided by them.

use serde::{Deserialize, Serialize};

use super::lineage::Lineage;
use super::{Counters, From, Kind, MAX_PROCESSES};
use crate::detect::Reading;

/// Returns to a lineage read before that show several processes behind one URL.
const MIXED_RETURNS: u32 = 2;

/// A doubt is over after so many readings without a new reason for it, but lasts this long at least and at most, in milliseconds.
const DOUBT_READINGS: u32 = 20;
const DOUBT_AT_LEAST_MS: u64 = 10_000;
const DOUBT_AT_MOST_MS: u64 = 60_000;

/// A restarted process may show so many requests in any case.
const FEW: u64 = 20;

/// What comes in a life at its usual pace is at most so many times more or less at one reading than at another.
const STEADY: u64 = 3;

/// A life has to be read so often before its end can be told from one of several processes taking its turn.
const READINGS_OF_A_LIFE: usize = 3;

const PACES: usize = 8;

/// One that takes its turn again shows a little more than the last time: at most this share of it.
const LITTLE_MORE: u64 = 5;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pace {
    /// Requests, and the milliseconds they took, of the last readings.
    recent: Vec<(u64, u64)>,
    missed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fall {
    Restart,
    /// No more than could have come since a restart, but no life that ended either.
    Perhaps,
    Impossible,
}

impl Pace {
    pub const fn new() -> Self {
        Self { recent: Vec::new(), missed: false }
    }

    pub fn see(&mut self, from: From, requests: u64, took_ms: u64) {
        self.missed = false;
        if !matches!(from, From::Before(_)) {
            self.recent.clear();
            return;
        }
        if self.recent.len() == PACES {
            self.recent.remove(0);
        }
        self.recent.push((requests, took_ms.max(1)));
    }

    pub const fn missed(&mut self) {
        self.missed = true;
    }

    fn is_usual(&self, more: u64, took_ms: u64) -> bool {
        let most = self.recent.iter().map(|(requests, ms)| requests.saturating_mul(took_ms) / ms).max();
        most.is_some_and(|most| more <= most.saturating_mul(STEADY).saturating_add(FEW))
    }

    /// What it means that the counter shows `now`, so many milliseconds after it showed more: `before`.
    fn fell(&self, before: u64, now: u64, took_ms: u64) -> Fall {
        let mut expected: Vec<u64> =
            self.recent.iter().map(|(requests, ms)| requests.saturating_mul(took_ms) / ms).collect();
        expected.sort_unstable();
        let (Some(least), Some(most)) = (expected.first(), expected.last()) else {
            return if now > FEW.max(before / 2) { Fall::Impossible } else { self.seen_or(Fall::Perhaps) };
        };
        if now > most.saturating_mul(STEADY).saturating_add(FEW) {
            return Fall::Impossible;
        }
        // The counters of processes that take turns jump, back as far as ahead.
        let usual = expected[expected.len() / 2];
        let steady = *most <= least.saturating_mul(STEADY).saturating_add(FEW);
        let is_life = steady && expected.len() + 1 >= READINGS_OF_A_LIFE;
        let fits = now <= usual.saturating_mul(2).saturating_add(FEW);
        self.seen_or(if is_life && fits { Fall::Restart } else { Fall::Perhaps })
    }

    const fn seen_or(&self, otherwise: Fall) -> Fall {
        if self.missed { Fall::Restart } else { otherwise }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Doubt {
    since: Option<u64>,
    readings: u32,
    begun: Vec<Lineage>,
    /// Whether the counters showed more than a restart can explain.
    strange: bool,
    returns: u32,
}

impl Doubt {
    pub const fn new() -> Self {
        Self { since: None, readings: 0, begun: Vec::new(), strange: false, returns: 0 }
    }

    pub const fn is_open(&self) -> bool {
        self.since.is_some()
    }

    const fn open(&mut self, at_ms: u64) {
        (self.since, self.readings) = (Some(at_ms), 0);
    }

    pub fn begins(&mut self, with: Lineage) {
        if self.begun.len() == MAX_PROCESSES {
            self.begun.remove(0);
        }
        self.begun.push(with);
    }

    /// Whether this is a little more than what another life began with: then it is no other life, but its process again.
    fn was_there(&self, now: &Lineage) -> bool {
        let again = |begun: &Lineage| {
            let more = now.total.saturating_sub(begun.total);
            begun.total > 2 * FEW && begun.precedes(now) && (1..=begun.total / LITTLE_MORE).contains(&more)
        };
        self.begun.iter().any(again)
    }

    /// Another reading. Says whether the doubt is over with it.
    pub fn pass(&mut self, at_ms: u64) -> bool {
        let Some(since) = self.since else { return false };
        self.readings = self.readings.saturating_add(1);
        let lasted = at_ms.saturating_sub(since);
        let over = lasted >= DOUBT_AT_MOST_MS || (lasted >= DOUBT_AT_LEAST_MS && self.readings > DOUBT_READINGS);
        if over {
            *self = Self::new();
        }
        over
    }
}

impl Counters {
    pub(super) fn by_totals(&mut self, now: Lineage, reading: &Reading, at_ms: u64) -> (Option<usize>, From) {
        let resumed = std::mem::take(&mut self.resumed);
        let Some(last) = self.lineages.len().checked_sub(1) else { return (None, From::Here) };
        let before = self.lineages[last];
        let process = reading.process.unwrap_or_default();
        if !before.precedes(&now) || process.went_back {
            if resumed || process.first {
                return (Some(last), From::Here);
            }
            return self.turned_back(before, now, at_ms);
        }
        // With a doubt a counter that jumps ahead may be that of the process that was ahead before.
        let more = now.total.saturating_sub(before.total);
        let jumps = self.doubt.is_open() && !self.pace.is_usual(more, at_ms.saturating_sub(self.read_at));
        let at = if jumps { self.nearest(&now).unwrap_or(last) } else { last };
        // The doubt may be wrong, so it only ever takes away. (Totals are no less: the nearest is at least the last.)
        let nearest = self.lineages[at];
        (Some(at), From::Before(Lineage { errors: nearest.errors.max(before.errors), ..nearest }))
    }

    fn turned_back(&mut self, before: Lineage, now: Lineage, at_ms: u64) -> (Option<usize>, From) {
        self.doubt.open(at_ms);
        let nearest = self.nearest(&now);
        if nearest.is_some() || self.doubt.was_there(&now) {
            self.doubt.returns += 1;
            if self.doubt.returns >= MIXED_RETURNS {
                self.kind = Kind::Mixed;
            }
            return (nearest, nearest.map_or(From::Here, |at| From::Before(self.lineages[at])));
        }
        self.doubt.begins(now);
        match self.pace.fell(before.total, now.total, at_ms.saturating_sub(self.read_at)) {
            Fall::Restart => self.resets = self.resets.saturating_add(1),
            Fall::Perhaps => {}
            Fall::Impossible => {
                self.is_strange();
                return (None, From::Here);
            }
        }
        (None, From::Zero)
    }

    /// The start time is the same: no crash, it counts anew. A reader that follows series added them up already.
    pub(super) fn went_back(&mut self, before: Lineage, now: Lineage, at_ms: u64) -> From {
        self.doubt.open(at_ms);
        self.is_strange();
        let from = if before.precedes(&now) { before } else { Lineage::default() };
        let more = now.total.saturating_sub(from.total);
        match self.pace.fell(before.total, more, at_ms.saturating_sub(self.read_at)) {
            Fall::Impossible => From::Here,
            _ if before.precedes(&now) => From::Before(before),
            _ => From::Zero,
        }
    }

    /// No restart explains it. Once may be a cluster that lost a worker it had added up; twice is not.
    const fn is_strange(&mut self) {
        if self.doubt.strange {
            self.kind = Kind::Mixed;
        }
        self.doubt.strange = true;
    }

    /// Where the lineage stands that `now` can go on with at the smallest distance.
    fn nearest(&self, now: &Lineage) -> Option<usize> {
        let fitting = self.lineages.iter().enumerate().filter(|(_, lineage)| lineage.precedes(now));
        fitting.max_by_key(|(_, lineage)| lineage.total).map(|(at, _)| at)
    }
}
