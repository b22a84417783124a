//! The sums of one instance's request counter over many pages.
//!
//! | file | holds |
//! | --- | --- |
//! | `process` | the series of one process |
//! | `series` | how they are found fast |

mod process;
mod series;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use self::process::ProcessBook;
use super::count::UNIT;
use super::shelf::Shelf;
use crate::detect::Process;
use crate::exposition::PageError;

/// Processes of one instance; the one read longest ago is forgotten first.
const MAX_PROCESSES: usize = 64;

/// New processes with close start times before one is seen again; more mean that start times change with every page.
const MAX_STRANGERS: u32 = 12;

/// Start times of one process before another one counts as noise, so that nothing is left out for it.
const FEW_STARTS: usize = 4;

pub trait Counted {
    /// Identity of the label set, whatever its order.
    fn id(&self) -> u64;
    /// In 1/[`UNIT`].
    fn count(&self) -> u64;
    fn group(&self) -> usize;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entered {
    pub duplicates: usize,
    pub process: Process,
}

/// One instance's series by process. One that leaves the page stays in the sums (OpenTelemetry and Envoy drop idle
/// ones); if it comes back lower, it counts afresh. Close start times are jitter, unless a series falls with them.
#[derive(Debug)]
pub struct SeriesStore {
    /// Most recently read last.
    processes: Vec<ProcessBook>,
    next_id: u32,
    /// Processes with close start times since one was seen again.
    strangers: u32,
    /// How often another counter was chosen.
    choice: u32,
    /// Whether the first page after a choice is where counting begins; `None` once it came.
    fresh: Option<bool>,
    limit: usize,
    ids: Arc<Shelf<u64>>,
}

enum Pick {
    /// A known process, perhaps with a new start time.
    Known {
        at: usize,
        moved: bool,
    },
    New,
}

impl SeriesStore {
    pub fn new(limit: usize) -> Self {
        Self { processes: Vec::new(), next_id: 0, strangers: 0, choice: 0, fresh: None, limit, ids: Arc::default() }
    }

    /// Keeps the identities of its series with those of other instances. Before the first page.
    pub fn share(&mut self, ids: &Arc<Shelf<u64>>) {
        self.ids = Arc::clone(ids);
    }

    /// Enters a page. Of duplicate series the first counts; others leave `rows`. `each` gets the increases.
    pub fn enter<R: Counted>(
        &mut self,
        rows: &mut Vec<R>,
        started_ms: Option<i64>,
        each: impl FnMut(&R, u64),
    ) -> Result<Entered, PageError> {
        let pick = match started_ms {
            None => self.processes.len().checked_sub(1).map_or(Pick::New, |at| Pick::Known { at, moved: false }),
            Some(started_ms) => self.pick(rows, started_ms),
        };
        let (first, start_moved) = match pick {
            Pick::Known { at, moved } => {
                self.processes[at..].rotate_left(1);
                (false, moved)
            }
            Pick::New => {
                self.add(started_ms);
                (true, false)
            }
        };
        self.make_room(rows.len());
        let Some(process) = self.processes.last_mut() else { return Err(PageError::TooManySeries) };
        // A process that is read again only later may long have counted by the new counter.
        let is_late = !first && process.choice != self.choice;
        process.choice = self.choice;
        if self.fresh.take().unwrap_or(is_late) {
            process.begin_at(rows);
        }
        let (duplicates, went_back) = process.enter(rows, started_ms.is_some(), self.limit, each)?;
        Ok(Entered { duplicates, process: Process { id: process.id, first, start_moved, went_back } })
    }

    /// Switches to another counter. With `is_baseline` counting begins at the next page, else that page is news.
    pub const fn count_anew(&mut self, is_baseline: bool) {
        self.choice = self.choice.wrapping_add(1);
        self.fresh = Some(is_baseline);
    }

    /// Whole requests in these groups, over all pages of the process that answered last.
    pub fn sum(&self, groups: &[usize]) -> u64 {
        let Some(process) = self.processes.last() else { return 0 };
        whole(groups.iter().filter_map(|group| process.sums.get(*group)).sum())
    }

    fn pick(&mut self, rows: &[impl Counted], started_ms: i64) -> Pick {
        if let Some(at) = self.processes.iter().rposition(|process| process.starts.contains(&started_ms)) {
            let process = &mut self.processes[at];
            self.strangers = 0;
            if process.starts.len() > 1 && process.falls(rows) {
                // What looked like jitter were two processes.
                process.starts.retain(|known| *known != started_ms);
                return Pick::New;
            }
            return Pick::Known { at, moved: false };
        }
        let close: Vec<usize> =
            (0..self.processes.len()).filter(|at| self.processes[*at].is_close(started_ms)).collect();
        match close.as_slice() {
            [] => {}
            [at] if !self.processes[*at].falls(rows) => {
                let moved = self.processes[*at].also_started(started_ms) <= FEW_STARTS;
                return Pick::Known { at: *at, moved };
            }
            [.., at] => {
                self.strangers = self.strangers.saturating_add(1);
                if self.strangers > MAX_STRANGERS {
                    return Pick::Known { at: *at, moved: false };
                }
                return Pick::New;
            }
        }
        // Its earlier pages had no start time.
        let at = self.processes.len().checked_sub(1);
        let is_same = |process: &mut ProcessBook| process.starts.is_empty() && !process.falls(rows);
        match at.filter(|at| is_same(&mut self.processes[*at])) {
            Some(at) => {
                self.processes[at].also_started(started_ms);
                Pick::Known { at, moved: false }
            }
            None => Pick::New,
        }
    }

    fn add(&mut self, started_ms: Option<i64>) {
        if self.processes.len() == MAX_PROCESSES {
            self.processes.remove(0);
        }
        let ids = Arc::clone(&self.ids);
        self.processes.push(ProcessBook::new(self.next_id, started_ms, self.choice, ids));
        self.next_id = self.next_id.wrapping_add(1);
    }

    /// Forgets processes until a page of the last one has room.
    fn make_room(&mut self, rows: usize) {
        let kept = |processes: &[ProcessBook]| processes.iter().map(ProcessBook::len).sum::<usize>();
        while self.processes.len() > 1 && kept(&self.processes).saturating_add(rows) > self.limit {
            self.processes.remove(0);
        }
    }
}

fn whole(count: u128) -> u64 {
    u64::try_from(count / u128::from(UNIT)).unwrap_or(u64::MAX)
}
