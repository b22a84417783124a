//! What the series of one instance's request counter add up to over many pages.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::super::exposition::PageError;
use super::rows::UNIT;

/// So many series of a request counter are kept; beyond, the page is an error.
pub const MAX_SERIES: usize = 500_000;

/// Start times that differ by at most this are the same: some clients compute theirs anew for every page.
const SAME_START_MS: u64 = 500;

/// One series of a page.
pub trait Counted {
    /// Identity of the label set, whatever its order.
    fn id(&self) -> u64;
    /// The count, in 1/[`UNIT`].
    fn count(&self) -> u64;
    /// Which of the sums it belongs to, from 0.
    fn group(&self) -> usize;
}

/// The series of one instance, each with its last value.
///
/// A series that leaves the page keeps its value in the sums (OpenTelemetry and Envoy drop idle ones). If it comes back
/// lower, it counts afresh on top.
#[derive(Debug)]
pub struct SeriesBook {
    series: HashMap<u64, Series>,
    page: u64,
    started_ms: Option<i64>,
    /// Whether series have gone back although the process had not restarted.
    went_back: bool,
    /// A sum for each group, in 1/[`UNIT`].
    sums: Vec<u128>,
    limit: usize,
}

#[derive(Debug)]
struct Series {
    count: u64,
    /// The last page that it stood on.
    page: u64,
}

impl SeriesBook {
    /// An empty book that takes at most `limit` series.
    pub fn new(limit: usize) -> Self {
        Self { series: HashMap::new(), page: 0, started_ms: None, went_back: false, sums: Vec::new(), limit }
    }

    /// Enters a whole page, and says how many series stood on it twice: the first of each counts, the others are removed from
    /// `rows`.
    /// `each` is told how much more every series has.
    pub fn enter<R: Counted>(
        &mut self,
        rows: &mut Vec<R>,
        started_ms: Option<i64>,
        mut each: impl FnMut(&R, u64),
    ) -> Result<usize, PageError> {
        let same_process = match (self.started_ms, started_ms) {
            (Some(before), Some(now)) => Some(before.abs_diff(now) <= SAME_START_MS),
            _ => None,
        };
        self.started_ms = started_ms;
        if same_process == Some(false) {
            self.series.clear();
            self.sums.clear();
            self.went_back = false;
        }
        let (duplicates, goes_back) = self.mark(rows)?;
        // A process that goes on may reset its counter once; then its series count afresh on top. If that happens again,
        // one URL answers for several processes that started together, and adding them up would invent requests.
        if goes_back && (same_process.is_none() || std::mem::replace(&mut self.went_back, true)) {
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
        Ok(duplicates)
    }

    /// What the series of these groups add up to, over all pages so far; whole, the rest is dropped.
    pub fn sum(&self, groups: &[usize]) -> u64 {
        whole(groups.iter().filter_map(|group| self.sums.get(*group)).sum())
    }

    /// Marks every series on the page as seen, and says how many stand on it twice and whether one that was on the page
    /// before went back.
    fn mark(&mut self, rows: &mut Vec<impl Counted>) -> Result<(usize, bool), PageError> {
        let before = self.page;
        self.page += 1;
        let (length, mut goes_back, mut too_many) = (rows.len(), false, false);
        rows.retain(|row| {
            let room = self.series.len() < self.limit;
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

/// Whole requests; the rest is dropped.
fn whole(count: u128) -> u64 {
    u64::try_from(count / u128::from(UNIT)).unwrap_or(u64::MAX)
}
