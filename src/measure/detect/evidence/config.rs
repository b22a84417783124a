//! What the detector is asked to hold.

use serde::{Deserialize, Serialize};

/// What the evidence is against, and how long it may grow.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvidenceConfig {
    /// The largest acceptable share of failing requests, above 0 and below 1: `p0`.
    pub threshold: f64,
    /// `alpha`, 0.0005% (half the least setting: a judgement in two parts) to 20%: bounds rollbacks at the threshold.
    pub false_alarm: f64,
    /// No breach and no `healthy` on fewer requests, 1 to 1,000,000.
    pub min_requests: u64,
    /// Length of the soak window in milliseconds.
    pub window_ms: u64,
    /// Time between two ticks in milliseconds, above 0 and at most the window.
    pub tick_ms: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum EvidenceConfigError {
    #[error("threshold {0} is not above 0 and below 1")]
    Threshold(f64),
    #[error("false alarm bound {0} is not between 0.000005 and 0.2")]
    FalseAlarm(f64),
    #[error("min requests {0} is not between 1 and 1000000")]
    MinRequests(u64),
    #[error("tick of {tick_ms}ms is not above 0 and at most the window of {window_ms}ms")]
    Tick { tick_ms: u64, window_ms: u64 },
}

impl EvidenceConfig {
    /// Checks every range.
    pub fn validate(&self) -> Result<(), EvidenceConfigError> {
        /// Closer to 0 or 1 the odds of the bets are lost in rounding.
        const MARGIN: f64 = 1e-9;

        let &Self { threshold, false_alarm, min_requests, window_ms, tick_ms } = self;
        if !(MARGIN..=1.0 - MARGIN).contains(&threshold) {
            return Err(EvidenceConfigError::Threshold(threshold));
        }
        if !(0.000_005..=0.2).contains(&false_alarm) {
            return Err(EvidenceConfigError::FalseAlarm(false_alarm));
        }
        if !(1..=1_000_000).contains(&min_requests) {
            return Err(EvidenceConfigError::MinRequests(min_requests));
        }
        if !(1..=window_ms).contains(&tick_ms) {
            return Err(EvidenceConfigError::Tick { tick_ms, window_ms });
        }
        Ok(())
    }

    /// The same with half the false alarm bound, for one part of a judgement in two parts (union bound).
    #[must_use]
    pub fn halved(self) -> Self {
        Self { false_alarm: self.false_alarm / 2.0, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: EvidenceConfig =
        EvidenceConfig { threshold: 0.05, false_alarm: 0.01, min_requests: 20, window_ms: 300_000, tick_ms: 1000 };

    #[test]
    fn ranges_are_checked_and_named() {
        for (config, error) in [
            (EvidenceConfig { threshold: 0.0, ..GOOD }, "threshold 0 is not above 0 and below 1"),
            (EvidenceConfig { threshold: 1.0, ..GOOD }, "threshold 1 is not above 0 and below 1"),
            (EvidenceConfig { threshold: f64::NAN, ..GOOD }, "threshold NaN is not above 0 and below 1"),
            (EvidenceConfig { false_alarm: 0.3, ..GOOD }, "false alarm bound 0.3 is not between 0.000005 and 0.2"),
            (EvidenceConfig { false_alarm: 0.0, ..GOOD }, "false alarm bound 0 is not between 0.000005 and 0.2"),
            (EvidenceConfig { min_requests: 0, ..GOOD }, "min requests 0 is not between 1 and 1000000"),
            (EvidenceConfig { min_requests: 1_000_001, ..GOOD }, "min requests 1000001 is not between 1 and 1000000"),
            (EvidenceConfig { tick_ms: 0, ..GOOD }, "tick of 0ms is not above 0 and at most the window of 300000ms"),
            (
                EvidenceConfig { tick_ms: 300_001, ..GOOD },
                "tick of 300001ms is not above 0 and at most the window of 300000ms",
            ),
        ] {
            assert_eq!(config.validate().map_err(|error| error.to_string()), Err(error.to_owned()));
        }
    }

    #[test]
    fn the_ends_of_the_ranges_and_their_halves_are_allowed() {
        for false_alarm in [0.000_01, 0.2] {
            let config = EvidenceConfig { false_alarm, min_requests: 1_000_000, tick_ms: 300_000, ..GOOD };
            assert_eq!(config.validate().and(config.halved().validate()), Ok(()));
        }
    }
}
