//! The closing judgement.

use serde::{Deserialize, Serialize};

use super::detector::{EvidenceDetector, State};
use super::numerics::{binomial_cdf, upper_bound};
use crate::detect::closing::{Closing, ClosingVerdict};
use crate::detect::counts::to_f64;
use crate::number::{percent_limit, span, thousands, wealth, whole};

/// `healthy` needs an upper confidence bound of `1 - CLEAR_BETA` below the threshold.
pub(super) const CLEAR_BETA: f64 = 0.05;

/// `healthy` needs less evidence than this against the release.
const CALM_WEALTH: f64 = 10.0;

/// The least time without traffic that is noticed at the end, in milliseconds; and in mean gaps between two requests.
const QUIET_MS: u64 = 10_000;
const QUIET_GAPS: f64 = 10.0;

/// What the end of the window brings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// The judgement.
    Closed(Closing),
    /// Trouble too young to be told from a blip: the soak runs on for at most so many ticks (no extension), then is judged again.
    RunOn {
        /// Ticks, at least 1.
        ticks: u64,
    },
}

impl EvidenceDetector {
    /// The judgement at the window's end `at_ms`, after `overtime` ticks of running on; earlier: if it ended now.
    pub fn close(&self, at_ms: u64, overtime: u64) -> Ending {
        let min_ticks = self.plan.min_ticks;
        let run = self.state.cusum.run();
        let patience = min_ticks.saturating_sub(overtime);
        if self.in_trouble() && run < min_ticks && patience > 0 {
            return Ending::RunOn { ticks: patience.min(min_ticks - run) };
        }
        Ending::Closed(self.conclude(at_ms))
    }

    /// The same without running on: there is nothing more to come.
    pub fn conclude(&self, at_ms: u64) -> Closing {
        self.breached().or_else(|| self.blind()).or_else(|| self.starved(at_ms)).unwrap_or_else(|| self.cleared())
    }

    /// Whether that is `healthy`. It is asked at every tick, and forms no sentence of it.
    pub fn concludes_healthy(&self, at_ms: u64) -> bool {
        self.breached().or_else(|| self.blind()).or_else(|| self.starved(at_ms)).is_none() && self.is_cleared()
    }

    /// Whether the soak would end `healthy` if it ended `at_ms` milliseconds after its start.
    pub fn healthy_at(&self, at_ms: u64) -> bool {
        !self.in_trouble() && self.concludes_healthy(at_ms)
    }

    /// Whether trouble that nothing contradicts has the evidence without the blip cap, which is a fair bet too.
    fn in_trouble(&self) -> bool {
        let state = &self.state;
        let running = state.cusum.run() > 0 && !state.cusum.contradicted();
        state.breach.is_none() && running && state.uncapped >= self.plan.bar && self.enough()
    }

    /// A breach, also one that showed too late for the rule of every tick: half of 100 requests failed, and then silence.
    fn breached(&self) -> Option<Closing> {
        let state = &self.state;
        let reason = state.breach.clone().or_else(|| {
            let sustained = self.in_trouble() && state.cusum.run() >= self.plan.min_ticks;
            sustained.then(|| {
                let (seen, weight) = (self.bad_event.of(state.seen), self.weight_of(state.uncapped));
                format!("{seen} since the switch, and nothing since to contradict it; {weight}")
            })
        })?;
        Some(Closing::new(ClosingVerdict::Breached, reason))
    }

    fn blind(&self) -> Option<Closing> {
        let &State { missed, ticks, seen, .. } = &self.state;
        (missed > ticks / 2).then(|| {
            let reason =
                format!("{} of {} ticks are missing; {}", thousands(missed), thousands(ticks), self.bad_event.of(seen));
            Closing::new(ClosingVerdict::Inconclusive, reason)
        })
    }

    fn starved(&self, at_ms: u64) -> Option<Closing> {
        let seen = self.state.seen;
        let quiet_ms = at_ms.saturating_sub(self.state.request_ms);
        let reason = if seen.requests == 0 {
            "no request reached the new color".to_owned()
        } else if to_f64(quiet_ms) > self.longest_quiet(at_ms) {
            format!("no traffic for the last {}; before that {}", span(quiet_ms), self.bad_event.of(seen))
        } else if to_f64(seen.requests) < self.needed() {
            let (needed, threshold) = (whole(self.needed()), percent_limit(self.config.threshold));
            format!("{}; {needed} requests are needed to clear {threshold}", self.bad_event.of(seen))
        } else {
            return None;
        };
        Some(Closing::new(ClosingVerdict::InsufficientData, reason))
    }

    /// The longest silence before `at_ms` that says nothing, in milliseconds.
    fn longest_quiet(&self, at_ms: u64) -> f64 {
        let least = QUIET_MS.max(at_ms.min(self.config.window_ms) / 4);
        let gap = to_f64(self.state.request_ms) / to_f64(self.state.seen.requests);
        to_f64(least).max(QUIET_GAPS * gap)
    }

    fn is_cleared(&self) -> bool {
        let seen = self.state.seen;
        is_calm(self.state.evidence) && self.clears(to_f64(seen.requests), to_f64(seen.errors))
    }

    fn cleared(&self) -> Closing {
        if self.is_cleared() {
            let reason = format!("{}; highest evidence against it {}", self.standing(), wealth(self.state.peak));
            Closing::new(ClosingVerdict::Healthy, reason)
        } else {
            let threshold = percent_limit(self.config.threshold);
            let reason =
                format!("{}: cannot be distinguished from {threshold}; {}", self.standing(), self.explain_breach());
            Closing::new(ClosingVerdict::Inconclusive, reason)
        }
    }

    pub(super) fn needed(&self) -> f64 {
        requests_to_clear(self.config.threshold, self.config.min_requests)
    }

    pub(super) fn clears(&self, requests: f64, errors: f64) -> bool {
        let (requests, errors) = self.undispersed(requests, errors);
        let threshold = self.config.threshold;
        errors < threshold * requests && binomial_cdf(errors, requests, threshold) <= CLEAR_BETA
    }

    pub(super) fn upper_rate(&self) -> f64 {
        *self.upper_rate.0.get_or_init(|| {
            let (requests, errors) = self.undispersed(to_f64(self.state.seen.requests), to_f64(self.state.seen.errors));
            upper_bound(errors, requests, CLEAR_BETA)
        })
    }

    /// The whole numbers of independent requests and errors that say as much.
    fn undispersed(&self, requests: f64, errors: f64) -> (f64, f64) {
        let dispersion = self.state.sample_size.dispersion();
        let requests = (requests / dispersion).round_ties_even().max(1.0);
        (requests, (errors / dispersion).round_ties_even())
    }
}

/// `min_requests`, or `ln 0.05 / ln(1 - threshold)`: fewer, all good, would not clear it (Clopper and Pearson, 1934).
pub fn requests_to_clear(threshold: f64, min_requests: u64) -> f64 {
    let informative = (CLEAR_BETA.ln() / (-threshold).ln_1p()).ceil();
    informative.max(to_f64(min_requests))
}

pub(super) fn is_calm(evidence: f64) -> bool {
    evidence < CALM_WEALTH.ln()
}
