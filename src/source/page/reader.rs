//! One instance's pages, one after the other.

use super::super::exposition::{Exposition, Format, PageError};
use super::book::{Entered, MAX_SERIES, SeriesBook};
use super::counters::Wanted;
use super::histogram::Histogram;
use super::rows::{GOOD, GOOD_UNSAID, LEFT_OUT, Row, Rows};
use crate::config::{ErrorRateConfig, LatencyConfig, Routes, Whose};
use crate::detect::{Reading, TickCounts};

/// Turns the pages of one instance into readings.
///
/// Which metric and label count is decided on the first page that has one of each, and stays.
#[derive(Debug)]
pub struct PageReader {
    exposition: Exposition,
    rows: Rows,
    book: SeriesBook,
}

impl PageReader {
    /// A reader that has seen no page. Series on one of `routes` are not counted.
    pub fn new(config: &ErrorRateConfig, routes: Routes) -> Self {
        Self::with_limit(config, routes, MAX_SERIES)
    }

    /// The same, also reading how long requests took.
    #[must_use]
    pub fn with_latency(mut self, config: &LatencyConfig) -> Self {
        let routes = self.rows.wanted.routes.clone();
        self.rows.histogram = Some(Histogram::new(config, routes, MAX_SERIES));
        self
    }

    /// The same with another limit than [`MAX_SERIES`].
    pub(super) fn with_limit(config: &ErrorRateConfig, routes: Routes, limit: usize) -> Self {
        Self {
            exposition: Exposition::default(),
            rows: Rows::new(Wanted::new(config, routes), limit),
            book: SeriesBook::new(limit),
        }
    }

    /// The request counter and the label with the status, once they are decided.
    pub fn counter(&self) -> Option<(&str, &str)> {
        let wanted = &self.rows.wanted;
        let decided = self.rows.census.is_none();
        wanted
            .metrics
            .first()
            .zip(wanted.labels.first())
            .filter(|_| decided)
            .map(|(metric, label)| (&**metric, &**label))
    }

    /// The latency histogram, once it is decided.
    pub fn histogram(&self) -> Option<&str> {
        self.rows.histogram.as_ref()?.name()
    }

    /// Whether the page at hand has a sample.
    pub const fn saw_samples(&self) -> bool {
        self.rows.sampled
    }

    /// Begins a page. One that was begun and not finished leaves no trace.
    pub fn begin(&mut self, format: Format) {
        self.exposition.begin(format);
        self.rows.clear();
    }

    /// Reads the next bytes of the page. After an error the page is lost: [`begin`](Self::begin) anew.
    pub fn push(&mut self, chunk: &[u8]) -> Result<(), PageError> {
        self.exposition.push(chunk, &mut self.rows)
    }

    /// Ends the page. `complete` says that the transport proved that no byte is missing at the end. The reading's
    /// `took_ms` is left at 0.
    pub fn finish(&mut self, complete: bool) -> Result<Reading, PageError> {
        self.exposition.finish(complete, &mut self.rows)?;
        let started_ms = self.rows.started_ms;
        let latency = self.rows.histogram.as_mut().map(|histogram| histogram.finish(started_ms));
        let latency_process = self.rows.histogram.as_ref().and_then(Histogram::process);
        let histogram = self.histogram().map(str::to_owned);
        let timed = Reading { histogram, started_ms, latency, latency_process, ..Reading::default() };
        let begins = self.rows.census.is_some();
        if begins {
            match self.discover() {
                Some((metric, label)) => self.rows.settle(metric, label),
                None => return Ok(Reading { note: self.why_none(), ..timed }),
            }
        }
        let Rows { series, culprits, .. } = &mut self.rows;
        let tell = |row: &Row, more| {
            if row.whose != Whose::LeftOut {
                culprits.add(&row.labels, more, row.failed != 0);
            }
        };
        let Entered { duplicates, process } = self.book.enter(series, started_ms, tell)?;
        // The first page is where counting begins: what stands on it may have failed at any time before.
        let blame = culprits.take().filter(|_| !begins);
        let note = self.remarks(duplicates);
        let sum = |groups: &[usize]| self.book.sum(groups);
        Ok(Reading {
            total: sum(&[GOOD, GOOD + 1, GOOD_UNSAID, GOOD_UNSAID + 1]),
            errors: sum(&[GOOD + 1, GOOD_UNSAID + 1]),
            ignored: sum(&[LEFT_OUT]),
            unrouted: Some(TickCounts {
                requests: sum(&[GOOD_UNSAID, GOOD_UNSAID + 1]),
                errors: sum(&[GOOD_UNSAID + 1]),
            }),
            process: Some(process),
            blame,
            note,
            ..timed
        })
    }

    /// The best metric that carries a status, and the best of its labels that does.
    fn discover(&self) -> Option<(usize, usize)> {
        let best = |mask: u8| (0..self.rows.wanted.labels.len()).find(|label| (mask >> label) & 1 == 1);
        self.rows.found.iter().enumerate().find_map(|(metric, found)| Some((metric, best(found.labels)?)))
    }

    /// Why no request counter was found; nothing if one is declared and merely has no samples yet.
    fn why_none(&self) -> Option<String> {
        let Rows { wanted, found, census, .. } = &self.rows;
        let census = census.as_ref()?;
        let at = found.iter().position(|found| found.sampled).or_else(|| found.iter().position(|found| found.declared));
        let Some(at) = at else {
            let name = wanted.metrics.first()?;
            let nearest = census.nearest(name);
            return Some(if wanted.metric_is_named {
                format!("`{name}` (checks.error-rate.requests) is not on the page; {nearest}")
            } else {
                format!("no known request counter on the page; {nearest}; name one with checks.error-rate.requests")
            });
        };
        let name = &wanted.metrics[at];
        found[at].sampled.then(|| {
            let labels = match census.labels(name) {
                None | Some([]) => "it has no labels".to_owned(),
                Some(labels) => format!("its labels are `{}`", labels.join("`, `")),
            };
            format!(
                "`{name}` has no label `{}` with an HTTP status; {labels}; name one with checks.error-rate.status_label",
                wanted.labels.join("` or `"),
            )
        })
    }

    fn remarks(&self, duplicates: usize) -> Option<String> {
        let mut remarks = Vec::new();
        if self.rows.found.iter().all(|found| !found.declared)
            && let Some(name) = self.rows.wanted.metrics.first()
        {
            remarks.push(format!("`{name}` is no longer on the page: its last values are kept"));
        }
        if duplicates > 0 {
            remarks.push(format!("{duplicates} series stood on the page twice: the first of each was counted"));
        }
        if self.rows.ignored > 0 {
            remarks.push(format!("{} values were no counts and were ignored", self.rows.ignored));
        }
        (!remarks.is_empty()).then(|| remarks.join("; "))
    }
}
