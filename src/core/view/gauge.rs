//! How far a check is from a breach.

use crate::config::Baseline;
use crate::core::soak::{Machine, Observation};
use crate::model::CheckId;
use crate::model::number::{percent, span, wealth};

/// How far a check is from a breach.
#[derive(Clone, Debug, PartialEq)]
pub struct Gauge {
    /// What is measured: `evidence`, `margin`, `streak` or `for`.
    pub label: &'static str,
    /// Its value in a word: `90×`, `58%`, `2 of 3`.
    pub text: String,
    /// The same as a share of what makes a breach: 1 and more is one. Below 0 where there is evidence for the release.
    pub toward: f64,
    /// What makes a breach, as `text` says it: `100×`, `3 of 3`.
    pub bar: String,
}

impl Gauge {
    pub(super) fn of(machine: &Machine, seen: &Observation) -> Option<Self> {
        match (&seen.check, seen.evidence, seen.value) {
            (CheckId::Readiness, ..) => Some(Self::streak(machine)),
            (CheckId::ErrorRate, Some(evidence), _) => Some(Self::evidence(evidence, evidence_bar(machine))),
            (CheckId::Named(_), _, value) => {
                let check = machine.check(&seen.check)?;
                match check.streak() {
                    Some((lasted_ms, wanted_ms)) => Some(Self::lasting(lasted_ms, wanted_ms)),
                    None => value.and_then(|value| check.margin(value)).map(Self::of_margin),
                }
            }
            (_, _, Some(value)) => Self::margin(value, seen.threshold),
            _ => None,
        }
    }

    /// Evidence, on the way to the evidence that makes a breach; nats are logs, so the share is one of logs.
    fn evidence(evidence: f64, bar: f64) -> Self {
        Self { label: "evidence", text: wealth(evidence), toward: share(evidence, bar), bar: wealth(bar) }
    }

    /// What is left to the threshold, as a share of it.
    fn margin(value: f64, threshold: f64) -> Option<Self> {
        let used = value / threshold;
        used.is_finite().then(|| Self::of_margin(1.0 - used))
    }

    /// The same, known as a share of the threshold.
    fn of_margin(left: f64) -> Self {
        Self { label: "margin", text: percent(left.max(0.0)), toward: (1.0 - left).max(0.0), bar: percent(0.0) }
    }

    /// How long a value has been beyond its threshold, of the time that makes a breach.
    fn lasting(lasted_ms: u64, wanted_ms: u64) -> Self {
        let seconds = |ms: u64| f64::from(u32::try_from(ms / 1000).unwrap_or(u32::MAX));
        let text = format!("{} of {}", span(lasted_ms / 1000 * 1000), span(wanted_ms));
        Self { label: "for", text, toward: share(seconds(lasted_ms), seconds(wanted_ms)), bar: span(wanted_ms) }
    }

    /// The longest run of failed probes that more than half of the instances share.
    fn streak(machine: &Machine) -> Self {
        let wanted = machine.settings().readiness.failures;
        let mut failed = machine.failed_probes();
        failed.sort_unstable_by(|a, b| b.cmp(a));
        let shared = failed.get(failed.len() / 2).copied().unwrap_or(0);
        let text = format!("{} of {wanted}", shared.min(wanted));
        Self {
            label: "streak",
            text,
            toward: share(f64::from(shared), f64::from(wanted)),
            bar: format!("{wanted} of {wanted}"),
        }
    }
}

fn share(part: f64, whole: f64) -> f64 {
    let share = part / whole;
    if share.is_finite() { share } else { 0.0 }
}

/// The evidence in nats that makes a breach: `ln(1 / alpha)`, with half of alpha where the previous color's rate judges as well
/// (`docs/backend/detection.md`).
fn evidence_bar(machine: &Machine) -> f64 {
    let settings = &machine.settings().error_rate;
    let judges = settings.baseline == Baseline::Judge && machine.baseline().is_some();
    let alpha = if judges { settings.false_alarm.0 / 2.0 } else { settings.false_alarm.0 };
    -alpha.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_is_a_share_of_what_makes_a_breach() {
        let bar = 100_f64.ln();
        for (nats, text, share) in
            [(0.0, "1×", 0.0), (10_f64.ln(), "10×", 0.5), (-bar, "0.01×", -1.0), (2.0 * bar, "10,000×", 2.0)]
        {
            let gauge = Gauge::evidence(nats, bar);
            assert_eq!(gauge.text, text);
            assert!((gauge.toward - share).abs() < 1e-9, "{nats}");
            assert_eq!(gauge.bar, "100×");
        }
    }

    #[test]
    fn the_margin_is_what_is_left_to_the_threshold() {
        let gauge = Gauge::margin(0.02, 0.05).unwrap();
        assert_eq!((gauge.text.as_str(), gauge.label), ("60%", "margin"));
        assert!((gauge.toward - 0.4).abs() < 1e-9);
        assert_eq!(Gauge::margin(0.2, 0.05).unwrap().text, "0%");
        assert_eq!(Gauge::margin(0.2, 0.0), None);
    }
}
