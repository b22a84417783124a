//! Cumulative counters of one process from a trace, without start times. Live: [`Counters`](super::Counters).

use serde::{Deserialize, Serialize};

use super::counters::CRASH_LOOP_RESETS;
use super::counts::TickCounts;
use crate::number::span;

/// Turns readings of two cumulative counters into what came in between. A counter that goes back counts from zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CumulativeCounts {
    last: TickCounts,
    carry: u64,
    resets: u32,
}

impl CumulativeCounts {
    /// Begins with the counters at the moment of the switch.
    pub const fn since(baseline: TickCounts) -> Self {
        Self { last: baseline, carry: 0, resets: 0 }
    }

    /// What came since the last reading. Errors beyond the requests wait for them in the next reading.
    pub fn read(&mut self, now: TickCounts) -> TickCounts {
        if now.requests < self.last.requests || now.errors < self.last.errors {
            self.resets = self.resets.saturating_add(1);
            (self.last, self.carry) = (TickCounts::default(), 0);
        }
        let requests = now.requests - self.last.requests;
        let errors = (now.errors - self.last.errors).saturating_add(self.carry);
        (self.last, self.carry) = (now, errors.saturating_sub(requests));
        TickCounts { requests, errors: errors.min(requests) }
    }

    /// How often the counters went back.
    pub const fn resets(&self) -> u32 {
        self.resets
    }

    /// The sentence of a crash loop seen `at_ms` milliseconds after the switch, if it is one.
    pub fn crash_loop(&self, at_ms: u64) -> Option<String> {
        (self.resets >= CRASH_LOOP_RESETS)
            .then(|| format!("crash loop: counters went back {} times in {}", self.resets, span(at_ms)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(readings: &[(u64, u64)]) -> (Vec<(u64, u64)>, CumulativeCounts) {
        let mut counter = CumulativeCounts::since(TickCounts { requests: 100, errors: 5 });
        let ticks = readings.iter().map(|&(requests, errors)| {
            let tick = counter.read(TickCounts { requests, errors });
            (tick.requests, tick.errors)
        });
        (ticks.collect(), counter)
    }

    #[test]
    fn only_what_came_since_the_baseline_counts() {
        assert_eq!(read(&[(100, 5), (110, 6), (110, 6), (150, 9)]).0, [(0, 0), (10, 1), (0, 0), (40, 3)]);
    }

    #[test]
    fn a_counter_that_goes_back_counts_from_zero() {
        let (ticks, counter) = read(&[(120, 5), (7, 1), (9, 0)]);
        assert_eq!(ticks, [(20, 0), (7, 1), (9, 0)]);
        assert_eq!(counter.resets(), 2);
    }

    #[test]
    fn errors_read_before_their_request_wait_for_it() {
        assert_eq!(read(&[(101, 9), (102, 9), (110, 9)]).0, [(1, 1), (1, 1), (8, 2)]);
        assert_eq!(read(&[(101, 9), (50, 0), (60, 0)]).0, [(1, 1), (50, 0), (10, 0)], "a reset forgets them");
    }

    #[test]
    fn three_resets_are_a_crash_loop() {
        assert_eq!(read(&[(1, 0), (0, 0)]).1.crash_loop(4000), None);
        let sentence = "crash loop: counters went back 3 times in 4s";
        assert_eq!(read(&[(2, 0), (1, 0), (0, 0)]).1.crash_loop(4000).as_deref(), Some(sentence));
    }
}
