//! What the series of one instance's request counter add up to over many pages.

mod process;
#[cfg(test)]
mod tests;

use self::process::ProcessBook;
use super::super::exposition::PageError;
use super::rows::UNIT;
use crate::core::detect::Process;

/// So many series of a request counter are kept; beyond, the page is an error.
pub const MAX_SERIES: usize = 500_000;

/// So many processes of one instance are told apart; the one read longest ago is forgotten first.
const MAX_PROCESSES: usize = 64;

/// So many processes with close start times may appear without one of them being seen again; beyond, the start times are made up
/// anew for every page and tell nobody apart.
const MAX_STRANGERS: u32 = 12;

/// So many start times may be one process's before another one is taken for noise: then nothing is left out for it.
const FEW_STARTS: usize = 4;

pub trait Counted {
    /// Identity of the label set, whatever its order.
    fn id(&self) -> u64;
    /// The count, in 1/[`UNIT`].
    fn count(&self) -> u64;
    fn group(&self) -> usize;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entered {
    /// Series that stood on it twice.
    pub duplicates: usize,
    pub process: Process,
}

/// The series of one instance, each with its last value, for each process that answers at its URL.
///
/// A series that leaves the page keeps its value in the sums (OpenTelemetry and Envoy drop idle ones). If it comes back
/// lower, it counts afresh on top.
///
/// Processes are told apart by their start times. Two that are close may be one process's, whose start time jitters, or those of
/// workers that were forked together: if a series goes back when the start time moves, they are two processes.
#[derive(Debug)]
pub struct SeriesBook {
    /// The one read last comes last.
    processes: Vec<ProcessBook>,
    next_id: u32,
    /// Processes with close start times since one of them was seen again.
    strangers: u32,
    /// How often another counter was chosen.
    choice: u32,
    /// Whether the first page after a choice is where counting begins; none once it came.
    fresh: Option<bool>,
    limit: usize,
}

enum Pick {
    /// A process that is known, at this place, perhaps with another start time than before.
    Known {
        at: usize,
        moved: bool,
    },
    New,
}

impl SeriesBook {
    /// An empty book that takes at most `limit` series.
    pub const fn new(limit: usize) -> Self {
        Self { processes: Vec::new(), next_id: 0, strangers: 0, choice: 0, fresh: None, limit }
    }

    /// Enters a whole page, and says who answered and how many series stood on it twice: the first of each counts, the others are
    /// removed from `rows`. `each` is told how much more every series has.
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
        // A process that is read again only later may have counted by the new counter for long.
        let is_late = !first && process.choice != self.choice;
        process.choice = self.choice;
        if self.fresh.take().unwrap_or(is_late) {
            process.begin_at(rows);
        }
        let (duplicates, went_back) = process.enter(rows, started_ms.is_some(), self.limit, each)?;
        Ok(Entered { duplicates, process: Process { id: process.id, first, start_moved, went_back } })
    }

    /// From now on another counter is entered. With `is_baseline` the next page is where its counting begins, else it is news.
    pub const fn count_anew(&mut self, is_baseline: bool) {
        self.choice = self.choice.wrapping_add(1);
        self.fresh = Some(is_baseline);
    }

    /// What the series of these groups add up to, over all pages of the process that answered last; whole, the rest is dropped.
    pub fn sum(&self, groups: &[usize]) -> u64 {
        let Some(process) = self.processes.last() else { return 0 };
        whole(groups.iter().filter_map(|group| process.sums.get(*group)).sum())
    }

    fn pick(&mut self, rows: &[impl Counted], started_ms: i64) -> Pick {
        if let Some(at) = self.processes.iter().rposition(|process| process.starts.contains(&started_ms)) {
            let process = &mut self.processes[at];
            self.strangers = 0;
            if process.starts.len() > 1 && process.falls(rows) {
                // What was taken for jitter were two processes.
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
        // Its pages said nothing of its start before.
        match self.processes.last_mut() {
            Some(last) if last.starts.is_empty() && !last.falls(rows) => {
                last.also_started(started_ms);
                Pick::Known { at: self.processes.len() - 1, moved: false }
            }
            _ => Pick::New,
        }
    }

    fn add(&mut self, started_ms: Option<i64>) {
        if self.processes.len() == MAX_PROCESSES {
            self.processes.remove(0);
        }
        self.processes.push(ProcessBook::new(self.next_id, started_ms, self.choice));
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

/// Whole requests; the rest is dropped.
fn whole(count: u128) -> u64 {
    u64::try_from(count / u128::from(UNIT)).unwrap_or(u64::MAX)
}
