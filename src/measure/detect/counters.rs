//! From cumulative readings of one instance to what happened since the last one.
//!
//! | file | holds |
//! | --- | --- |
//! | `lineage` | what one process counts |
//! | `without_starts` | counters that go back where no start time says why |

mod lineage;
#[cfg(test)]
mod tests;
mod without_starts;

use serde::{Deserialize, Serialize};

use self::lineage::{Lineage, is_same_start};
use self::without_starts::{Doubt, Pace};
use super::{Reading, TickCounts};

/// Restarts of one instance in a soak that make a crash loop.
pub const CRASH_LOOP_RESETS: u32 = 3;

/// Processes behind one URL that are followed apart; the one read longest ago is forgotten first.
pub const MAX_PROCESSES: usize = 64;

/// A start so far before the last reading is older: `Date` is cut to the second, and starts jitter by up to 2s.
const OLDER_MS: i64 = 2_000;
const OLDER_BY_OUR_CLOCK_MS: i64 = 5_000;

/// A start that lies so far ahead of the clock it is compared with is not of that clock.
const AHEAD_MS: i64 = 2_000;

/// `Date` is cut to the second: on average the answer is half of one younger.
const SECOND_MS: i64 = 1_000;

/// The counters of one instance: each process (a **lineage**: totals that only grow) by its start time, added up.
///
/// A new process counts from zero if it started after the soak began, else from its first page. Times are the
/// instance's own (the `Date` of its answers). A start newer than the last reading is a **restart**; three are a crash
/// loop, unless several processes answer. An older start shows that another process was there all along.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Counters {
    since: Since,
    /// The one read last comes last.
    lineages: Vec<Lineage>,
    /// When that was, in milliseconds since the run began.
    read_at: u64,
    resets: u32,
    /// How far the instance's clock is ahead of the run's time at least, in milliseconds: no process answers before it starts.
    ahead_ms: Option<i64>,
    kind: Kind,
    seen: u32,
    pace: Pace,
    doubt: Doubt,
    resumed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    One,
    Apart,
    Mixed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Processes {
    One,
    /// Several, which their start times tell apart: so many were seen.
    Apart(u32),
    /// The counters went back: that of one process, or of several that cannot be told apart. It will show.
    Unclear,
    /// Several that cannot be told apart: nothing is counted any more.
    Mixed,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delta {
    pub requests: u64,
    pub errors: u64,
    /// On series without a route.
    #[serde(default)]
    pub unrouted: TickCounts,
    /// Whether the process was restarted, so that requests between the last reading and the restart are lost.
    pub reset: bool,
}

/// From when on a process counts from zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Since {
    /// When the run began, Unix milliseconds by the clock of this machine.
    pub run_wall: i64,
    /// Milliseconds since then.
    pub at_ms: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum From {
    Before(Lineage),
    Zero,
    Here,
}

/// Times by the instance's own clock, or by this machine's where it says nothing usable; Unix milliseconds.
#[derive(Clone, Copy, Debug)]
struct Clock {
    now: i64,
    last: i64,
    since: i64,
    /// A start that lies so far before a reading is older than that, in milliseconds.
    margin: i64,
}

impl Counters {
    /// Nothing read yet; processes that start after `run_wall` (Unix milliseconds by this machine's clock) count from zero.
    pub const fn new(run_wall: i64) -> Self {
        Self::since(Since { run_wall, at_ms: 0 })
    }

    pub const fn since(since: Since) -> Self {
        Self {
            since,
            lineages: Vec::new(),
            read_at: 0,
            resets: 0,
            ahead_ms: None,
            kind: Kind::One,
            seen: 0,
            pace: Pace::new(),
            doubt: Doubt::new(),
            resumed: false,
        }
    }

    /// What happened since the reading before, over missed scrapes too. `at_ms` is the time since the run began.
    pub fn read(&mut self, reading: &Reading, at_ms: u64) -> Delta {
        if self.kind == Kind::Mixed {
            return Delta::default();
        }
        let now = Lineage::of(reading);
        if self.doubt.pass(at_ms) {
            // Nobody came back: what counted before is gone.
            let last = self.lineages.len().saturating_sub(1);
            let mut at = 0..;
            self.lineages.retain(|lineage| at.next() == Some(last) || lineage.started_ms.is_some());
        }
        let resets = self.resets;
        let (at, from) = match now.started_ms {
            Some(started_ms) => self.by_start(now, started_ms, reading, at_ms),
            None => self.by_totals(now, reading, at_ms),
        };
        if self.kind == Kind::Mixed {
            return Delta::default();
        }
        if self.lineages.is_empty() {
            self.doubt.begins(now);
        }
        let delta = self.count(at, now, from);
        let ahead_ms = now.started_ms.map(|started_ms| started_ms.saturating_sub(millis(at_ms)));
        self.ahead_ms = self.ahead_ms.max(ahead_ms);
        self.pace.see(from, delta.requests, at_ms.saturating_sub(self.read_at));
        self.read_at = at_ms;
        Delta { reset: self.resets > resets, ..delta }
    }

    /// The instance gave no page: it may have been down, which speaks for a restart where its counters fall next.
    pub const fn missed(&mut self) {
        self.pace.missed();
    }

    /// Counts from here on. The process read last goes on; any other one counts from its next page.
    pub fn rebase(&mut self) {
        if let Some((_, others)) = self.lineages.split_last_mut() {
            for lineage in others {
                lineage.stale = true;
            }
        }
    }

    /// The program restarted and forgot series that left the page: a reading that goes back for that is a baseline.
    pub fn resume(&mut self) {
        self.resumed = true;
        self.lineages.iter_mut().for_each(|lineage| lineage.id = None);
    }

    pub const fn resets(&self) -> u32 {
        self.resets
    }

    pub const fn processes(&self) -> Processes {
        match self.kind {
            Kind::Mixed => Processes::Mixed,
            _ if self.doubt.is_open() => Processes::Unclear,
            Kind::Apart => Processes::Apart(self.seen),
            Kind::One => Processes::One,
        }
    }

    pub fn is_crash_loop(&self) -> bool {
        self.resets >= CRASH_LOOP_RESETS && self.kind == Kind::One
    }

    fn count(&mut self, at: Option<usize>, now: Lineage, from: From) -> Delta {
        let before = match from {
            From::Before(before) => before,
            From::Zero => Lineage::default(),
            From::Here => now,
        };
        if let Some(at) = at {
            self.lineages.remove(at);
        } else if self.lineages.len() == MAX_PROCESSES {
            self.lineages.remove(0);
        }
        let requests = now.total.saturating_sub(before.total);
        // An error can be read a moment before its request (they are two counters): it waits for the request.
        let errors = now.errors.saturating_sub(before.errors).saturating_add(before.carry);
        self.lineages.push(Lineage { carry: errors.saturating_sub(requests), ..now });
        let unrouted = TickCounts {
            requests: now.unrouted.requests.saturating_sub(before.unrouted.requests).min(requests),
            errors: now.unrouted.errors.saturating_sub(before.unrouted.errors).min(errors),
        };
        Delta { requests, errors: errors.min(requests), unrouted, reset: false }
    }

    fn by_start(&mut self, now: Lineage, started_ms: i64, reading: &Reading, at_ms: u64) -> (Option<usize>, From) {
        let resumed = std::mem::take(&mut self.resumed);
        let Some(at) = self.known(&now, started_ms, reading) else {
            return (None, self.stranger(started_ms, reading, &self.clock(reading, started_ms, at_ms)));
        };
        let before = self.lineages[at];
        if at + 1 < self.lineages.len() && before.started_ms.is_some() {
            self.kind = Kind::Apart;
        }
        let process = reading.process.unwrap_or_default();
        let stale = std::mem::take(&mut self.lineages[at].stale);
        let from = if process.went_back || !(before.precedes(&now) || resumed || process.first) {
            self.went_back(before, now, at_ms)
        } else if stale || process.start_moved || !before.precedes(&now) {
            From::Here
        } else {
            From::Before(before)
        };
        (Some(at), from)
    }

    fn known(&self, now: &Lineage, started_ms: i64, reading: &Reading) -> Option<usize> {
        let position = |wanted: &dyn Fn(&Lineage) -> bool| self.lineages.iter().rposition(wanted);
        if let Some(process) = reading.process.filter(|process| !process.first) {
            return position(&|lineage| lineage.id == Some(process.id));
        }
        position(&|lineage| lineage.started_ms == Some(started_ms))
            .or_else(|| {
                let close =
                    |lineage: &Lineage| lineage.started_ms.is_some_and(|known| is_same_start(known, started_ms));
                position(&|lineage| lineage.id.is_none() && close(lineage))
            })
            // A page without its start time came before.
            .or_else(|| position(&|lineage| lineage.started_ms.is_none() && lineage.precedes(now)))
    }

    /// A process that was not read before. One that the reader knows longer was read before all this, whatever its start.
    fn stranger(&mut self, started_ms: i64, reading: &Reading, clock: &Clock) -> From {
        self.seen = self.seen.saturating_add(1);
        let comparable = started_ms <= clock.now.saturating_add(AHEAD_MS);
        let is_new = reading.process.is_none_or(|process| process.first);
        let from = if comparable && is_new && started_ms > clock.since { From::Zero } else { From::Here };
        if self.lineages.is_empty() || !comparable {
            return from;
        }
        if started_ms < clock.last.saturating_sub(clock.margin) || self.was_there(started_ms) {
            // It was there already when another one answered.
            self.kind = Kind::Apart;
        } else {
            self.resets = self.resets.saturating_add(1);
        }
        from
    }

    /// Whether a process that started then was there at the last reading, by start times alone. Some are cut to the second.
    fn was_there(&self, started_ms: i64) -> bool {
        let cut_ms = if started_ms % SECOND_MS == 0 { SECOND_MS } else { 0 };
        self.ahead_ms
            .is_some_and(|ahead_ms| started_ms.saturating_add(cut_ms) < ahead_ms.saturating_add(millis(self.read_at)))
    }

    fn clock(&self, reading: &Reading, started_ms: i64, at_ms: u64) -> Clock {
        let own = reading.answered_ms.map(|ms| ms.saturating_add(SECOND_MS / 2));
        let (now, margin) = match own {
            // A process does not start after it answered: then that date is nobody's.
            Some(now_ms) if started_ms <= now_ms.saturating_add(AHEAD_MS) => (now_ms, OLDER_MS),
            _ => (self.since.run_wall.saturating_add(millis(at_ms)), OLDER_BY_OUR_CLOCK_MS),
        };
        Clock {
            now,
            last: now.saturating_sub(millis(at_ms.saturating_sub(self.read_at))),
            since: now.saturating_sub(millis(at_ms)).saturating_add(millis(self.since.at_ms)),
            margin,
        }
    }
}

fn millis(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX)
}
