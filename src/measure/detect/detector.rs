//! Either method, with one face.

use serde::{Deserialize, Serialize};

use super::bad_event::BadEvent;
use super::closing::{Closing, ClosingVerdict};
use super::counts::TickCounts;
use super::evidence::{Ending, EvidenceDetector};
use super::window::WindowDetector;

/// A detector of either method. Time is in milliseconds since the start of the window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "lowercase")]
pub enum Detector {
    /// Sequential evidence.
    Evidence(Box<EvidenceDetector>),
    /// The plain rule.
    Window(WindowDetector),
}

impl Detector {
    /// Takes in one tick: what came since the last good one, or `None` when the tick is missing.
    pub fn tick(&mut self, at_ms: u64, counts: Option<TickCounts>) {
        match self {
            Self::Evidence(detector) => detector.tick(at_ms, counts),
            Self::Window(detector) => detector.tick(at_ms, counts),
        }
    }

    /// From now on its sentences speak of this.
    pub const fn speak_of(&mut self, bad_event: BadEvent) {
        match self {
            Self::Evidence(detector) => detector.speak_of(bad_event),
            Self::Window(detector) => detector.speak_of(bad_event),
        }
    }

    /// Counts `ticks` scheduled ticks that never ran as missing.
    pub fn skip(&mut self, ticks: u64) {
        match self {
            Self::Evidence(detector) => detector.skip(ticks),
            Self::Window(detector) => detector.skip(ticks),
        }
    }

    /// The sentence of the breach, once there is one.
    pub fn breach(&self) -> Option<&str> {
        match self {
            Self::Evidence(detector) => detector.breach(),
            Self::Window(detector) => detector.breach(),
        }
    }

    /// Everything counted since the start.
    pub fn seen(&self) -> TickCounts {
        match self {
            Self::Evidence(detector) => detector.seen(),
            Self::Window(detector) => detector.seen(),
        }
    }

    /// The evidence against the release in nats, where the method has any.
    pub fn evidence(&self) -> Option<f64> {
        match self {
            Self::Evidence(detector) => Some(detector.evidence()),
            Self::Window(_) => None,
        }
    }

    /// The highest evidence so far in nats, where the method has any.
    pub fn peak_evidence(&self) -> Option<f64> {
        match self {
            Self::Evidence(detector) => Some(detector.peak_evidence()),
            Self::Window(_) => None,
        }
    }

    /// How the soak stands, and how far it is from a decision.
    pub fn explain(&self) -> String {
        match self {
            Self::Evidence(detector) => detector.explain(),
            Self::Window(detector) => detector.explain(),
        }
    }

    /// The judgement if the window ends at `at_ms` and the soak already ran on for `overtime` ticks.
    pub fn close(&self, at_ms: u64, overtime: u64) -> Ending {
        match self {
            Self::Evidence(detector) => detector.close(at_ms, overtime),
            Self::Window(detector) => Ending::Closed(detector.close(at_ms)),
        }
    }

    /// The same without running on: there is nothing more to come.
    pub fn conclude(&self, at_ms: u64) -> Closing {
        match self {
            Self::Evidence(detector) => detector.conclude(at_ms),
            Self::Window(detector) => detector.close(at_ms),
        }
    }

    /// Whether that is `healthy`. It is asked at every tick.
    pub fn concludes_healthy(&self, at_ms: u64) -> bool {
        match self {
            Self::Evidence(detector) => detector.concludes_healthy(at_ms),
            Self::Window(detector) => detector.close(at_ms).verdict == ClosingVerdict::Healthy,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::{EvidenceConfig, WindowConfig};

    fn both() -> [Detector; 2] {
        let config =
            EvidenceConfig { threshold: 0.05, false_alarm: 0.01, min_requests: 20, window_ms: 60_000, tick_ms: 1000 };
        let window = WindowConfig { threshold: 0.05, min_requests: 20, window_ms: 60_000 };
        [
            Detector::Evidence(Box::new(EvidenceDetector::new(config).unwrap())),
            Detector::Window(WindowDetector::new(window)),
        ]
    }

    fn watch(detector: &mut Detector, counts: TickCounts) {
        for second in 1..=60 {
            detector.tick(second * 1000, Some(counts));
        }
    }

    #[test]
    fn both_methods_tell_a_good_release_from_a_bad_one() {
        for (errors, verdict) in [(0, ClosingVerdict::Healthy), (25, ClosingVerdict::Breached)] {
            for mut detector in both() {
                watch(&mut detector, TickCounts { requests: 50, errors });
                assert_eq!(detector.breach().is_some(), errors > 0);
                let closing = detector.conclude(60_000);
                assert_eq!(closing.verdict, verdict, "{}", closing.reason);
                assert_eq!(detector.concludes_healthy(60_000), verdict == ClosingVerdict::Healthy);
                assert_eq!(detector.close(60_000, 0), Ending::Closed(closing));
            }
        }
    }

    #[test]
    fn both_methods_count_and_explain() {
        for mut detector in both() {
            watch(&mut detector, TickCounts { requests: 50, errors: 1 });
            assert_eq!(detector.seen(), TickCounts { requests: 3000, errors: 60 });
            assert!(detector.explain().contains(" requests failed (2%)"), "{}", detector.explain());
            detector.skip(61);
            assert!(
                matches!(detector.close(60_000, 0), Ending::Closed(closing) if closing.reason.contains("61 of 121"))
            );
        }
    }

    #[test]
    fn both_methods_speak_of_slow_requests_and_judge_them_alike() {
        for mut detector in both() {
            detector.speak_of(BadEvent::Slower { than_ms: 250.0 });
            watch(&mut detector, TickCounts { requests: 50, errors: 25 });
            let breach = detector.breach().unwrap();
            assert!(breach.contains(" requests took longer than 250ms (50%)"), "{breach}");
        }
    }

    #[test]
    fn only_one_method_has_evidence_and_each_names_itself_when_saved() {
        for (mut detector, (has, method)) in both().into_iter().zip([(true, "evidence"), (false, "window")]) {
            watch(&mut detector, TickCounts { requests: 50, errors: 1 });
            assert_eq!((detector.evidence().is_some(), detector.peak_evidence().is_some()), (has, has));
            let saved = serde_json::to_value(&detector).unwrap();
            assert_eq!(saved["method"], method);
            assert_eq!(serde_json::from_value::<Detector>(saved).unwrap(), detector);
        }
    }
}
