//! The histogram of request durations, and the sums of its buckets over many pages.
//!
//! | file | holds |
//! | --- | --- |
//! | `candidate` | one histogram of a page that may hold how long requests took |
//! | `names` | what the name of a histogram says |
//! | `why` | why nothing on a page says how long requests took, and what to do |

mod candidate;
mod names;
#[cfg(test)]
mod tests;
mod why;

use std::hash::BuildHasher as _;
use std::sync::Arc;

use foldhash::quality::RandomState;

use self::candidate::{Candidate, MAX_BOUNDS};
use self::names::TimeName;
use self::why::{Inventory, no_unit, why_none};
use super::agreement::Common;
use super::count::{count, count_of};
use super::labels::Use;
use super::memo::Memo;
use super::origin::Origin;
use super::series_store::{Counted, SeriesStore};
use super::spare::Spare;
use crate::detect::{Buckets, Latency, Process};
use crate::exposition::{Fault, Sample, Text};
use crate::matchers::LabelFilter;
use crate::routes::{Routes, Whose};
use crate::unit::{LatencyUnit, unit_of_time};
use crate::wanted::{LatencySeries, Named};

const MAX_CANDIDATES: usize = 32;

thread_local! {
    static LISTS: Spare<Row> = const { Spare::new() };
}

#[derive(Clone, Copy, Debug)]
struct Row {
    id: u64,
    count: u64,
    candidate: u16,
    /// The number of its bucket's sum.
    group: u16,
    /// Redirected requests without a route.
    is_redirect: bool,
}

impl Counted for Row {
    fn id(&self) -> u64 {
        self.id
    }

    fn count(&self) -> u64 {
        self.count
    }

    fn group(&self) -> usize {
        usize::from(self.group)
    }
}

/// What a line said, apart from its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// A bucket of this histogram, which is not read.
    Unread(u16),
    /// Likewise, of others' requests.
    Skipped(u16),
    Bucket(Bucket),
    /// To be taken apart again.
    Unclear,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    id: u64,
    candidate: u16,
    group: u16,
    is_redirect: bool,
    /// That of all requests.
    is_all: bool,
}

#[derive(Clone, Copy, Debug)]
pub struct Counter<'a> {
    pub name: &'a str,
    pub is_final: bool,
    pub counts: bool,
}

#[derive(Debug)]
pub struct Timed {
    pub latency: Latency,
    /// Whose buckets, if any.
    pub process: Option<Process>,
}

/// The request counter's, else the best by name; open until both count users, then only an agreement changes it.
#[derive(Debug)]
pub struct Histogram {
    wanted: Named,
    unit: LatencyUnit,
    routes: Routes,
    /// Labels that the histogram does not have are not required.
    filter: LabelFilter,
    names: Memo<Option<usize>>,
    candidates: Vec<Candidate>,
    chosen: Option<usize>,
    is_final: bool,
    /// The other color's, taken on the next page.
    next: Option<usize>,
    next_group: u16,
    store: SeriesStore,
    hasher: RandomState,
    limit: usize,
    /// Rises with everything by which it is decided what a line says.
    pub revision: u64,
    // The current page.
    rows: Vec<Row>,
    /// How many the page before had.
    usual: usize,
    inventory: Inventory,
}

impl Histogram {
    /// No check counts `routes`, and latency not those of `wanted`. Ignores bucket series beyond `limit`.
    pub fn new(wanted: LatencySeries, routes: Routes, filter: LabelFilter, limit: usize) -> Self {
        Self {
            wanted: wanted.histogram,
            unit: wanted.unit,
            routes: routes.and(&wanted.ignore_routes),
            filter,
            names: Memo::default(),
            candidates: Vec::new(),
            chosen: None,
            is_final: false,
            next: None,
            next_group: 0,
            store: SeriesStore::new(limit),
            hasher: RandomState::default(),
            limit,
            revision: 0,
            rows: Vec::new(),
            usual: 0,
            inventory: Inventory::default(),
        }
    }

    /// Keeps with the readers of other instances what is the same.
    pub fn share(&mut self, common: &Common) {
        self.hasher = common.hasher.clone();
        self.store.share(&common.series);
    }

    pub fn name(&self) -> Option<&Arc<str>> {
        self.candidates.get(self.chosen?).map(|candidate| &candidate.name)
    }

    pub const fn is_final(&self) -> bool {
        self.is_final
    }

    pub fn shows(&self, name: &str) -> bool {
        self.candidates.iter().any(|one| one.now.is_there && *one.name == *name)
    }

    /// Begins a page.
    pub fn clear(&mut self) {
        LISTS.with(|spare| spare.put(std::mem::take(&mut self.rows)));
        self.rows = LISTS.with(|spare| spare.take(self.usual));
        self.inventory.clear();
        self.candidates.iter_mut().for_each(Candidate::clear);
    }

    pub fn family(&mut self, name: Text<'_>, kind: &[u8]) {
        if self.chosen.is_none() {
            self.inventory.declare(name, kind);
        }
    }

    pub fn unit(&mut self, name: Text<'_>, unit: &[u8]) {
        if !self.is_final {
            self.inventory.says_unit(name.raw(), unit_of_time(&String::from_utf8_lossy(unit)));
        }
    }

    /// `None` if it is no bucket of a latency histogram.
    pub fn sample(&mut self, sample: &Sample<'_>) -> Result<Option<Said>, Fault> {
        if !sample.name.raw().ends_with(b"_bucket") {
            return Ok(None);
        }
        let known = self.names.get(sample.name.raw());
        let at = known.unwrap_or_else(|| {
            let at = self.meet(sample.name);
            self.names.put(sample.name.raw(), at);
            at
        });
        let Some(at) = at else { return Ok(None) };
        self.candidates[at].now.is_there = true;
        let is_read = !self.is_final || self.chosen == Some(at) || self.next == Some(at);
        if !is_read || self.candidates[at].dropped {
            return Ok(Some(Said::Unread(u16::try_from(at).unwrap_or(u16::MAX))));
        }
        let before = self.candidates[at].revision();
        let said = self.add(at, sample);
        self.revision += u64::from(before != self.candidates[at].revision());
        said.map(Some)
    }

    /// Another line that says the same, with another value.
    pub fn again(&mut self, said: Said, rest: &[u8]) -> Result<(), Fault> {
        let (Said::Unread(at) | Said::Skipped(at) | Said::Bucket(Bucket { candidate: at, .. })) = said else {
            return Ok(());
        };
        let candidate = &mut self.candidates[usize::from(at)];
        candidate.now.is_there = true;
        if matches!(said, Said::Unread(_)) {
            return Ok(());
        }
        let count = count_of(rest)?;
        if let (Said::Bucket(bucket), Some(count)) = (said, count) {
            candidate.see(count, bucket.is_all);
            self.push(bucket, count);
        }
        Ok(())
    }

    fn meet(&mut self, name: Text<'_>) -> Option<usize> {
        let raw = name.raw().strip_suffix(b"_bucket")?;
        let shown = name.to_owned_text();
        let base = shown.strip_suffix("_bucket")?;
        let unit = self.inventory.unit_of(raw);
        let time = match &self.wanted {
            Named::Name(wanted) => (wanted == base || *wanted == shown).then_some(TimeName::NAMED),
            Named::Auto => TimeName::of(base, unit),
        };
        if self.chosen.is_none() {
            self.inventory.meet(base);
        }
        let time = time.filter(|_| self.candidates.len() < MAX_CANDIDATES)?;
        self.candidates.push(Candidate::new(base.into(), time, unit, self.unit));
        self.revision += 1;
        Some(self.candidates.len() - 1)
    }

    fn add(&mut self, at: usize, sample: &Sample<'_>) -> Result<Said, Fault> {
        let Self { routes, filter, candidates, hasher, next_group, .. } = self;
        let candidate = &mut candidates[at];
        let number = u16::try_from(at).unwrap_or(u16::MAX);
        let (mut id, mut bound, mut origin) = (u64::from(number), None, Origin::begin());
        let mut is_redirect = false;
        let value = sample.read(|label, value| {
            id = id.wrapping_add(hasher.hash_one((label.raw(), value.raw())));
            if label.is("le") {
                bound = std::str::from_utf8(value.raw()).ok().and_then(|text| text.parse::<f64>().ok());
            }
            if let Some((_, good_for)) = origin.see(&mut candidate.labels, filter, label, value) {
                is_redirect |= matches!(good_for, Use::Status { .. }) && matches!(value.raw(), [b'3', _, _]);
                origin.note(good_for, routes, filter, label, value);
            }
        })?;
        let of_route = origin.of_route();
        let is_ours = of_route != Some(Whose::LeftOut) && origin.is_ours(filter, true);
        if !is_ours {
            return Ok(Said::Skipped(number));
        }
        let (Some(bound), Some(count)) = (bound, count(value)) else { return Ok(Said::Unclear) };
        let says_route = of_route == Some(Whose::Users);
        let Some(group) = candidate.enter(bound, count, says_route, next_group) else { return Ok(Said::Unclear) };
        let is_redirect = is_redirect && of_route.is_none_or(|of| of == Whose::Unsaid);
        let bucket = Bucket { id, candidate: number, group, is_redirect, is_all: bound == f64::INFINITY };
        self.push(bucket, count);
        Ok(Said::Bucket(bucket))
    }

    fn push(&mut self, Bucket { id, candidate, group, is_redirect, .. }: Bucket, count: u64) {
        let at = usize::from(candidate);
        if self.rows.len() >= self.limit && !self.make_room(at) {
            self.candidates[at].now.too_many = true;
            return;
        }
        self.rows.push(Row { id, count, candidate, group, is_redirect });
    }

    /// Drops the worst histogram that is not chosen. Returns whether the one at `at` has room for another bucket.
    fn make_room(&mut self, at: usize) -> bool {
        let others = self.candidates.iter().enumerate();
        let others = others.filter(|(other, one)| self.chosen != Some(*other) && one.now.has_rows && !one.dropped);
        let others: Vec<_> = others.map(|(other, one)| (one.standing, other)).collect();
        let worst = others.iter().max().filter(|_| others.len() > usize::from(self.chosen.is_none()));
        let Some((_, worst)) = worst else { return false };
        self.candidates[*worst].dropped = true;
        self.revision += 1;
        let row_of = u16::try_from(*worst).unwrap_or(u16::MAX);
        self.rows.retain(|row| row.candidate != row_of);
        *worst != at
    }

    /// Ends a good page. `agreed` is the other color's histogram.
    pub fn finish(&mut self, started_ms: Option<i64>, counter: Option<Counter<'_>>, agreed: Option<&str>) -> Timed {
        self.choose(counter, agreed);
        let Some(at) = self.chosen else {
            let (why, is_missing) = why_none(&self.wanted, &self.filter, &self.candidates, &self.inventory);
            // A histogram stands on the page as soon as there is a request.
            let is_missing = is_missing || counter.is_some_and(|counter| counter.counts);
            let latency = if is_missing { Latency::Missing(why) } else { Latency::Unknown(why) };
            return Timed { latency, process: None };
        };
        let candidate = &self.candidates[at];
        let Some(scale) = candidate.scale else {
            return Timed { latency: Latency::Unfit(no_unit(&candidate.name)), process: None };
        };
        let number = u16::try_from(at).unwrap_or(u16::MAX);
        // As with the counter: redirects without a route are nobody's if others have one.
        self.rows.retain(|row| row.candidate == number && !(row.is_redirect && candidate.says_route));
        let entered = self.store.enter(&mut self.rows, started_ms, |_, _| {}).ok().filter(|_| !candidate.now.too_many);
        let name = &candidate.name;
        let latency = if entered.is_none() {
            let limit = self.limit;
            Latency::Unknown(format!(
                "`{name}` has more than {limit} buckets, or more than {MAX_BOUNDS} different bounds"
            ))
        } else {
            let hollow = || format!("`{name}` has no bucket `le=\"+Inf\"`: the histogram is incomplete");
            self.buckets(candidate, scale).map_or_else(|| Latency::Unknown(hollow()), Latency::Buckets)
        };
        Timed { latency, process: entered.map(|entered| entered.process) }
    }

    /// Frees what only a page needs: instances wait most of the time, and there may be many.
    pub fn put_away(&mut self) {
        self.usual = self.rows.len();
        LISTS.with(|spare| spare.put(std::mem::take(&mut self.rows)));
    }

    fn choose(&mut self, counter: Option<Counter<'_>>, agreed: Option<&str>) {
        let dropped = |histogram: &Self| histogram.candidates.iter().filter(|one| one.dropped).count();
        let state = |histogram: &Self| (histogram.chosen, histogram.next, histogram.is_final, dropped(histogram));
        let before = state(self);
        self.choose_anew(counter, agreed);
        self.revision += u64::from(before != state(self));
    }

    fn choose_anew(&mut self, counter: Option<Counter<'_>>, agreed: Option<&str>) {
        let name = counter.map(|counter| counter.name);
        let other = || self.candidates.iter().position(|one| one.now.is_there && agreed == Some(&*one.name));
        if self.is_final {
            match self.next.take().filter(|next| self.candidates[*next].is_eligible(name)) {
                Some(next) => self.chosen = Some(next),
                None => self.next = other().filter(|other| self.chosen != Some(*other)),
            }
            return;
        }
        let best = (0..self.candidates.len())
            .filter(|at| self.candidates[*at].is_eligible(name))
            .min_by_key(|at| self.candidates[*at].rank(name, agreed));
        self.chosen = match (self.chosen, best) {
            (Some(now), Some(best)) => {
                let rank = |at: usize| self.candidates[at].rank(name, agreed);
                Some(if rank(best).is_reason_to_leave(rank(now)) { best } else { now })
            }
            (now, best) => now.or(best),
        };
        self.candidates.iter_mut().for_each(|one| one.dropped |= one.is_about_something_else());
        let has_users = self.chosen.is_some_and(|at| self.candidates[at].now.seen > 0);
        self.is_final = has_users && counter.is_some_and(|counter| counter.is_final);
    }

    /// In milliseconds. A bound that only some series have is left out, as it would make the others look slow.
    fn buckets(&self, candidate: &Candidate, scale: f64) -> Option<Buckets> {
        let all = candidate.all()?;
        let mut series = vec![0_usize; usize::from(self.next_group)];
        for row in &self.rows {
            series[usize::from(row.group)] += 1;
        }
        let is_whole = |group: u16| group != all && series[usize::from(group)] == series[usize::from(all)];
        let mut bounds: Vec<(f64, u16)> =
            candidate.bounds.iter().copied().filter(|(_, group)| is_whole(*group)).collect();
        bounds.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let sum = |group: u16| self.store.sum(&[usize::from(group)]);
        let counts = bounds.iter().map(|(_, group)| sum(*group)).chain([sum(all)]).collect();
        Some(Buckets { bounds_ms: bounds.iter().map(|(bound, _)| bound * scale).collect(), counts })
    }
}
