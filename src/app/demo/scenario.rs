//! What can go wrong after a switch, and how the soak must end.

use std::fmt;
use std::time::Duration;

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::config::Method;

/// What happens after the switch from blue to green; the quiet one first. The help says each of them as it is said here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub enum Scenario {
    /// green fails 0.3% of its requests, far below the threshold.
    Healthy,
    /// green fails 12% of its requests from the first one on.
    Breach,
    /// green does well for 60% of the window, then fails 15% of its requests.
    LateBreach,
    /// green's failures grow steadily from none to 20% over the window.
    SlowRamp,
    /// in mid-window green fails every request for one second, and does well otherwise.
    Blip,
    /// green answers 900ms slower than blue, almost without failures.
    Latency,
    /// green's processes die and start again every few seconds.
    CrashLoop,
    /// users stop coming right after the switch.
    NoTraffic,
    /// from 20% of the window on green's /metrics answers 500 while green stays ready.
    MetricsOutage,
    /// blue dies right after the switch, then green fails 12% of its requests.
    DeadStandby,
    /// green fails 12% of its requests, and every rollback of the router fails.
    RouterFailure,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The soak's outcome, as it is spelled everywhere.
    pub outcome: &'static str,
    pub exit_code: u8,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, exit code {}", self.outcome, self.exit_code)
    }
}

const RETAINED: Expected = Expected { outcome: "retained", exit_code: 0 };
const ROLLED_BACK: Expected = Expected { outcome: "rolled-back", exit_code: 3 };
const INCONCLUSIVE: Expected = Expected { outcome: "inconclusive", exit_code: 6 };
const ROLLBACK_FAILED: Expected = Expected { outcome: "rollback-failed", exit_code: 7 };
const HELD: Expected = Expected { outcome: "held", exit_code: 11 };

impl Scenario {
    /// One sentence: what happens.
    pub fn happens(self) -> String {
        let value = self.to_possible_value();
        value.as_ref().and_then(PossibleValue::get_help).map(ToString::to_string).unwrap_or_default()
    }

    /// One sentence: what to look at.
    pub const fn look_at(self) -> &'static str {
        match self {
            Self::Healthy => "the rate stays below the threshold to the end of the window, and green is kept",
            Self::Breach => "the rate passes the threshold within seconds, and traffic returns to blue automatically",
            Self::LateBreach => {
                "a verdict that was good until then does not protect green: what counts is since it broke"
            }
            Self::SlowRamp => "the rate creeps up to the threshold, and the rollback comes long before the end",
            Self::Blip => {
                "the 10s rate jumps far above the threshold, and one bad second is still no reason to roll back"
            }
            Self::Latency => "hardly a request fails, and green is still rolled back: users wait too long",
            Self::CrashLoop => "the counters fall back to zero; the third time at one instance means a crash loop",
            Self::NoTraffic => "without requests nothing can be said, and nothing is: the verdict stays unknown",
            Self::MetricsOutage => "blind is not bad: no rollback, but no good verdict either",
            Self::DeadStandby => {
                "a rollback to a dead color would not help, so the breach is held and an alarm is shown"
            }
            Self::RouterFailure => "the rollback is tried again and again, then the loudest message of all",
        }
    }

    /// How `switch` must end when the error rate is judged by `method`.
    pub const fn expected(self, method: Method) -> Expected {
        match self {
            Self::Healthy => RETAINED,
            Self::Breach | Self::LateBreach | Self::SlowRamp | Self::Latency | Self::CrashLoop => ROLLED_BACK,
            Self::Blip => match method {
                // The plain rule cannot tell one bad second from a bad release: 1s of 10s is 10%.
                Method::Window => ROLLED_BACK,
                Method::Evidence => RETAINED,
            },
            Self::NoTraffic | Self::MetricsOutage => INCONCLUSIVE,
            Self::DeadStandby => HELD,
            Self::RouterFailure => ROLLBACK_FAILED,
        }
    }

    /// The shortest window in which the scenario can still end as expected.
    pub const fn shortest_window(self) -> Duration {
        match self {
            // 15% must lift a rate over 10s above 5% for 3 ticks with room for chance: 9s, 40% of the window.
            Self::LateBreach => Duration::from_secs(24),
            // Metrics count as missing once the last good sample is older than 10s, here 80% of the window.
            Self::MetricsOutage => Duration::from_secs(15),
            // Failures that come late in a short window are so few that chance could hide them.
            Self::SlowRamp => Duration::from_secs(20),
            // Evidence against 12% takes about 5s to gather, and has to speak for 3s.
            Self::Breach | Self::DeadStandby | Self::RouterFailure => Duration::from_secs(12),
            // Restarts less than half a second apart have the same start time for all that clients say. The first slow answers
            // come when the window is a second old, and have to go on for 3s.
            Self::CrashLoop | Self::Latency => Duration::from_secs(6),
            // One bad second is told from a bad release by the good ones around it.
            Self::Blip => Duration::from_mins(1),
            _ => Duration::ZERO,
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_possible_value().map_or(Ok(()), |value| f.pad(value.get_name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back() {
        for scenario in Scenario::value_variants() {
            assert_eq!(Scenario::from_str(&scenario.to_string(), false), Ok(*scenario));
        }
        assert_eq!(Scenario::LateBreach.to_string(), "late-breach");
        assert!(Scenario::from_str("tsunami", false).is_err());
    }

    #[test]
    fn every_scenario_ends_with_the_exit_code_of_its_outcome() {
        let endings = Scenario::value_variants().iter().map(|scenario| scenario.expected(Method::Window).to_string());
        assert_eq!(
            endings.collect::<Vec<_>>(),
            [
                "retained, exit code 0",
                "rolled-back, exit code 3",
                "rolled-back, exit code 3",
                "rolled-back, exit code 3",
                "rolled-back, exit code 3",
                "rolled-back, exit code 3",
                "rolled-back, exit code 3",
                "inconclusive, exit code 6",
                "inconclusive, exit code 6",
                "held, exit code 11",
                "rollback-failed, exit code 7",
            ]
        );
    }
}
