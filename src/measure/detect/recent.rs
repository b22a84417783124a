//! The counts of the last ten seconds, in bounded memory.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::counts::TickCounts;

/// How far back "recent" reaches, in milliseconds.
pub const RECENT_MS: u64 = 10_000;

/// Ticks closer together than this share an entry, which bounds the ring to 100 of them.
const RESOLUTION_MS: u64 = 100;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Entry {
    since_ms: u64,
    at_ms: u64,
    counts: TickCounts,
}

/// Requests and errors of the good ticks in the last [`RECENT_MS`]. A tick that is longer than that counts as a whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RecentCounts {
    entries: VecDeque<Entry>,
    last_good_ms: u64,
    now_ms: u64,
}

impl RecentCounts {
    /// Takes in one tick at `at_ms` since the start; `None` for a missing one. An earlier `at_ms` counts as the latest one seen.
    pub fn tick(&mut self, at_ms: u64, counts: Option<TickCounts>) {
        self.now_ms = at_ms.max(self.now_ms);
        if let Some(counts) = counts {
            self.add(counts.clamped());
        }
        while self.entries.front().is_some_and(|entry| entry.at_ms.saturating_add(RECENT_MS) <= self.now_ms) {
            self.entries.pop_front();
        }
    }

    fn add(&mut self, counts: TickCounts) {
        let at_ms = self.now_ms;
        match self.entries.back_mut() {
            Some(last) if at_ms < last.at_ms.saturating_add(RESOLUTION_MS) => last.counts = last.counts.plus(counts),
            _ => self.entries.push_back(Entry { since_ms: self.last_good_ms, at_ms, counts }),
        }
        self.last_good_ms = at_ms;
    }

    pub fn counts(&self) -> TickCounts {
        self.entries.iter().fold(TickCounts::default(), |sum, entry| sum.plus(entry.counts))
    }

    pub fn rate(&self) -> Option<f64> {
        self.counts().rate()
    }

    pub fn span_ms(&self) -> u64 {
        self.entries.front().map_or(0, |entry| self.now_ms - entry.since_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn counts(requests: u64, errors: u64) -> TickCounts {
        TickCounts { requests, errors }
    }

    #[test]
    fn only_the_last_ten_seconds_count() {
        let mut recent = RecentCounts::default();
        for second in 1..=30 {
            recent.tick(second * 1000, Some(counts(10, u64::from(second == 20))));
        }
        assert_eq!(recent.counts(), counts(100, 0));
        assert_eq!(recent.span_ms(), 10_000);
    }

    #[test]
    fn a_tick_longer_than_ten_seconds_counts_as_a_whole() {
        let mut recent = RecentCounts::default();
        recent.tick(30_000, Some(counts(5, 5)));
        recent.tick(60_000, Some(counts(40, 1)));
        assert_eq!(recent.rate(), Some(0.025));
        assert_eq!(recent.span_ms(), 30_000);
    }

    #[test]
    fn missing_ticks_add_nothing_and_old_counts_fade() {
        let mut recent = RecentCounts::default();
        recent.tick(1000, Some(counts(4, 1)));
        recent.tick(2000, None);
        assert_eq!(recent.rate(), Some(0.25));
        recent.tick(11_000, None);
        assert_eq!(recent.rate(), None);
        assert_eq!(recent.span_ms(), 0);
    }

    #[test]
    fn the_ring_is_bounded_however_fast_ticks_come() {
        let mut recent = RecentCounts::default();
        for at in 0..60_000 {
            recent.tick(at, Some(counts(1, 0)));
        }
        assert!(recent.entries.len() <= 100, "{} entries", recent.entries.len());
        assert!(recent.counts().requests > 9_800);
    }

    #[test]
    fn time_never_runs_backwards() {
        let mut recent = RecentCounts::default();
        recent.tick(50_000, Some(counts(1, 0)));
        recent.tick(10_000, Some(counts(1, 1)));
        assert_eq!(recent.counts(), counts(2, 1));
    }
}
