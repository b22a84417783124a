//! A process that is measured by another histogram from some page on: what was counted before goes on from there.

use std::sync::Arc;

use super::last::Who;
use crate::core::detect::Reading;

const MAX_PROCESSES: usize = 64;

/// What is added to the counts of each process's histogram.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Carried {
    /// The one read last comes last.
    processes: Vec<Process>,
}

/// Requests, and the slow ones among them.
type Counts = (u64, u64);

#[derive(Clone, Debug, PartialEq)]
struct Process {
    who: Who,
    histogram: Option<Arc<str>>,
    last: Counts,
    /// What goes on top of it; less than nothing where the histogram before had counted less.
    more: (i128, i128),
}

impl Carried {
    /// What a page counts, as if it had always been by one histogram: nothing came with the page on which it is another one.
    pub fn on(&mut self, reading: &Reading, now: Counts) -> Counts {
        let who = Who::of(reading);
        let histogram = reading.histogram.clone();
        let at = self.processes.iter().rposition(|known| known.who == who);
        let known = at.map(|at| self.processes.remove(at));
        let more = match &known {
            Some(known) if known.histogram != histogram => {
                let (total, slow) = sum(known.last, known.more);
                (i128::from(total) - i128::from(now.0), i128::from(slow) - i128::from(now.1))
            }
            // It counts anew.
            Some(known) if known.last.0 <= now.0 => known.more,
            _ => (0, 0),
        };
        if self.processes.len() == MAX_PROCESSES {
            self.processes.remove(0);
        }
        self.processes.push(Process { who, histogram, last: now, more });
        sum(now, more)
    }
}

fn sum(counts: Counts, more: (i128, i128)) -> Counts {
    let plus = |count: u64, more: i128| u64::try_from((i128::from(count) + more).max(0)).unwrap_or(u64::MAX);
    (plus(counts.0, more.0), plus(counts.1, more.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::detect::Process as Number;

    fn page(id: u32, histogram: &str) -> Reading {
        let latency_process = Some(Number { id, ..Number::default() });
        Reading { histogram: Some(histogram.into()), latency_process, ..Reading::default() }
    }

    #[test]
    fn one_histogram_counts_as_it_does() {
        let mut carried = Carried::default();
        for counts in [(100, 3), (150, 4), (20, 0), (30, 1)] {
            assert_eq!(carried.on(&page(0, "a"), counts), counts);
        }
    }

    #[test]
    fn with_another_histogram_nothing_came_at_first_and_then_what_it_counts() {
        let mut carried = Carried::default();
        carried.on(&page(0, "a"), (100, 3));
        assert_eq!(carried.on(&page(0, "b"), (9_000, 800)), (100, 3));
        assert_eq!(carried.on(&page(0, "b"), (9_050, 801)), (150, 4));
        assert_eq!(carried.on(&page(0, "a"), (160, 3)), (150, 4), "and back");
        assert_eq!(carried.on(&page(0, "a"), (170, 5)), (160, 6));
        assert_eq!(carried.on(&page(0, "a"), (7, 1)), (7, 1), "it was restarted");
    }

    #[test]
    fn each_process_is_followed_by_itself() {
        let mut carried = Carried::default();
        carried.on(&page(0, "a"), (100, 3));
        carried.on(&page(1, "a"), (500, 5));
        assert_eq!(carried.on(&page(0, "b"), (70, 70)), (100, 3));
        assert_eq!(carried.on(&page(1, "b"), (90, 90)), (500, 5));
        assert_eq!(carried.on(&page(0, "b"), (71, 70)), (101, 3));
        for id in 2..100 {
            carried.on(&page(id, "b"), (1, 0));
        }
        assert_eq!(carried.on(&page(0, "b"), (72, 70)), (72, 70), "so many are told apart and no more");
    }
}
