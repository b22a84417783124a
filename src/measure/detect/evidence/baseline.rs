//! What the previous color's error rate allows the new one.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::config::EvidenceConfig;
use super::numerics::upper_bound;
use super::plan::seconds;
use crate::detect::counts::{TickCounts, to_f64};

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BaselineRule {
    /// The share by which the rate may exceed the previous color's; 1 allows twice its rate.
    pub margin: f64,
    /// The relative threshold is never below this share of requests.
    pub floor: f64,
}

impl Default for BaselineRule {
    /// Twice the old rate, and at least 0.5%.
    fn default() -> Self {
        Self { margin: 1.0, floor: 0.005 }
    }
}

impl BaselineRule {
    /// `min(p0, max(floor, (1 + margin) × Clopper-Pearson bound at false_alarm / 2))`; `p0` without old requests.
    pub fn threshold(&self, old: TickCounts, config: &EvidenceConfig) -> f64 {
        let old = old.clamped();
        let bound = upper_bound(to_f64(old.errors), to_f64(old.requests), config.false_alarm / 2.0);
        ((1.0 + self.margin) * bound).max(self.floor).min(config.threshold)
    }

    /// The relative part: its threshold, half the false alarm bound; the absolute one has [`EvidenceConfig::halved`].
    #[must_use]
    pub fn relative(&self, old: TickCounts, config: &EvidenceConfig) -> EvidenceConfig {
        EvidenceConfig { threshold: self.threshold(old, config), ..config.halved() }
    }
}

/// The share of bad events that the previous color excuses, where above `allowed`: its upper bound (Clopper-Pearson at
/// `false_alarm / 2`, at most 99.9%). None if less than half of what is allowed was seen: the bound would be vague.
pub fn excused(old: TickCounts, allowed: f64, false_alarm: f64) -> Option<f64> {
    const MAX: f64 = 0.999;
    const OF_ALLOWED: f64 = 0.5;

    let old = old.clamped();
    if old.rate()? <= allowed * OF_ALLOWED {
        return None;
    }
    let bound = upper_bound(to_f64(old.errors), to_f64(old.requests), false_alarm / 2.0);
    Some(bound.min(MAX)).filter(|bound| *bound > allowed)
}

/// How long the new color may be without a request before the switch is doubted: `max(3s, ln(T / alpha) / (0.1 × old
/// rate))`, a gap of probability `alpha` in `T` seconds at a tenth of the old rate. `None` without old traffic.
pub fn longest_silence(old: TickCounts, measured_ms: u64, config: &EvidenceConfig) -> Option<Duration> {
    const MIN_S: f64 = 3.0;
    const SHARE_OF_OLD: f64 = 0.1;

    if old.requests == 0 {
        return None;
    }
    let requests_per_s = to_f64(old.requests) / seconds(measured_ms);
    let longest_s = (seconds(config.window_ms) / config.false_alarm).ln() / (SHARE_OF_OLD * requests_per_s);
    Duration::try_from_secs_f64(longest_s.max(MIN_S)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: EvidenceConfig =
        EvidenceConfig { threshold: 0.05, false_alarm: 0.01, min_requests: 20, window_ms: 300_000, tick_ms: 1000 };

    #[test]
    fn the_relative_threshold_follows_the_old_color_between_floor_and_threshold() {
        // Computed with the executable specification: margin 1, false alarm 1%, threshold 5%, floor 0.5%.
        for (requests, errors, threshold) in [
            (0, 0, 0.05),
            (100, 0, 0.05),
            (1000, 0, 0.010_568_612_078_994_887),
            (2000, 3, 0.010_955_605_919_684_4),
            (2000, 20, 0.034_540_877_956_440_19),
            (2000, 60, 0.05),
            (100_000, 0, 0.005),
            (100_000, 500, 0.011_207_235_566_004_189),
        ] {
            let relative = BaselineRule::default().threshold(TickCounts { requests, errors }, &CONFIG);
            assert!((relative - threshold).abs() < 1e-9 * threshold, "{errors} of {requests}: {relative}");
        }
    }

    #[test]
    fn what_was_bad_before_is_excused_and_little_data_is_not_taken_for_bad() {
        for (requests, errors, limit) in [
            (0, 0, None),
            (100, 0, None),
            (100_000, 400, None),
            (600, 24, Some((0.04, 0.07))),
            (100_000, 4_000, Some((0.04, 0.042))),
            (100_000, 900, None),
            (2_000, 20, Some((0.01, 0.02))),
            (50, 50, Some((0.998, 0.9991))),
        ] {
            let found = excused(TickCounts { requests, errors }, 0.01, 0.01);
            match (found, limit) {
                (None, None) => {}
                (Some(found), Some((least, most))) => assert!((least..most).contains(&found), "{errors}: {found}"),
                other => panic!("{errors} of {requests}: {other:?}"),
            }
        }
    }

    #[test]
    fn each_part_of_the_judgement_has_half_the_false_alarm_bound() {
        let relative = BaselineRule::default().relative(TickCounts { requests: 100_000, errors: 0 }, &CONFIG);
        assert_eq!(relative, EvidenceConfig { threshold: 0.005, false_alarm: 0.005, ..CONFIG });
    }

    #[test]
    fn the_longest_silence_follows_from_the_old_traffic() {
        // ln(300 / 0.01) = 10.309 mean gaps at a tenth of the old traffic.
        for (requests, longest_ms) in [(0, None), (3, Some(1_030_895)), (300, Some(10_308)), (1_000_000, Some(3000))] {
            let longest = longest_silence(TickCounts { requests, errors: 0 }, 30_000, &CONFIG);
            assert_eq!(longest.map(|longest| longest.as_millis()), longest_ms, "{requests} requests in 30s");
        }
        assert_eq!(longest_silence(TickCounts::default(), 0, &CONFIG), None, "the previous color was not looked at");
    }
}
