//! The series of one page, before it is known that the page is whole.

use std::hash::{BuildHasher, RandomState};

use super::super::exposition::{Fault, Page, Sample, Text};
use super::book::Counted;
use super::census::Census;
use super::counters::{Wanted, is_outbound, status, whose};
use super::culprits::{Culprits, Places, is_ending};
use super::histogram::Histogram;
use crate::config::Whose;

const START_TIME: &str = "process_start_time_seconds";

/// Counts are kept in 1/1024: sums of whole numbers, unlike those of floats, do not depend on their order.
pub const UNIT: u32 = 1024;

/// Requests of users that did not fail; those that did come next.
pub const GOOD: usize = 0;
/// The same on series that do not say which route was asked.
pub const GOOD_UNSAID: usize = 2;
/// Requests that are not users'.
pub const LEFT_OUT: usize = 4;

/// One series of a request counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Identity of the label set, whatever its order.
    pub id: u64,
    /// The count, in 1/[`UNIT`].
    pub count: u64,
    /// Which of the wanted metrics it belongs to.
    pub metric: usize,
    /// Bit `i`: the `i`th of the wanted labels says that these requests failed.
    pub failed: u8,
    /// Whose requests they are.
    pub whose: Whose,
    /// Its labels but for the status, once the request counter is decided.
    pub labels: Places,
}

impl Counted for Row {
    fn id(&self) -> u64 {
        self.id
    }

    fn count(&self) -> u64 {
        self.count
    }

    /// One of the groups below, once the label is decided.
    fn group(&self) -> usize {
        let failed = usize::from(self.failed != 0);
        match self.whose {
            Whose::Users => GOOD + failed,
            Whose::Unsaid => GOOD_UNSAID + failed,
            Whose::LeftOut => LEFT_OUT,
        }
    }
}

/// What a page says of one wanted metric.
#[derive(Clone, Copy, Debug, Default)]
pub struct Found {
    /// It is declared, or has a sample.
    pub declared: bool,
    /// It has a sample.
    pub sampled: bool,
    /// Bit `i`: the `i`th of the wanted labels carries an HTTP status.
    pub labels: u8,
}

/// The series of one page.
#[derive(Debug)]
pub struct Rows {
    /// What the page is searched for.
    pub wanted: Wanted,
    /// The series found.
    pub series: Vec<Row>,
    /// What was found of each wanted metric.
    pub found: Vec<Found>,
    /// When the process started, in Unix milliseconds.
    pub started_ms: Option<i64>,
    /// Whether there is a sample at all.
    pub sampled: bool,
    /// Values that are no counts: negative, NaN, infinite, or above 2^53.
    pub ignored: u64,
    /// The labels of the request counter.
    pub culprits: Culprits,
    /// The latency histogram, where that is judged.
    pub histogram: Option<Histogram>,
    /// The page's other counters, as long as the request counter has not been found.
    pub census: Option<Census>,
    hasher: RandomState,
    limit: usize,
}

impl Rows {
    /// Nothing found yet. More than `limit` series are an error.
    pub fn new(wanted: Wanted, limit: usize) -> Self {
        let found = vec![Found::default(); wanted.metrics.len()];
        let census = Some(Census::default());
        let hasher = RandomState::new();
        Self {
            wanted,
            series: Vec::new(),
            found,
            started_ms: None,
            ignored: 0,
            sampled: false,
            culprits: Culprits::default(),
            histogram: None,
            census,
            hasher,
            limit,
        }
    }

    /// Forgets the page before; keeps the memory.
    pub fn clear(&mut self) {
        self.series.clear();
        self.found.fill(Found::default());
        self.started_ms = None;
        self.ignored = 0;
        self.sampled = false;
        if let Some(census) = &mut self.census {
            census.clear();
        }
        if let Some(histogram) = &mut self.histogram {
            histogram.clear();
        }
    }

    /// From now on looks for this metric and this label alone.
    pub fn settle(&mut self, metric: usize, label: usize) {
        self.wanted.metrics = self.wanted.metrics.drain(..).skip(metric).take(1).collect();
        self.wanted.labels = self.wanted.labels.drain(..).skip(label).take(1).collect();
        self.found = self.found.drain(..).skip(metric).take(1).collect();
        self.series.retain_mut(|row| {
            row.failed = (row.failed >> label) & 1;
            std::mem::take(&mut row.metric) == metric
        });
        self.census = None;
    }

    fn add(&mut self, metric: usize, sample: &Sample<'_>) -> Result<(), Fault> {
        let Self { wanted, hasher, culprits, census, .. } = self;
        let (mut id, mut labels, mut failed, mut excluded) = (0_u64, 0, 0, false);
        let mut of = None;
        let (mut places, mut next) = (Places::default(), 0);
        let value = sample.read(|label, value| {
            let hash = hasher.hash_one((label.raw(), value.raw()));
            id = id.wrapping_add(hash);
            excluded |= is_outbound(&wanted.metrics[metric], label, value);
            of = worst(of, whose(&wanted.routes, label, value));
            if let Some(at) = wanted.labels.iter().position(|wanted| label.is(wanted))
                && let Some(status) = status(value)
            {
                labels |= 1 << at;
                failed |= u8::from(wanted.errors.contains(status)) << at;
            } else if census.is_none()
                && status(value).is_none()
                && !is_ending(label)
                && let Some(place) = places.get_mut(next)
            {
                *place = Some(culprits.place(hash, label, value));
                next += 1;
            }
        })?;
        let found = &mut self.found[metric];
        (found.declared, found.sampled, found.labels) = (true, true, found.labels | labels);
        match count(value) {
            _ if excluded => {}
            None => self.ignored += 1,
            Some(_) if self.series.len() >= self.limit => return Err(Fault::TooManySeries),
            Some(count) => {
                self.series.push(Row { id, count, metric, failed, whose: of.unwrap_or(Whose::Unsaid), labels: places });
            }
        }
        Ok(())
    }
}

impl Page for Rows {
    fn family(&mut self, name: Text<'_>, kind: &[u8]) {
        let is_distribution = matches!(kind, b"histogram" | b"summary");
        for (metric, found) in self.wanted.metrics.iter().zip(&mut self.found) {
            found.declared |= name.is(metric)
                || metric.strip_suffix("_total").is_some_and(|family| kind == b"counter" && name.is(family))
                || metric.strip_suffix("_count").is_some_and(|family| is_distribution && name.is(family));
        }
        if let Some(census) = &mut self.census {
            census.family(name, kind);
        }
        if let Some(histogram) = &mut self.histogram {
            histogram.family(name, kind);
        }
    }

    fn sample(&mut self, sample: &Sample<'_>) -> Result<(), Fault> {
        self.sampled = true;
        if let Some(census) = &mut self.census {
            census.sample(sample)?;
        }
        if let Some(histogram) = &mut self.histogram
            && histogram.sample(sample)?
        {
            return Ok(());
        }
        if let Some(metric) = self.wanted.metrics.iter().position(|wanted| sample.name.is(wanted)) {
            return self.add(metric, sample);
        }
        if sample.name.is(START_TIME) {
            let started_ms = milliseconds(sample.read(|_, _| {})?);
            self.started_ms = self.started_ms.or(started_ms);
        } else if !sample.is_labelled() {
            // Few and short; and prose (`Not Found`) is told from metrics by its lack of numbers.
            sample.read(|_, _| {})?;
        }
        Ok(())
    }
}

/// What two labels of one series say of its route: one that is left out wins, then one that is a user's.
pub fn worst(a: Option<Whose>, b: Option<Whose>) -> Option<Whose> {
    match (a, b) {
        (Some(Whose::LeftOut), _) | (_, Some(Whose::LeftOut)) => Some(Whose::LeftOut),
        (Some(Whose::Users), _) | (_, Some(Whose::Users)) => Some(Whose::Users),
        (a, b) => a.or(b),
    }
}

/// A count in 1/[`UNIT`], where `value` is one.
pub fn count(value: f64) -> Option<u64> {
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 ≤ value ≤ 2^53, so the product is a whole number of at most 2^63"
    )]
    (0.0..=LARGEST).contains(&value).then(|| (value * f64::from(UNIT)).round() as u64)
}

/// Unix seconds in milliseconds, where they lie between 1970 and the year 5138. What would lie beyond are milliseconds already:
/// some services take the clock of their language as it is.
fn milliseconds(since_1970: f64) -> Option<i64> {
    let ms = if since_1970 <= 1e11 { since_1970 * 1000.0 } else { since_1970 };
    #[expect(clippy::cast_possible_truncation, reason = "at most 10^14")]
    (0.0..=1e14).contains(&ms).then(|| ms.round() as i64)
}
