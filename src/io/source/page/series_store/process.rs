//! The series of one process.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::super::super::exposition::PageError;
use super::Counted;

/// Start times this close may be one process's: the kernel's boot time moves by whole seconds, others recompute theirs.
const CLOSE_MS: u64 = 2_000;

const MAX_STARTS: usize = 64;

#[derive(Debug)]
pub struct ProcessBook {
    pub id: u32,
    /// Start times in Unix milliseconds, as its pages say.
    pub starts: Vec<i64>,
    /// For each group, in 1/[`UNIT`](super::super::rows::UNIT).
    pub sums: Vec<u128>,
    pub choice: u32,
    series: HashMap<u64, Series>,
    page: u64,
}

#[derive(Debug)]
struct Series {
    count: u64,
    /// The last page that it stood on.
    page: u64,
}

impl ProcessBook {
    pub fn new(id: u32, started_ms: Option<i64>, choice: u32) -> Self {
        let starts = started_ms.into_iter().collect();
        Self { id, starts, sums: Vec::new(), choice, series: HashMap::new(), page: 0 }
    }

    /// Begins counting at these values.
    pub fn begin_at(&mut self, rows: &[impl Counted]) {
        for row in rows {
            let known = self.series.entry(row.id()).or_insert(Series { count: 0, page: 0 });
            known.count = row.count();
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
    pub fn falls(&self, rows: &[impl Counted]) -> bool {
        let known = |row| self.series.get(&Counted::id(row)).filter(|series| series.page == self.page);
        rows.iter().any(|row| known(row).is_some_and(|series| row.count() < series.count))
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
            self.series.retain(|_, series| series.page == self.page);
            self.series.values_mut().for_each(|series| series.count = 0);
            self.sums.clear();
        }
        for row in rows {
            let Some(series) = self.series.get_mut(&row.id()) else { continue };
            let more = row.count().checked_sub(series.count).unwrap_or(row.count());
            series.count = row.count();
            if self.sums.len() <= row.group() {
                self.sums.resize(row.group() + 1, 0);
            }
            self.sums[row.group()] += u128::from(more);
            each(row, more);
        }
        Ok((duplicates, went_back))
    }

    /// Marks the series as seen. Returns how many are duplicates, and whether one of the page before fell.
    fn mark(&mut self, rows: &mut Vec<impl Counted>, limit: usize) -> Result<(usize, bool), PageError> {
        let before = self.page;
        self.page += 1;
        let (length, mut goes_back, mut too_many) = (rows.len(), false, false);
        rows.retain(|row| {
            let room = self.series.len() < limit;
            match self.series.entry(row.id()) {
                Entry::Occupied(mut series) => {
                    let series = series.get_mut();
                    let is_first = series.page != self.page;
                    goes_back |= series.page == before && row.count() < series.count;
                    series.page = self.page;
                    is_first
                }
                Entry::Vacant(place) if room => {
                    place.insert(Series { count: 0, page: self.page });
                    true
                }
                Entry::Vacant(_) => {
                    too_many = true;
                    true
                }
            }
        });
        if too_many { Err(PageError::TooManySeries) } else { Ok((length - rows.len(), goes_back)) }
    }
}
