//! Verdicts as shown: never healthy above a limit, and without flicker. Decisions do not use them.

use crate::core::soak::{Machine, Observation};
use crate::model::{CheckId, Verdict};

/// How long a check that was not healthy has to be healthy before it is shown as healthy again.
const STEADY_MS: u64 = 5_000;

/// The shown verdicts, one for each check.
#[derive(Clone, Debug, Default)]
pub(super) struct Steady(Vec<Shown>);

#[derive(Clone, Debug)]
struct Shown {
    check: CheckId,
    verdict: Verdict,
    /// Since when it has been healthy, if it is not shown as healthy yet.
    healthy_since: Option<u64>,
    /// Whether it was ever shown as healthy: the first time needs no wait.
    was_healthy: bool,
}

impl Steady {
    pub(super) fn tick(&mut self, machine: &Machine, at_ms: u64) {
        for seen in machine.checks() {
            let told = honest(machine, &seen);
            let place = self.0.iter().position(|shown| shown.check == seen.check).unwrap_or_else(|| {
                let check = seen.check.clone();
                self.0.push(Shown { check, verdict: Verdict::Unknown, healthy_since: None, was_healthy: false });
                self.0.len() - 1
            });
            self.0[place].tell(told, at_ms);
        }
    }

    pub(super) fn of(&self, machine: &Machine, seen: &Observation) -> Verdict {
        let told = honest(machine, seen);
        let shown = self.0.iter().find(|shown| shown.check == seen.check).map_or(told, |shown| shown.verdict);
        // Only `healthy` waits: bad news is shown at once.
        if told == Verdict::Healthy { shown } else { told }
    }
}

impl Shown {
    fn tell(&mut self, told: Verdict, at_ms: u64) {
        if told != Verdict::Healthy {
            (self.verdict, self.healthy_since) = (told, None);
            return;
        }
        let since = *self.healthy_since.get_or_insert(at_ms);
        if !self.was_healthy || at_ms.saturating_sub(since) >= STEADY_MS {
            (self.verdict, self.was_healthy) = (Verdict::Healthy, true);
        }
    }
}

/// The check's verdict, but not healthy while the last value is beyond its limit.
pub(super) fn honest(machine: &Machine, seen: &Observation) -> Verdict {
    if seen.verdict == Verdict::Healthy && is_beyond(machine, seen) { Verdict::Unknown } else { seen.verdict }
}

/// Whether the last value is beyond its limit.
pub(super) fn is_beyond(machine: &Machine, seen: &Observation) -> bool {
    let Some(value) = seen.value else { return false };
    match &seen.check {
        CheckId::ErrorRate | CheckId::Latency => value > seen.threshold,
        // Before the first probe no instance is ready, which is not beyond a limit.
        CheckId::Readiness => machine.target_failing() * 2 > machine.target_ready().1,
        named @ CheckId::Named(_) => {
            machine.check(named).and_then(|check| check.margin(value)).is_some_and(|left| left < 0.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(told: &[(u64, Verdict)]) -> Vec<Verdict> {
        let check = CheckId::ErrorRate;
        let mut shown = Shown { check, verdict: Verdict::Unknown, healthy_since: None, was_healthy: false };
        let tell = |(at, verdict): &(u64, Verdict)| {
            shown.tell(*verdict, *at);
            shown.verdict
        };
        told.iter().map(tell).collect()
    }

    #[test]
    fn a_verdict_that_comes_and_goes_is_not_shown_as_healthy_until_it_stays() {
        use Verdict::{Breached, Healthy, Unknown};
        let told = [(0, Healthy), (1_000, Unknown), (2_000, Healthy), (3_000, Unknown), (4_000, Healthy)];
        assert_eq!(shown(&told), [Healthy, Unknown, Unknown, Unknown, Unknown]);
        let told =
            [(0, Healthy), (1_000, Unknown), (2_000, Healthy), (6_999, Healthy), (7_000, Healthy), (8_000, Breached)];
        assert_eq!(shown(&told), [Healthy, Unknown, Unknown, Unknown, Healthy, Breached]);
    }
}
