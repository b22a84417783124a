//! The series of one page, until it is known to be complete.

use std::hash::BuildHasher as _;

use foldhash::quality::RandomState;

use super::agreement::Common;
use super::build::BuildInfo;
use super::candidate::Presence;
use super::catalog::{Catalog, Who};
use super::count::{count, count_of};
use super::histogram::{Histogram, Said};
use super::known_lines::KnownLines;
use super::label_counts::{LabelCounter, Places, is_ending};
use super::metric_inventory::MetricInventory;
use super::series::Series;
use super::spare::Spare;
use super::wanted::Wanted;
use crate::exposition::{Fault, Page, Sample, Text, value};
use crate::routes::Whose;

/// When a process started, as all clients write it.
pub const START_TIME: &str = "process_start_time_seconds";

thread_local! {
    static LISTS: Spare<Row> = const { Spare::new() };
}

/// Known series beyond those of twice the page.
const SPARE: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Identity of the label set, whatever its order.
    pub id: u64,
    /// In 1/[`UNIT`](super::count::UNIT).
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
    pub const fn of(candidate: u16) -> Self {
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
    /// How many the page before had.
    usual: usize,
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
    lines: KnownLines<Done>,
    /// The series of known lines, without their counts.
    known: Vec<Row>,
    /// How many of them are of good pages; what a bad one adds is forgotten.
    kept: usize,
    /// Series of all candidates on the page.
    on_page: usize,
    /// The revision at the beginning of the page.
    began_at: u64,
    hasher: RandomState,
    limit: usize,
}

/// What a line led to, apart from its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// Nothing: it is not about requests, and not read.
    Nothing,
    /// Nothing, if its value is a number.
    Value,
    /// A series of a candidate that is not read.
    Dropped(u16),
    /// A series of others of this candidate.
    Others(u16),
    /// One of `known`.
    Series(u32),
    Bucket(Said),
}

impl Rows {
    /// More than `limit` series are an error.
    pub fn new(wanted: Wanted, limit: usize, common: &Common) -> Self {
        Self {
            catalog: Catalog::new(&wanted.requests),
            wanted,
            series: Vec::new(),
            usual: 0,
            declared: false,
            started_ms: None,
            ignored: 0,
            sampled: false,
            label_counts: LabelCounter::default(),
            histogram: None,
            build: BuildInfo::default(),
            inventory: MetricInventory::default(),
            lines: KnownLines::beside(&common.lines, common.hasher.clone()),
            known: Vec::new(),
            kept: 0,
            on_page: 0,
            began_at: 0,
            hasher: common.hasher.clone(),
            limit,
        }
    }

    /// Keeps with the readers of other instances what is the same. Before the first page.
    pub fn share(&mut self, common: &Common) {
        self.lines = KnownLines::beside(&common.lines, common.hasher.clone());
        self.hasher = common.hasher.clone();
        self.histogram.iter_mut().for_each(|histogram| histogram.share(common));
    }

    pub const fn limit(&self) -> usize {
        self.limit
    }

    /// Begins a page.
    pub fn clear(&mut self) {
        LISTS.with(|spare| spare.put(std::mem::take(&mut self.series)));
        self.series = LISTS.with(|spare| spare.take(self.usual));
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
        self.on_page = 0;
        self.known.truncate(self.kept);
        self.began_at = self.revision();
        self.lines.begin(self.began_at);
    }

    /// The page is good, and what it meant is decided.
    pub fn keep(&mut self) {
        // What is no longer on the page stays among the known series until they are twice as many.
        if self.known.len() > 2 * self.on_page + SPARE {
            self.lines.forget();
            self.known = Vec::new();
        } else if !self.lines.end(self.began_at, self.revision()) {
            self.known = Vec::new();
        }
        self.kept = self.known.len();
        self.known.shrink_to_fit();
        self.usual = self.series.len();
        LISTS.with(|spare| spare.put(std::mem::take(&mut self.series)));
        self.histogram.iter_mut().for_each(Histogram::put_away);
    }

    #[cfg(test)]
    pub fn forget_lines(&mut self) {
        self.lines.forget();
    }

    #[cfg(test)]
    pub const fn known(&self) -> usize {
        self.known.len()
    }

    /// How many lines of the last page were not taken apart.
    #[cfg(test)]
    pub const fn remembered(&self) -> usize {
        self.lines.found()
    }

    /// Rises with everything by which it is decided what a line says.
    fn revision(&self) -> u64 {
        self.catalog.revision + self.histogram.as_ref().map_or(0, |histogram| histogram.revision)
    }

    fn add(&mut self, at: usize, sample: &Sample<'_>) -> Result<Option<Done>, Fault> {
        let number = u16::try_from(at).unwrap_or(u16::MAX);
        let is_chosen = self.catalog.chosen.is_some_and(|(chosen, _)| chosen == at);
        let Self { wanted, catalog, hasher, label_counts, .. } = self;
        let candidate = &mut catalog.candidates[at];
        candidate.now = candidate.now.max(Presence::Others);
        if candidate.dropped {
            return Ok(Some(Done::Dropped(number)));
        }
        let before = candidate.revision();
        let mut series = Series::new(wanted, candidate, number);
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
        let row = series.finish();
        catalog.revision += u64::from(before != candidate.revision());
        let Some(row) = row else { return Ok(Some(Done::Others(number))) };
        self.push(row, count(value))?;
        let Ok(place) = u32::try_from(self.known.len()) else { return Ok(None) };
        self.known.push(row);
        Ok(Some(Done::Series(place)))
    }

    fn push(&mut self, row: Row, count: Option<u64>) -> Result<(), Fault> {
        let at = usize::from(row.candidate);
        let candidate = &mut self.catalog.candidates[at];
        (candidate.now, candidate.is_ours) = (Presence::Ours, true);
        self.on_page += 1;
        let Some(count) = count else {
            self.ignored += 1;
            return Ok(());
        };
        if self.series.len() >= self.limit {
            let given_up = self.catalog.give_up_one().ok_or(Fault::TooManySeries)?;
            self.series.retain(|row| usize::from(row.candidate) != given_up);
            if given_up == at {
                return Ok(());
            }
        }
        self.series.push(Row { count, ..row });
        Ok(())
    }

    /// Reads a line that is not known, as few are. `None` for one that is to be taken apart each time.
    #[cold]
    fn read(&mut self, sample: &Sample<'_>) -> Result<Option<Done>, Fault> {
        if let Some(histogram) = &mut self.histogram
            && let Some(said) = histogram.sample(sample)?
        {
            return Ok(Some(Done::Bucket(said)).filter(|_| !matches!(said, Said::Unclear)));
        }
        match self.catalog.who(sample.name) {
            Who::Candidate(at) => return self.add(at, sample),
            Who::Start => {
                let started_ms = milliseconds(sample.read(|_, _| {})?);
                self.started_ms = self.started_ms.or(started_ms);
            }
            Who::Build => self.build.sample(sample, &self.wanted.filter)?,
            // Few and short; prose (`Not Found`) differs from metrics by its lack of numbers.
            Who::Nobody if !sample.is_labeled() => {
                sample.read(|_, _| {})?;
                return Ok(Some(Done::Value));
            }
            Who::Nobody => return Ok(Some(Done::Nothing)),
        }
        Ok(None)
    }

    /// Does again what was done with a line of the page before; only the value is another.
    fn do_again(&mut self, done: Done, rest: &[u8]) -> Result<(), Fault> {
        match done {
            Done::Nothing => {}
            Done::Value => drop(value(rest)?),
            Done::Dropped(at) => self.others(at),
            Done::Others(at) => {
                self.others(at);
                value(rest)?;
            }
            Done::Series(place) => {
                let Some(row) = self.known.get(usize::try_from(place).unwrap_or(usize::MAX)).copied() else {
                    return Ok(());
                };
                self.push(row, count_of(rest)?)?;
            }
            Done::Bucket(said) => {
                if let Some(histogram) = &mut self.histogram {
                    histogram.again(said, rest)?;
                }
            }
        }
        Ok(())
    }

    fn others(&mut self, at: u16) {
        let candidate = &mut self.catalog.candidates[usize::from(at)];
        candidate.now = candidate.now.max(Presence::Others);
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
        let is_open = self.catalog.is_open();
        if is_open {
            self.inventory.sample(sample)?;
        }
        let Some(done) = self.read(sample)?.filter(|_| !is_open) else { return Ok(()) };
        let same = match done {
            Done::Nothing | Done::Dropped(_) | Done::Bucket(Said::Unread(_)) => sample.head(),
            _ => sample.series(),
        };
        self.lines.learn(same, done);
        Ok(())
    }

    fn foresee(&mut self, rest: &[u8]) -> usize {
        if self.catalog.is_open() { 0 } else { self.lines.foresee(rest, self.revision()) }
    }

    fn known(&mut self, line: &[u8]) -> Option<Result<(), Fault>> {
        // Until the counter is chosen, the inventory sees every line.
        if self.catalog.is_open() {
            return None;
        }
        let (done, rest) = self.lines.find(line, self.revision())?;
        // Labels where there were none are another series.
        if rest.trim_ascii_start().starts_with(b"{") {
            return None;
        }
        self.sampled = true;
        Some(self.do_again(done, rest))
    }
}

/// Unix seconds (1970 to 5138) in milliseconds. Larger values already are: some services use their language's clock.
fn milliseconds(since_1970: f64) -> Option<i64> {
    let ms = if since_1970 <= 1e11 { since_1970 * 1000.0 } else { since_1970 };
    #[expect(clippy::cast_possible_truncation, reason = "at most 10^14")]
    (0.0..=1e14).contains(&ms).then(|| ms.round() as i64)
}
