//! The detector's sentences.

use super::detector::EvidenceDetector;
use super::ending::CLEAR_BETA;
use super::mixture::Leader;
use crate::number::{percent, percent_limit, span, wealth};

impl EvidenceDetector {
    /// How the soak stands: the counts, and how far it is from both decisions. What a soak that goes on or is held says.
    pub fn explain(&self) -> String {
        format!("{}; {}", self.standing(), self.weight_of(self.state.evidence))
    }

    pub(super) fn explain_breach(&self) -> String {
        let (counts, since_ms) = match self.state.mixture.leader() {
            Leader::SinceStart => (self.state.seen, 0),
            Leader::Later(bet) => {
                let stretch = self.state.stretches.of(bet);
                (stretch.counts, stretch.since_ms)
            }
        };
        let within = span(self.state.now_ms - since_ms);
        format!("{} in the last {within}; {}", self.bad_event.of(counts), self.weight_of(self.state.evidence))
    }

    /// `4 of 900 requests failed (0.44%) since the switch, at most 1% with 95% confidence`.
    pub(super) fn standing(&self) -> String {
        let seen = self.bad_event.of(self.state.seen);
        if self.state.seen.requests == 0 {
            return format!("{seen} since the switch");
        }
        let (bound, confidence) = (percent(self.upper_rate()), percent(1.0 - CLEAR_BETA));
        format!("{seen} since the switch, at most {bound} with {confidence} confidence")
    }

    /// `evidence 568× against a rate of 5% or less (acts at 100×)`.
    pub(super) fn weight_of(&self, evidence: f64) -> String {
        let threshold = percent_limit(self.config.threshold);
        format!(
            "evidence {} against a rate of {threshold} or less (acts at {})",
            wealth(evidence),
            wealth(self.plan.bar)
        )
    }
}
