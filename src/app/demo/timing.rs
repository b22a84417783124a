//! Window, interval and load at a given speed.

use std::time::Duration;

use super::scenario::Scenario;

/// The soak window at speed 1.
const WINDOW: Duration = Duration::from_mins(1);
const MIN_WINDOW: Duration = Duration::from_secs(3);
const MAX_INTERVAL: Duration = Duration::from_secs(1);
/// Enough requests of the previous color for a verdict on it, whatever the speed.
const MIN_VERIFY: Duration = Duration::from_secs(2);
/// Enough requests of blue before the switch to compare green with.
const MIN_BASELINE: Duration = Duration::from_secs(1);
/// Samples in a window that is too short for one a second.
const SAMPLES: u32 = 20;
/// From this speed on windows hold too few requests at the usual rate.
const FAST: u32 = 5;

/// How long a demo soaks, how often it samples, its users: whole milliseconds, within the configuration's limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// The soak window.
    pub window: Duration,
    /// How long blue is looked at before the switch.
    pub baseline_window: Duration,
    /// Time between two samples of an instance.
    pub interval: Duration,
    /// How far the soak may run beyond its window.
    pub max_extension: Duration,
    /// How long blue is watched after a rollback.
    pub verify_window: Duration,
    /// Requests a second.
    pub rate: u32,
}

impl Timing {
    /// The timing at `speed`, clamped to 1..=20. Windows stay as long as [`Scenario::shortest_window`] or longer.
    pub fn new(scenario: Scenario, speed: u32) -> Self {
        let speed = speed.clamp(1, 20);
        let window = whole_millis(WINDOW / speed).max(scenario.shortest_window()).max(MIN_WINDOW);
        Self {
            window,
            baseline_window: whole_millis(window / 12).max(MIN_BASELINE),
            interval: whole_millis(window / SAMPLES).min(MAX_INTERVAL),
            max_extension: whole_millis(window / 4),
            verify_window: whole_millis(window / 6).max(MIN_VERIFY),
            rate: if speed < FAST { 50 } else { 100 },
        }
    }
}

fn whole_millis(duration: Duration) -> Duration {
    Duration::new(duration.as_secs(), duration.subsec_millis() * 1_000_000)
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn every_timing_is_within_the_limits_of_the_configuration() {
        for &scenario in Scenario::value_variants() {
            for speed in 0..=25 {
                let timing = Timing::new(scenario, speed);
                let said = format!("{scenario} at {speed}: {timing:?}");
                assert!(timing.window >= Duration::from_secs(3), "{said}");
                assert!(timing.interval >= Duration::from_millis(100), "{said}");
                assert!(timing.interval <= timing.window / 4, "{said}");
                assert!(timing.verify_window >= Duration::from_secs(2), "{said}");
                for duration in [timing.window, timing.interval, timing.max_extension, timing.verify_window] {
                    assert_eq!(duration.subsec_nanos() % 1_000_000, 0, "{said}");
                }
            }
        }
    }

    #[test]
    fn speed_divides_the_window_down_to_what_the_scenario_needs() {
        let window = |scenario, speed| Timing::new(scenario, speed).window.as_millis();
        assert_eq!(window(Scenario::Breach, 1), 60_000);
        assert_eq!(window(Scenario::Healthy, 7), 8_571);
        assert_eq!(window(Scenario::Healthy, 20), 3_000);
        assert_eq!(window(Scenario::Healthy, 400), 3_000);
        assert_eq!(window(Scenario::LateBreach, 2), 30_000);
        assert_eq!(window(Scenario::LateBreach, 20), 24_000);
    }

    #[test]
    fn a_short_window_is_sampled_more_often_and_has_more_users() {
        assert_eq!(Timing::new(Scenario::Breach, 1).interval, Duration::from_secs(1));
        assert_eq!(Timing::new(Scenario::Healthy, 20).interval, Duration::from_millis(150));
        assert_eq!(Timing::new(Scenario::Breach, 4).rate, 50);
        assert_eq!(Timing::new(Scenario::Breach, 5).rate, 100);
    }
}
