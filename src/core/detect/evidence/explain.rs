//! The detector's sentences.

use super::detector::EvidenceDetector;
use super::ending::CLEAR_BETA;
use super::purses::Leader;
use crate::core::detect::wording::{percent, percent_exact, rounded, span};

impl EvidenceDetector {
    /// How the soak stands: the counts, and how far it is from both decisions. What a soak that goes on or is held says.
    pub fn explain(&self) -> String {
        format!("{}; {}", self.standing(), self.weight_of(self.state.evidence))
    }

    /// The strongest stretch of failures with its counts, rate and span, and the evidence with its distance to the bar.
    pub(super) fn explain_breach(&self) -> String {
        let (counts, since_ms) = match self.state.purses.leader() {
            Leader::SinceStart => (self.state.seen, 0),
            Leader::Later(bet) => {
                let stretch = self.state.stretches.of(bet);
                (stretch.counts, stretch.since_ms)
            }
        };
        let within = span(self.state.now_ms - since_ms);
        format!("{} in the last {within}; {}", self.miss.of(counts), self.weight_of(self.state.evidence))
    }

    /// `4 of 900 requests failed (0.44 %) since the switch, at most 1 % with 95 % confidence`.
    pub(super) fn standing(&self) -> String {
        let seen = self.miss.of(self.state.seen);
        if self.state.seen.requests == 0 {
            return format!("{seen} since the switch");
        }
        let (bound, confidence) = (percent(self.upper_rate()), percent(1.0 - CLEAR_BETA));
        format!("{seen} since the switch, at most {bound} with {confidence} confidence")
    }

    /// `evidence 1:568 against ≤ 5 % (rollback at 1:100)`.
    pub(super) fn weight_of(&self, evidence: f64) -> String {
        let threshold = percent_exact(self.config.threshold);
        format!("evidence {} against ≤ {threshold} (rollback at {})", odds(evidence), odds(self.plan.bar))
    }
}

/// Evidence in nats as odds, `1:568`.
pub(super) fn odds(evidence: f64) -> String {
    // Beyond that the number says nothing more, and would overflow.
    format!("1:{}", rounded(evidence.min(700.0).exp()))
}

#[cfg(test)]
mod tests {
    use super::odds;

    #[test]
    fn evidence_reads_as_odds() {
        for (evidence, text) in [
            (0.0, "1:1"),
            (6.341_382_516, "1:568"),
            (9.774_687_574, "1:17,600"),
            (-0.777_246_243, "1:0.46"),
            (-4.958_631_149, "1:0.007"),
            (-40.0, "1:0"),
            (1.0, "1:2.7"),
            (100_f64.ln(), "1:100"),
            (40.0, "1:2e17"),
            (1e300, "1:1e304"),
        ] {
            assert_eq!(odds(evidence), text);
        }
    }
}
