//! The series of one process.

use std::sync::Arc;

use super::Counted;
use super::series::{Series, SeriesBook};
use crate::exposition::PageError;
use crate::page::shelf::Shelf;

/// Start times this close may be one process's: the kernel's boot time moves by whole seconds, others recompute theirs.
const CLOSE_MS: u64 = 2_000;

const MAX_STARTS: usize = 64;

#[derive(Debug)]
pub struct ProcessBook {
    pub id: u32,
    /// Start times in Unix milliseconds, as its pages say.
    pub starts: Vec<i64>,
    /// For each group, in 1/[`UNIT`](super::super::count::UNIT).
    pub sums: Vec<u128>,
    pub choice: u32,
    series: SeriesBook,
    page: u64,
}

impl ProcessBook {
    pub fn new(id: u32, started_ms: Option<i64>, choice: u32, shelf: Arc<Shelf<u64>>) -> Self {
        let starts = started_ms.into_iter().collect();
        Self { id, starts, sums: Vec::new(), choice, series: SeriesBook::new(shelf), page: 0 }
    }

    /// Begins counting at these values.
    pub fn begin_at(&mut self, rows: &[impl Counted]) {
        for row in rows {
            let at = self.series.find(row.id()).or_else(|| self.series.add(row.id(), Series { count: 0, page: 0 }));
            if let Some(known) = at.and_then(|at| self.series.get_mut(at)) {
                known.count = row.count();
            }
        }
    }

    pub fn len(&self) -> usize {
        self.series.len()
    }

    pub fn is_close(&self, started_ms: i64) -> bool {
        self.starts.first().is_some_and(|known| known.abs_diff(started_ms) <= CLOSE_MS)
    }

    /// Adds a start time. Returns how many there are.
    pub fn also_started(&mut self, started_ms: i64) -> usize {
        if self.starts.len() == MAX_STARTS {
            // The first stays, so that the start cannot wander.
            self.starts.remove(1);
        }
        self.starts.push(started_ms);
        self.starts.len()
    }

    /// Whether a series of the last page is lower on this one.
    pub fn falls(&mut self, rows: &[impl Counted]) -> bool {
        let page = self.page;
        rows.iter().any(|row| {
            let known = self.series.find(row.id()).and_then(|at| self.series.get_mut(at));
            known.is_some_and(|series| series.page == page && row.count() < series.count)
        })
    }

    /// Returns how many series were duplicates, and whether one fell: in a known process it counts afresh, else all do.
    pub fn enter<R: Counted>(
        &mut self,
        rows: &mut Vec<R>,
        is_same: bool,
        limit: usize,
        mut each: impl FnMut(&R, u64),
    ) -> Result<(usize, bool), PageError> {
        let (duplicates, went_back) = self.mark(rows, limit)?;
        if went_back && !is_same {
            self.series.keep_those_of(self.page);
            self.series.iter_mut().for_each(|series| series.count = 0);
            self.sums.clear();
        }
        let is_in_order = self.series.begins_with(rows.iter().map(Counted::id));
        for (at, row) in rows.iter().enumerate() {
            let found = if is_in_order { Some(at) } else { self.series.find(row.id()) };
            let Some(series) = found.and_then(|at| self.series.get_mut(at)) else { continue };
            let more = row.count().checked_sub(series.count).unwrap_or(row.count());
            series.count = row.count();
            if self.sums.len() <= row.group() {
                self.sums.resize(row.group() + 1, 0);
            }
            self.sums[row.group()] += u128::from(more);
            each(row, more);
        }
        self.series.end_page(self.page, rows.iter().map(Counted::id));
        Ok((duplicates, went_back))
    }

    /// Marks the series as seen. Returns how many are duplicates, and whether one of the page before fell.
    fn mark(&mut self, rows: &mut Vec<impl Counted>, limit: usize) -> Result<(usize, bool), PageError> {
        let before = self.page;
        self.page += 1;
        let (length, mut goes_back, mut too_many) = (rows.len(), false, false);
        if self.series.begins_with(rows.iter().map(Counted::id)) {
            // None is new, and none a duplicate.
            for (series, row) in self.series.iter_mut().zip(rows) {
                goes_back |= series.page == before && row.count() < series.count;
                series.page = self.page;
            }
            return Ok((0, goes_back));
        }
        rows.retain(|row| {
            let found = self.series.find(row.id());
            let Some(series) = found.and_then(|at| self.series.get_mut(at)) else {
                let room = self.series.len() < limit;
                let added = room.then(|| self.series.add(row.id(), Series { count: 0, page: self.page }));
                too_many |= added.flatten().is_none();
                return true;
            };
            let is_first = series.page != self.page;
            goes_back |= series.page == before && row.count() < series.count;
            series.page = self.page;
            is_first
        });
        if too_many { Err(PageError::TooManySeries) } else { Ok((length - rows.len(), goes_back)) }
    }
}
