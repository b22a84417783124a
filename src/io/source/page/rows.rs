//! The series of one page, until it is known to be complete.

use std::hash::{BuildHasher, RandomState};

use super::super::exposition::{Fault, Page, Sample, Text};
use super::build::BuildInfo;
use super::candidate::{Candidate, Presence};
use super::catalog::{Catalog, Who};
use super::histogram::Histogram;
use super::label_counts::{LabelCounter, Places, is_ending};
use super::labels::is_sum;
use super::metric_inventory::MetricInventory;
use super::origin::Origin;
use crate::config::{ErrorRateConfig, LabelFilter, Named, Routes, Status, StatusSet, Whose};

/// When a process started, as all clients write it.
pub const START_TIME: &str = "process_start_time_seconds";

/// Counts are kept in 1/1024: unlike floats, sums of integers do not depend on their order.
pub const UNIT: u32 = 1024;

#[derive(Clone, Debug)]
pub struct Wanted {
    pub requests: Named,
    pub status_label: Named,
    pub errors: StatusSet,
    pub filter: LabelFilter,
    pub routes: Routes,
}

impl Wanted {
    /// Series on `routes` are not counted.
    pub fn new(config: &ErrorRateConfig, routes: Routes) -> Self {
        Self {
            requests: config.requests.clone(),
            status_label: config.status_label.clone(),
            errors: config.errors.clone(),
            filter: config.series.clone(),
            routes,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Identity of the label set, whatever its order.
    pub id: u64,
    /// In 1/[`UNIT`].
    pub count: u64,
    /// The identity without the label one of whose values looked like a sum; else 0.
    pub rest: u64,
    pub candidate: u16,
    /// Bit `i`: the `i`th slot says that these requests failed.
    pub failed: u8,
    /// Bit `i`: the `i`th slot holds something that is not understood.
    pub unclear: u8,
    /// Bit `i`: the `i`th slot says that the series is a sum.
    pub status_sum: u8,
    /// That label looks like the sum of the others.
    pub is_sum: bool,
    pub is_redirect: bool,
    pub whose: Whose,
    /// Its sum, once the counter is decided; see [`super::settle`].
    pub group: u8,
    /// Labels other than the status, once the counter is decided.
    pub labels: Places,
}

impl Row {
    const fn of(candidate: u16) -> Self {
        Self {
            id: 0,
            count: 0,
            rest: 0,
            candidate,
            failed: 0,
            unclear: 0,
            status_sum: 0,
            is_sum: false,
            is_redirect: false,
            whose: Whose::Unsaid,
            group: 0,
            labels: [None; 6],
        }
    }
}

#[derive(Debug)]
pub struct Rows {
    pub wanted: Wanted,
    pub catalog: Catalog,
    pub series: Vec<Row>,
    pub declared: bool,
    /// Unix milliseconds.
    pub started_ms: Option<i64>,
    pub sampled: bool,
    /// No counts: negative, NaN, infinite, or above 2^53.
    pub ignored: u64,
    pub label_counts: LabelCounter,
    pub histogram: Option<Histogram>,
    pub build: BuildInfo,
    /// All counters of the page, until the request counter is found.
    pub inventory: MetricInventory,
    hasher: RandomState,
    limit: usize,
}

impl Rows {
    /// More than `limit` series are an error.
    pub fn new(wanted: Wanted, limit: usize) -> Self {
        Self {
            catalog: Catalog::new(&wanted.requests),
            wanted,
            series: Vec::new(),
            declared: false,
            started_ms: None,
            ignored: 0,
            sampled: false,
            label_counts: LabelCounter::default(),
            histogram: None,
            build: BuildInfo::default(),
            inventory: MetricInventory::default(),
            hasher: RandomState::new(),
            limit,
        }
    }

    pub const fn limit(&self) -> usize {
        self.limit
    }

    /// Keeps the memory.
    pub fn clear(&mut self) {
        self.series.clear();
        self.catalog.clear();
        self.declared = false;
        self.started_ms = None;
        self.ignored = 0;
        self.sampled = false;
        self.build.clear();
        self.inventory.clear();
        if let Some(histogram) = &mut self.histogram {
            histogram.clear();
        }
    }

    fn add(&mut self, at: usize, sample: &Sample<'_>) -> Result<(), Fault> {
        let is_chosen = self.catalog.chosen.is_some_and(|(chosen, _)| chosen == at);
        let Self { wanted, catalog, hasher, label_counts, .. } = self;
        let candidate = &mut catalog.candidates[at];
        candidate.now = candidate.now.max(Presence::Others);
        if candidate.dropped {
            return Ok(());
        }
        let mut series = Series::new(wanted, candidate, u16::try_from(at).unwrap_or(u16::MAX));
        let mut places = 0;
        let value = sample.read(|label, value| {
            let hash = hasher.hash_one((label.raw(), value.raw()));
            let is_status = series.see(label, value, hash);
            if is_chosen
                && !is_status
                && !is_ending(label)
                && let Some(place) = series.row.labels.get_mut(places)
            {
                *place = Some(label_counts.place(hash, label, value));
                places += 1;
            }
        })?;
        let Some(row) = series.finish() else { return Ok(()) };
        (candidate.now, candidate.is_ours) = (Presence::Ours, true);
        let Some(count) = count(value) else {
            self.ignored += 1;
            return Ok(());
        };
        if self.series.len() >= self.limit {
            let given_up = catalog.give_up_one().ok_or(Fault::TooManySeries)?;
            self.series.retain(|row| usize::from(row.candidate) != given_up);
            if given_up == at {
                return Ok(());
            }
        }
        self.series.push(Row { count, ..row });
        Ok(())
    }
}

struct Series<'a> {
    wanted: &'a Wanted,
    candidate: &'a mut Candidate,
    row: Row,
    origin: Origin,
    sum: Option<u64>,
}

impl<'a> Series<'a> {
    fn new(wanted: &'a Wanted, candidate: &'a mut Candidate, at: u16) -> Self {
        let row = Row { id: u64::from(at), ..Row::of(at) };
        Self { wanted, candidate, row, origin: Origin::begin(), sum: None }
    }

    /// Returns whether the label holds a status.
    fn see(&mut self, label: Text<'_>, value: Text<'_>, hash: u64) -> bool {
        let wanted = self.wanted;
        self.row.id = self.row.id.wrapping_add(hash);
        let seen = self.origin.see(&mut self.candidate.labels, &wanted.filter, label, value);
        let Some((place, good_for)) = seen else { return false };
        if let Some(slot) = self.candidate.slot(place, label, good_for, &wanted.status_label) {
            return self.judge(slot, value);
        }
        self.origin.note(good_for, &wanted.routes, &wanted.filter, label, value);
        let is_sum = is_sum(value);
        if self.sum.is_none() && self.candidate.labels.has_sums(place, is_sum) {
            self.sum = Some(hash);
            self.row.is_sum = is_sum;
        }
        false
    }

    fn judge(&mut self, slot: usize, value: Text<'_>) -> bool {
        let slots = &mut self.candidate.slots;
        let status = self.wanted.errors.judge(value.raw(), slots[slot].kind());
        slots[slot].note(value, status);
        let bit = 1 << slot;
        match status {
            Status::Failed => self.row.failed |= bit,
            Status::Unclear => self.row.unclear |= bit,
            Status::Sum => self.row.status_sum |= bit,
            Status::Good | Status::Success | Status::Nothing => {}
        }
        self.row.is_redirect |= matches!(value.raw(), [b'3', _, _]);
        status.is_understood()
    }

    /// `None` if it is not ours.
    fn finish(self) -> Option<Row> {
        let Self { wanted, candidate, row, origin, sum } = self;
        if !origin.is_ours(&wanted.filter, false) {
            return None;
        }
        let of_route = origin.of_route();
        candidate.says_route |= of_route.is_some_and(|of| of != Whose::Unsaid);
        let whose = match of_route.unwrap_or(Whose::Unsaid) {
            // Probes and scrapes are no gRPC calls.
            Whose::Unsaid if candidate.labels.is_grpc() => Whose::Users,
            // A proxy's route is a rule, which may also match probes.
            Whose::Users if candidate.standing.is_proxy() => Whose::Unsaid,
            whose => whose,
        };
        let rest = sum.map_or(0, |hash| row.id.wrapping_sub(hash) | 1);
        Some(Row { rest, whose, ..row })
    }
}

impl Page for Rows {
    fn family(&mut self, name: Text<'_>, kind: &[u8]) {
        self.declared |= self.catalog.declare(name, kind);
        if self.catalog.is_open() {
            self.inventory.family(name, kind);
        }
        if let Some(histogram) = &mut self.histogram {
            histogram.family(name, kind);
        }
    }

    fn unit(&mut self, name: Text<'_>, unit: &[u8]) {
        if let Some(histogram) = &mut self.histogram {
            histogram.unit(name, unit);
        }
    }

    fn sample(&mut self, sample: &Sample<'_>) -> Result<(), Fault> {
        self.sampled = true;
        if self.catalog.is_open() {
            self.inventory.sample(sample)?;
        }
        if let Some(histogram) = &mut self.histogram
            && histogram.sample(sample)?
        {
            return Ok(());
        }
        match self.catalog.who(sample.name) {
            Who::Candidate(at) => return self.add(at, sample),
            Who::Start => {
                let started_ms = milliseconds(sample.read(|_, _| {})?);
                self.started_ms = self.started_ms.or(started_ms);
            }
            Who::Build => self.build.sample(sample, &self.wanted.filter)?,
            // Few and short; prose (`Not Found`) differs from metrics by its lack of numbers.
            Who::Nobody if !sample.is_labeled() => drop(sample.read(|_, _| {})?),
            Who::Nobody => {}
        }
        Ok(())
    }
}

/// In 1/[`UNIT`]; `None` if `value` is no count.
pub fn count(value: f64) -> Option<u64> {
    const MAX: f64 = 9_007_199_254_740_992.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 ≤ value ≤ 2^53, so the product is a whole number of at most 2^63"
    )]
    (0.0..=MAX).contains(&value).then(|| (value * f64::from(UNIT)).round() as u64)
}

/// Unix seconds (1970 to 5138) in milliseconds. Larger values already are: some services use their language's clock.
fn milliseconds(since_1970: f64) -> Option<i64> {
    let ms = if since_1970 <= 1e11 { since_1970 * 1000.0 } else { since_1970 };
    #[expect(clippy::cast_possible_truncation, reason = "at most 10^14")]
    (0.0..=1e14).contains(&ms).then(|| ms.round() as i64)
}
