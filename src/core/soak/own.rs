//! Which of the counted requests this program may have sent itself.
//! A counter without a route label may count scrapes, probes, both or, mostly, neither: four **cases**. Counts are kept
//! for each that is still possible; what is said of the release has to be so in all. Users sent at least the count less
//! what this program sent at most, and never take requests back: the largest bound holds. Where the count less what it
//! sent at least is below that, the case is ruled out for good.

#[cfg(test)]
mod tests;

use crate::core::detect::{Asked, Delta, Processes, Reading, Requests, TickCounts};

/// Beside the case that nothing of this program's is counted: scrapes are, probes are, both are.
const CASES: usize = 3;

/// A probe is counted when its answer is over, which may be a moment after this program has it.
const LATE: u64 = 1;

/// So often, at every other tick, an instance is asked more than usual to learn whether it counts that.
const MAX_TRIALS: u32 = 3;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub all: TickCounts,
    /// What users sent of it at least, where scrapes, probes, or both are counted.
    pub users: [TickCounts; CASES],
}

impl Counts {
    pub const fn certain(counts: TickCounts) -> Self {
        Self { all: counts, users: [counts; CASES] }
    }

    #[must_use]
    pub fn plus(self, more: Self) -> Self {
        let mut users = self.users;
        users.iter_mut().zip(more.users).for_each(|(sum, more)| *sum = sum.plus(more));
        Self { all: self.all.plus(more.all), users }
    }

    pub fn of(&self, case: Case) -> TickCounts {
        case.0.map_or(self.all, |case| self.users[case])
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case(Option<usize>);

/// Which cases are still possible; one for all instances of a color.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cases {
    impossible: [bool; CASES],
    trials: u32,
    open_for: u32,
}

impl Cases {
    /// Those that are possible; that nothing of this program's is counted always is.
    pub fn possible(&self) -> impl Iterator<Item = Case> + '_ {
        let others = (0..CASES).filter(|case| !self.impossible[*case]).map(Some);
        [None].into_iter().chain(others).map(Case)
    }

    pub fn learn(&mut self, instance: &Share) {
        for (known, impossible) in self.impossible.iter_mut().zip(instance.impossible) {
            *known |= impossible;
        }
    }

    pub fn fewest(&self, counts: &Counts) -> TickCounts {
        self.possible().map(|case| counts.of(case)).min_by_key(|counts| counts.requests).unwrap_or(counts.all)
    }

    /// As few errors of users as there can be.
    pub fn at_best(&self, counts: &Counts) -> TickCounts {
        let errors = self.possible().map(|case| counts.of(case).errors).min().unwrap_or(counts.all.errors);
        TickCounts { errors, ..counts.all }
    }

    /// Where less than half of `all` are surely users': a counter that does not follow has nothing of this program's.
    pub fn wants_trial(&mut self, all: TickCounts, users: TickCounts) -> bool {
        if all.requests == 0 || users.requests.saturating_mul(2) >= all.requests {
            return false;
        }
        self.open_for = self.open_for.saturating_add(1);
        let is_due = self.open_for.is_multiple_of(2) && self.trials < MAX_TRIALS;
        self.trials += u32::from(is_due);
        is_due
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Share {
    /// What was asked when counting began, and what was counted since without a route.
    since: Option<Asked>,
    counted: TickCounts,
    /// What was told of users in each case.
    users: [TickCounts; CASES],
    /// Requests of users at least, since the last time that a process took over the counting, plus what was asked.
    bounds: [Option<i64>; CASES],
    last: Option<Asked>,
    impossible: [bool; CASES],
}

impl Share {
    pub fn restart(&mut self) {
        *self = Self { since: self.last, last: self.last, impossible: self.impossible, ..Self::default() };
    }

    /// Another process continues the run, which has asked nothing yet.
    pub fn resume(&mut self) {
        *self = Self { since: Some(Asked::default()), impossible: self.impossible, ..Self::default() };
    }

    /// Takes a page, of which `delta` is to be counted, and divides that. `first` says that it is where counting begins.
    pub fn divide(&mut self, reading: &Reading, delta: &Delta, processes: Processes, first: bool) -> Counts {
        let all = TickCounts { requests: delta.requests, errors: delta.errors };
        let Some(asked) = reading.asked else { return Counts::certain(all) };
        // What a process counted before it was read first is to be counted where it began only then.
        let begin = if first && delta.requests > 0 { Asked::default() } else { asked };
        let since = *self.since.get_or_insert(begin);
        self.last = Some(asked);
        self.counted = self.counted.plus(delta.unrouted);
        // Of several processes, or of one that began anew, nobody knows which of the requests each of them had.
        let is_one = processes == Processes::One && !delta.reset && !first;
        let routed = TickCounts {
            requests: all.requests.saturating_sub(delta.unrouted.requests),
            errors: all.errors.saturating_sub(delta.unrouted.errors),
        };
        let mut counts = Counts::certain(routed);
        counts.all = all;
        for case in 0..CASES {
            let (own, before) = (own(case, &asked), own(case, &since));
            if !is_one {
                self.bounds[case] = None;
            }
            let at_least = signed(self.counted.requests).saturating_sub(signed(own.most));
            let at_most = signed(self.counted.requests).saturating_sub(signed(own.least));
            // A page that shows nothing new may be an old one.
            let rose = delta.unrouted.requests > 0;
            self.impossible[case] |= rose && self.bounds[case].is_some_and(|bound| at_most < bound);
            self.bounds[case] = self.bounds[case].max(Some(at_least));
            let users = TickCounts {
                requests: self.counted.requests.saturating_sub(own.most.saturating_sub(before.least)),
                errors: self.counted.errors.saturating_sub(own.failed.saturating_sub(before.failed)),
            };
            let news = TickCounts {
                requests: users.requests.saturating_sub(self.users[case].requests),
                errors: users.errors.saturating_sub(self.users[case].errors),
            };
            self.users[case] = self.users[case].plus(news);
            // A failure is one of a request.
            let news = TickCounts { requests: news.requests.max(news.errors), ..news };
            counts.users[case] = counts.users[case].plus(news);
        }
        counts
    }
}

fn own(case: usize, asked: &Asked) -> Requests {
    // What it asked for a page is counted before that page or after it, always the same: between two pages it is one.
    let scrapes = asked.scrapes;
    let probes = Requests { least: asked.probes.least.saturating_sub(LATE), ..asked.probes };
    match case {
        0 => scrapes,
        1 => probes,
        _ => scrapes.plus(probes),
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
