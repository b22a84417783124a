//! One instance's pages, one after the other.

use super::agreement::Agreement;
use super::build::BuildInfo;
use super::candidate::Candidate;
use super::count::UNIT;
use super::histogram::{Counter, Histogram, Timed};
use super::rows::{Row, Rows};
use super::series_store::{Entered, SeriesStore};
use super::settle::{GOOD, GOOD_UNSAID, LEFT_OUT, UNCLEAR, UNCLEAR_UNSAID, settle};
use super::wanted::Wanted;
use super::why::why_none;
use crate::detect::{Counting, Reading, TickCounts};
use crate::exposition::{Exposition, Format, MAX_SERIES, PageError};
use crate::routes::Routes;
use crate::wanted::{LatencySeries, RequestSeries};

/// Turns one instance's pages into readings; the first with a metric and label decides, until a better counter appears.
#[derive(Debug)]
pub struct PageReader {
    exposition: Exposition,
    pub(super) rows: Rows,
    store: SeriesStore,
    agreement: Agreement,
}

impl PageReader {
    /// Series on one of `routes` are not counted.
    pub fn new(series: impl Into<RequestSeries>, routes: Routes) -> Self {
        Self::with_limit(series.into(), routes, MAX_SERIES)
    }

    /// Also reads request durations.
    #[must_use]
    pub fn with_latency(mut self, series: impl Into<LatencySeries>) -> Self {
        let Wanted { routes, filter, .. } = self.rows.wanted.clone();
        let mut histogram = Histogram::new(series.into(), routes, filter, self.rows.limit());
        histogram.share(&self.agreement.common);
        self.rows.histogram = Some(histogram);
        self
    }

    /// Shares its choice with other readers, and what it remembers of pages that are alike. Before the first page.
    #[must_use]
    pub fn agreeing(mut self, agreement: &Agreement) -> Self {
        self.rows.share(&agreement.common);
        self.store.share(&agreement.common.series);
        Self { agreement: agreement.clone(), ..self }
    }

    /// Tells the build infos of this service from others.
    #[must_use]
    pub fn of_service(mut self, service: &str) -> Self {
        self.rows.build = BuildInfo::of(service);
        self
    }

    pub(super) fn with_limit(series: RequestSeries, routes: Routes, limit: usize) -> Self {
        let agreement = Agreement::default();
        Self {
            exposition: Exposition::default(),
            rows: Rows::new(Wanted::new(series, routes), limit, &agreement.common),
            store: SeriesStore::new(limit),
            agreement,
        }
    }

    /// The request counter and its status label, once decided.
    pub fn counter(&self) -> Option<(&str, &str)> {
        let (at, slot) = self.rows.catalog.chosen?;
        let candidate = self.rows.catalog.candidates.get(at)?;
        Some((&candidate.name, &candidate.slots.get(slot)?.name))
    }

    /// The latency histogram, once decided.
    pub fn histogram(&self) -> Option<&str> {
        Some(self.rows.histogram.as_ref()?.name()?)
    }

    /// Whether the current page has a sample.
    pub const fn saw_samples(&self) -> bool {
        self.rows.sampled
    }

    /// Begins a page. An unfinished one leaves no trace.
    pub fn begin(&mut self, format: Format) {
        self.exposition.begin(format);
        self.rows.clear();
    }

    /// After an error the page is lost: [`begin`](Self::begin) anew.
    // Inlined, it would be compiled for size as its caller is; here and below.
    #[inline(never)]
    pub fn push(&mut self, chunk: &[u8]) -> Result<(), PageError> {
        self.exposition.push(chunk, &mut self.rows)
    }

    /// `complete`: the transport proved that nothing is missing. The reading's `took_ms` stays 0.
    #[inline(never)]
    pub fn finish(&mut self, complete: bool) -> Result<Reading, PageError> {
        self.exposition.finish(complete, &mut self.rows)?;
        let reading = self.reading()?;
        self.rows.keep();
        Ok(Reading { release: self.rows.build.news(), ..reading })
    }

    fn reading(&mut self) -> Result<Reading, PageError> {
        let started_ms = self.rows.started_ms;
        let begins = self.rows.catalog.chosen.is_none();
        for row in &self.rows.series {
            self.rows.catalog.candidates[usize::from(row.candidate)].count(row);
        }
        let was_final = self.rows.catalog.is_final();
        let agreed = if was_final { None } else { self.agreement.counter() };
        let change = self.rows.catalog.choose(agreed.as_deref());
        let timed = self.timed(started_ms);
        let Some((at, slot)) = self.rows.catalog.chosen else { return Ok(self.uncounted(timed)) };
        let Rows { series, label_counts, catalog, .. } = &mut self.rows;
        let candidate = &catalog.candidates[at];
        series.retain(|row| usize::from(row.candidate) == at);
        settle(series, candidate, slot);
        if let Some(change) = change {
            self.store.count_anew(change.is_baseline);
        }
        if catalog.is_final() && (!was_final || change.is_some()) {
            self.agreement.count_by(&candidate.name, was_final);
        }
        let mut unclear = 0_u64;
        let tell = |row: &Row, more| {
            if usize::from(row.group) < LEFT_OUT {
                label_counts.add(&row.labels, more, usize::from(row.group) % 2 == 1);
            } else if (UNCLEAR..=UNCLEAR_UNSAID).contains(&usize::from(row.group)) {
                unclear = unclear.saturating_add(more);
            }
        };
        let Entered { duplicates, process } = self.store.enter(series, started_ms, tell)?;
        // Counting begins at the first page: its failures may have happened at any time before.
        let attribution = label_counts.take().filter(|_| !begins && change.is_none()).map(Box::new);
        let counting = change.and_then(|_| self.counting());
        let note = self.remarks(duplicates);
        let sum = |groups: &[usize]| self.store.sum(groups);
        Ok(Reading {
            total: sum(&[GOOD, GOOD + 1, GOOD_UNSAID, GOOD_UNSAID + 1, UNCLEAR, UNCLEAR_UNSAID]),
            errors: sum(&[GOOD + 1, GOOD_UNSAID + 1]),
            ignored: sum(&[LEFT_OUT]),
            unclear: if process.first { 0 } else { unclear / u64::from(UNIT) },
            unrouted: Some(TickCounts {
                requests: sum(&[GOOD_UNSAID, GOOD_UNSAID + 1, UNCLEAR_UNSAID]),
                errors: sum(&[GOOD_UNSAID + 1]),
            }),
            process: Some(process),
            attribution,
            counting,
            note,
            ..timed
        })
    }

    fn timed(&mut self, started_ms: Option<i64>) -> Reading {
        let Rows { histogram, catalog, .. } = &mut self.rows;
        let Some(histogram) = histogram else { return Reading { started_ms, ..Reading::default() } };
        let counter = catalog.chosen.map(|(at, _)| &catalog.candidates[at]).map(|one| Counter {
            name: &one.name,
            is_final: catalog.is_final(),
            counts: one.seen.all() > 0,
        });
        let agreed = self.agreement.histogram();
        let Timed { latency, process } = histogram.finish(started_ms, counter, agreed.as_deref());
        let own = histogram.name().filter(|name| histogram.is_final() && histogram.shows(name));
        // Takes the agreed one if the page has it.
        if let Some(own) = own.filter(|_| agreed.as_deref().is_none_or(|agreed| !histogram.shows(agreed))) {
            self.agreement.measure_by(own);
        }
        Reading {
            histogram: histogram.name().cloned(),
            started_ms,
            latency: Some(latency),
            latency_process: process,
            ..Reading::default()
        }
    }

    fn uncounted(&self, timed: Reading) -> Reading {
        let why = why_none(&self.rows.wanted, &self.rows.catalog, &self.rows.inventory);
        Reading { uncounted: why.is_some(), note: why, ..timed }
    }

    fn chosen(&self) -> Option<&Candidate> {
        self.rows.catalog.candidates.get(self.rows.catalog.chosen?.0)
    }

    fn counting(&self) -> Option<Box<Counting>> {
        let (metric, label) = self.counter()?;
        Some(Box::new(Counting { metric: metric.to_owned(), label: label.to_owned() }))
    }

    fn remarks(&self, duplicates: usize) -> Option<String> {
        let mut remarks = Vec::new();
        if let Some(chosen) = self.chosen() {
            if !self.rows.declared && !chosen.is_there() {
                remarks.push(format!("`{}` is no longer on the page: its last values are kept", chosen.name));
            }
            let slot = self.rows.catalog.chosen.and_then(|(_, slot)| chosen.slots.get(slot));
            if let Some(slot) = slot.filter(|slot| !slot.strange.is_empty()) {
                remarks.push(format!(
                    "`{}` of `{}` also holds `{}`, which is not a status and is not counted as a failure: where it is one, add it to \
                     checks.error-rate.errors",
                    slot.name,
                    chosen.name,
                    slot.strange.join("`, `")
                ));
            }
        }
        if duplicates > 0 {
            remarks.push(format!("{duplicates} series appeared twice on the page: the first of each was counted"));
        }
        if self.rows.ignored > 0 {
            remarks.push(format!("{} values were not counts and were ignored", self.rows.ignored));
        }
        (!remarks.is_empty()).then(|| remarks.join("; "))
    }
}
