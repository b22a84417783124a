//! Rounds of samples, and when a tick is due.

use std::collections::BTreeSet;

use super::sampler_pool::Job;

/// A gap is reported if nothing ran for three intervals and this long.
const GAP_MS: u64 = 5_000;

#[derive(Debug)]
pub struct SamplingRounds {
    interval_ms: u64,
    last_tick_ms: u64,
    open: Option<Round>,
}

#[derive(Debug)]
struct Round {
    waiting: BTreeSet<Job>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Scheduled ticks that never ran.
    pub skipped: u32,
    /// How long nothing ran, if that is reported.
    pub gap_ms: Option<u64>,
}

impl SamplingRounds {
    /// No round yet, and nothing missed before `at_ms`.
    pub const fn new(interval_ms: u64, at_ms: u64) -> Self {
        Self { interval_ms, last_tick_ms: at_ms, open: None }
    }

    /// Opens a round that waits for the answers of these jobs.
    pub fn open(&mut self, waiting: impl IntoIterator<Item = Job>) {
        let mut round = Round { waiting: BTreeSet::new() };
        round.waiting.extend(waiting);
        self.open = Some(round);
    }

    pub const fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Records the answer of a job; `true` if that completes the round.
    pub fn answered(&mut self, job: &Job) -> bool {
        match &mut self.open {
            Some(round) => round.waiting.remove(job) && round.waiting.is_empty(),
            None => false,
        }
    }

    pub fn close(&mut self, at_ms: u64) -> Due {
        self.open = None;
        let elapsed = at_ms.saturating_sub(self.last_tick_ms);
        self.last_tick_ms = at_ms;
        let ticks = elapsed.saturating_add(self.interval_ms / 2) / self.interval_ms.max(1);
        let skipped = u32::try_from(ticks.saturating_sub(1)).unwrap_or(u32::MAX);
        let worth_telling = elapsed > self.interval_ms.saturating_mul(3).saturating_add(GAP_MS);
        Due { skipped, gap_ms: worth_telling.then(|| elapsed.saturating_sub(self.interval_ms)) }
    }

    /// Resets the round: the time before now was spent on a move, and nothing was missed.
    pub fn restart(&mut self, at_ms: u64) {
        self.open = None;
        self.last_tick_ms = at_ms;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Color;

    #[test]
    fn a_round_is_complete_when_the_last_job_is_answered() {
        let mut rounds = SamplingRounds::new(1_000, 0);
        rounds.open([Job::Scrape(Color::Green, 0), Job::Query(1)]);
        assert!(!rounds.answered(&Job::Scrape(Color::Green, 0)));
        assert!(!rounds.answered(&Job::Scrape(Color::Green, 0)), "the same one again");
        assert!(!rounds.answered(&Job::Scrape(Color::Blue, 1)), "another color's");
        assert!(rounds.answered(&Job::Query(1)));
        assert_eq!(rounds.close(1_010), Due { skipped: 0, gap_ms: None });
        assert!(!rounds.is_open());
        assert!(!rounds.answered(&Job::Query(1)), "after its time");
    }

    #[test]
    fn ticks_that_never_ran_are_counted_and_a_long_gap_is_told() {
        let mut rounds = SamplingRounds::new(1_000, 0);
        rounds.close(1_000);
        assert_eq!(rounds.close(2_400), Due { skipped: 0, gap_ms: None }, "late is not missed");
        assert_eq!(rounds.close(5_400), Due { skipped: 2, gap_ms: None });
        assert_eq!(rounds.close(65_400), Due { skipped: 59, gap_ms: Some(59_000) });
        rounds.restart(300_000);
        assert_eq!(rounds.close(301_000), Due { skipped: 0, gap_ms: None });
    }
}
