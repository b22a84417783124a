//! the faults of each scenario, as data.

use std::time::Duration;

use super::controls::Change;
use super::faults::MetricsPage;
use super::scenario::Scenario;
use crate::model::Color::{Blue, Green};

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// When, as a fraction of the soak window.
    pub at: f64,
    /// Real time on top of it, which speed does not shorten.
    pub plus: Duration,
    pub change: Change,
}

impl Step {
    pub fn due(&self, window: Duration) -> Duration {
        window.mul_f64(self.at) + self.plus
    }
}

const fn step(at: f64, change: Change) -> Step {
    Step { at, plus: Duration::ZERO, change }
}

/// The even steps in which a ramp climbs.
const RAMP_STEPS: u32 = 40;
const RAMP_TOP: f64 = 0.2;

/// The changes of a scenario in the order of their times.
pub fn timeline(scenario: Scenario) -> Vec<Step> {
    match scenario {
        Scenario::Healthy => vec![step(0.0, Change::Errors(Green, 0.003))],
        Scenario::Breach => vec![step(0.0, Change::Errors(Green, 0.12))],
        Scenario::LateBreach => vec![step(0.6, Change::Errors(Green, 0.15))],
        Scenario::SlowRamp => ramp().collect(),
        Scenario::Blip => vec![
            step(0.5, Change::Errors(Green, 1.0)),
            Step { at: 0.5, plus: Duration::from_secs(1), change: Change::Errors(Green, 0.0) },
        ],
        Scenario::Latency => {
            vec![step(0.0, Change::Errors(Green, 0.003)), step(0.0, Change::Latency(Green, Duration::from_millis(900)))]
        }
        Scenario::CrashLoop => [0.1, 0.25, 0.4, 0.55, 0.7, 0.85]
            .into_iter()
            .flat_map(|at| [step(at, Change::Restart(Green, 0)), step(at + 0.05, Change::Restart(Green, 1))])
            .collect(),
        Scenario::NoTraffic => vec![step(0.0, Change::Traffic(0))],
        Scenario::MetricsOutage => vec![step(0.2, Change::Metrics(Green, MetricsPage::Failing))],
        // Blue is found dead before green's failures are: the order in which the machine must see them.
        Scenario::DeadStandby => vec![step(0.0, Change::Up(Blue, false)), step(0.2, Change::Errors(Green, 0.12))],
        Scenario::RouterFailure => {
            vec![step(0.0, Change::RouterBroken(true)), step(0.0, Change::Errors(Green, 0.12))]
        }
    }
}

fn ramp() -> impl Iterator<Item = Step> {
    (1..=RAMP_STEPS).map(|rung| {
        let climbed = f64::from(rung) / f64::from(RAMP_STEPS);
        step(climbed, Change::Errors(Green, climbed * RAMP_TOP))
    })
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn every_timeline_lies_in_the_window_and_in_order() {
        for &scenario in Scenario::value_variants() {
            for window in [Duration::from_mins(1), Duration::from_secs(3)] {
                let due: Vec<Duration> = timeline(scenario).iter().map(|step| step.due(window)).collect();
                assert!(!due.is_empty(), "{scenario}");
                assert!(due.is_sorted(), "{scenario}: {due:?}");
                assert!(due.iter().all(|due| *due <= window), "{scenario}: {due:?}");
            }
        }
    }

    #[test]
    fn the_blip_lasts_one_real_second_at_any_speed() {
        for window in [Duration::from_mins(1), Duration::from_secs(3)] {
            let due: Vec<Duration> = timeline(Scenario::Blip).iter().map(|step| step.due(window)).collect();
            assert_eq!(due, [window / 2, window / 2 + Duration::from_secs(1)]);
        }
    }

    #[test]
    fn the_ramp_climbs_evenly_to_a_fifth() {
        let steps = timeline(Scenario::SlowRamp);
        for step in &steps {
            assert_eq!(step.change, Change::Errors(Green, step.at * 0.2));
        }
        assert_eq!(steps.last().map(|step| step.at), Some(1.0));
    }

    #[test]
    fn each_instance_crashes_often_enough_for_a_crash_loop() {
        for instance in [0, 1] {
            let restarts = timeline(Scenario::CrashLoop);
            let restarts = restarts.iter().filter(|step| step.change == Change::Restart(Green, instance));
            assert!(restarts.count() >= 3, "instance {instance}");
        }
    }
}
