//! What comes next if nothing changes.

use serde::{Deserialize, Serialize};

use super::detector::EvidenceDetector;
use super::ending::is_calm;
use super::plan::seconds;
use crate::detect::counts::{TickCounts, to_f64};
use crate::detect::recent::RecentCounts;

/// A breach is looked for so many ticks ahead.
const BREACH_TICKS: u64 = 120;

/// `healthy` is looked for so many milliseconds ahead: the longest window there is.
const HEALTHY_MS: u64 = 24 * 60 * 60 * 1000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outlook {
    /// Whether it would end `healthy` if it ended now.
    pub healthy_so_far: bool,
    /// Milliseconds until it ends `healthy`, not before the window's end; `None` when that is not in sight.
    pub healthy_in_ms: Option<u64>,
    /// Milliseconds until it breaches; `None` when that is not in sight within 120 ticks.
    pub breach_in_ms: Option<u64>,
}

impl EvidenceDetector {
    /// Looks ahead from `at_ms` at the rate of `recent`. Costs up to 120 ticks of work: for the eye, not for every event.
    pub fn outlook(&self, at_ms: u64, recent: &RecentCounts) -> Outlook {
        Outlook {
            healthy_so_far: self.healthy_at(at_ms),
            healthy_in_ms: self.healthy_in(at_ms, recent),
            breach_in_ms: self.breach_in(at_ms, recent),
        }
    }

    /// Lets a copy of the state, which is small, live through the coming ticks.
    fn breach_in(&self, at_ms: u64, recent: &RecentCounts) -> Option<u64> {
        if recent.rate().is_none_or(|rate| rate <= self.config.threshold) {
            return None;
        }
        let mut ahead = self.clone();
        (1..=BREACH_TICKS).map(|tick| tick.saturating_mul(self.config.tick_ms)).find(|later_ms| {
            let before_ms = later_ms - self.config.tick_ms;
            ahead.tick(at_ms.saturating_add(*later_ms), Some(between(recent, before_ms, *later_ms)));
            ahead.breach().is_some()
        })
    }

    fn healthy_in(&self, at_ms: u64, recent: &RecentCounts) -> Option<u64> {
        let remaining_ms = self.config.window_ms.saturating_sub(at_ms);
        if recent.rate().is_none() {
            return self.healthy_at(at_ms.saturating_add(remaining_ms)).then_some(remaining_ms);
        }
        let would_clear = |later_ms: u64| self.would_clear(later_ms, recent);
        if would_clear(remaining_ms) {
            return Some(remaining_ms);
        }
        let tick_ms = self.config.tick_ms;
        let doublings = std::iter::successors(Some(remaining_ms.max(tick_ms)), |later_ms| later_ms.checked_mul(2));
        let late_ms = doublings.take_while(|later_ms| *later_ms <= 2 * HEALTHY_MS).find(|later| would_clear(*later))?;
        // Between half of it, where it would not clear yet, and this point lies the first tick at which it would.
        let (mut early_ms, mut late_ms) = (remaining_ms.max(late_ms / 2), late_ms);
        while late_ms - early_ms > tick_ms {
            let middle_ms = u64::midpoint(early_ms, late_ms);
            if would_clear(middle_ms) { late_ms = middle_ms } else { early_ms = middle_ms }
        }
        Some(late_ms)
    }

    fn would_clear(&self, later_ms: u64, recent: &RecentCounts) -> bool {
        let state = &self.state;
        let pace = to_f64(later_ms) / to_f64(recent.span_ms().max(1));
        let requests = to_f64(state.seen.requests) + pace * to_f64(recent.counts().requests);
        let errors = to_f64(state.seen.errors) + pace * to_f64(recent.counts().errors);
        let ticks = later_ms / self.config.tick_ms;
        state.missed <= state.ticks.saturating_add(ticks) / 2
            && state.breach.is_none()
            && requests >= self.needed()
            && self.clears(requests, errors)
            && is_calm(self.evidence_after(ticks, recent))
    }

    fn evidence_after(&self, ticks: u64, recent: &RecentCounts) -> f64 {
        let pace = to_f64(self.config.tick_ms) / to_f64(recent.span_ms().max(1));
        let requests = pace * to_f64(recent.counts().requests);
        let errors = pace * to_f64(recent.counts().errors);
        let counting = requests.min(self.plan.refill * seconds(self.config.tick_ms));
        let discount = self.state.sample_size.discount(requests, counting);
        let ticks = to_f64(ticks);
        let mut mixture = self.state.mixture.clone();
        let log_ratios = self.plan.bets.log_ratios(requests, errors, discount).map(|ratio| ticks * ratio);
        mixture.play(&log_ratios, &self.plan.caps.over(ticks));
        mixture.evidence()
    }
}

fn between(recent: &RecentCounts, from_ms: u64, to_ms: u64) -> TickCounts {
    let until = |count: u64, later_ms: u64| {
        let expected = u128::from(count) * u128::from(later_ms) / u128::from(recent.span_ms().max(1));
        u64::try_from(expected).unwrap_or(u64::MAX)
    };
    let counts = recent.counts();
    let of = |count: u64| until(count, to_ms) - until(count, from_ms);
    TickCounts { requests: of(counts.requests), errors: of(counts.errors) }
}
