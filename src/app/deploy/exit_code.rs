//! The exit code of a status, the same as that of the command that ran the soak.

use crate::model::{Cause, Ending, Outcome, Phase};

use crate::io::state::{SoakBlock, StatusReport};

/// The state of the deployment, as far as a status shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// The soak runs and is undecided.
    Running,
    /// A breach is held, and the monitor waits for a person.
    Held,
    /// The rollback has failed for longer than `rollback.give_up`; the monitor keeps trying.
    Overdue,
    /// The soak is unfinished and no monitor is running.
    Unwatched,
    /// It ended with this outcome, which is still about the active deployment.
    Ended {
        outcome: Outcome,
        /// The exit code of `switch` or `soak`.
        exit_code: u8,
    },
    /// Traffic was moved since, or the router contradicts the state file.
    MovedSince,
    /// No soak is known.
    Nothing,
    /// The state file is from a version that knows more outcomes.
    NotKnown,
}

impl Came {
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Running => 10,
            Self::Held => 11,
            Self::Overdue => 7,
            Self::Unwatched => 13,
            Self::Ended { exit_code, .. } => exit_code,
            Self::MovedSince => 8,
            Self::Nothing => 2,
            Self::NotKnown => 1,
        }
    }

    /// Whether it can still change by itself, so that waiting helps.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Running | Self::Held)
    }

    /// The word for it in `GITHUB_OUTPUT` and JSON: an outcome, or another word without one.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Held => "held",
            Self::Overdue => "rollback-failed",
            Self::Unwatched => "unwatched",
            Self::Ended { outcome, .. } => outcome.name(),
            Self::MovedSince => "superseded",
            Self::Nothing => "none",
            Self::NotKnown => "unknown",
        }
    }

    /// An explanation, if the exit code alone may be misread.
    pub const fn hint(self) -> Option<&'static str> {
        match self {
            Self::Running => Some("the soak is running: nothing is decided yet"),
            Self::Held => Some("a breach is held, and the monitor waits for a person"),
            Self::Overdue => Some("the rollback has failed for longer than rollback.give_up; the monitor keeps trying"),
            Self::Unwatched => Some("the soak is unfinished, and no monitor is running: the release is unwatched"),
            Self::MovedSince => Some("traffic was moved since the soak: its outcome is about another deployment"),
            Self::Nothing => Some("no soak is known: nothing was judged"),
            Self::NotKnown => Some("the soak has an outcome that this version does not know"),
            Self::Ended { .. } => None,
        }
    }

    /// The next step, if no alarm has one.
    pub fn next(self, service: &str) -> Option<String> {
        (self == Self::Unwatched).then(|| format!("switchback soak --resume --service {service}"))
    }
}

impl StatusReport {
    /// The state after the newest run.
    pub fn came(&self) -> Came {
        let Some(block) = &self.soak.block else {
            return if self.soak.running { Came::Running } else { Came::Nothing };
        };
        if self.soak.running {
            return match () {
                () if block.overdue => Came::Overdue,
                () if block.phase == Phase::Held.name() => Came::Held,
                () => Came::Running,
            };
        }
        if block.phase != Phase::Finished.name() {
            return Came::Unwatched;
        }
        let Some(ending) = ending_of(block) else { return Came::NotKnown };
        if self.was_moved_since(block, &ending) {
            return Came::MovedSince;
        }
        Came::Ended { outcome: ending.outcome, exit_code: ending.exit_code() }
    }

    /// Whether the soak's outcome is about another deployment than the active one.
    fn was_moved_since(&self, block: &SoakBlock, ending: &Ending) -> bool {
        let leaves_its_deployment = match ending.outcome {
            Outcome::Retained
            | Outcome::Switched
            | Outcome::Held
            | Outcome::Aborted
            | Outcome::Inconclusive
            | Outcome::RollbackFailed => true,
            // They tell of a move that came after it, or none was made.
            Outcome::RolledBack
            | Outcome::RollbackUndone
            | Outcome::Superseded
            | Outcome::Refused
            | Outcome::SwitchFailed => false,
        };
        let is_another = block.last_switch.is_some_and(|at| Some(at) != self.last_switch);
        let routed_elsewhere = ending.exit_code() == 0 && self.router.in_sync == Some(false);
        leaves_its_deployment && (is_another || routed_elsewhere)
    }
}

fn ending_of(block: &SoakBlock) -> Option<Ending> {
    let cause = block.cause.as_deref().map_or(Some(Cause::Auto), Cause::from_name)?;
    Some(Ending {
        outcome: Outcome::from_name(block.outcome.as_deref()?)?,
        cause,
        reason: block.reason.clone().unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::deploy::testing::Harness;
    use crate::io::state::SoakStatus;
    use crate::model::Color;

    async fn report() -> StatusReport {
        Harness::switched().deployment.status(Some(true)).await.unwrap()
    }

    fn block(phase: &str, outcome: Option<&str>, cause: Option<&str>) -> SoakBlock {
        let text = |text: Option<&str>| text.map(str::to_owned);
        SoakBlock {
            id: "1".to_owned(),
            phase: phase.to_owned(),
            outcome: text(outcome),
            cause: text(cause),
            ..SoakBlock::default()
        }
    }

    #[tokio::test]
    async fn an_end_has_the_exit_code_of_the_command_that_was_waited_for() {
        let mut report = report().await;
        for (outcome, cause, exit_code) in [
            ("retained", Some("auto"), 0),
            ("retained", None, 0),
            ("switched", Some("operator"), 0),
            ("rolled-back", Some("auto"), 3),
            ("rolled-back", Some("operator"), 4),
            ("aborted", Some("operator"), 5),
            ("inconclusive", Some("auto"), 6),
            ("inconclusive", Some("policy"), 0),
            ("rollback-failed", Some("auto"), 7),
            ("rollback-undone", Some("external"), 7),
            ("superseded", Some("external"), 8),
            ("refused", Some("auto"), 9),
            ("refused", Some("configuration"), 2),
            ("held", Some("policy"), 11),
            ("switch-failed", Some("auto"), 12),
            ("applauded", Some("auto"), 1),
            ("retained", Some("luck"), 1),
        ] {
            report.soak = SoakStatus { block: Some(block("finished", Some(outcome), cause)), running: false };
            assert_eq!(report.came().exit_code(), exit_code, "{outcome} {cause:?}");
            assert!(!report.came().is_open(), "{outcome}");
        }
    }

    #[tokio::test]
    async fn a_soak_without_an_end_is_never_taken_for_a_good_one() {
        let mut report = report().await;
        let overdue = SoakBlock { overdue: true, ..block("rolling-back", None, None) };
        for (block, running, came, exit_code) in [
            (None, false, Came::Nothing, 2),
            (None, true, Came::Running, 10),
            (Some(block("gating", None, None)), true, Came::Running, 10),
            (Some(block("watching", None, None)), true, Came::Running, 10),
            (Some(block("rolling-back", None, None)), true, Came::Running, 10),
            (Some(block("held", None, None)), true, Came::Held, 11),
            (Some(overdue.clone()), true, Came::Overdue, 7),
            (Some(overdue), false, Came::Unwatched, 13),
            (Some(block("watching", None, None)), false, Came::Unwatched, 13),
        ] {
            report.soak = SoakStatus { block, running };
            assert_eq!((report.came(), report.came().exit_code()), (came, exit_code));
            assert_eq!(came.is_open(), matches!(exit_code, 10 | 11));
            assert!(came.hint().is_some());
        }
    }

    #[tokio::test]
    async fn an_end_says_nothing_of_a_deployment_that_came_after_it() {
        let mut report = report().await;
        let at = report.last_switch;
        let ended = |outcome, last_switch| SoakBlock { last_switch, ..block("finished", Some(outcome), None) };
        for (outcome, last_switch, exit_code) in [
            ("retained", at, 0),
            ("retained", Some(1), 8),
            ("held", at, 11),
            ("held", Some(1), 8),
            ("rollback-failed", Some(1), 8),
            ("rolled-back", Some(1), 3),
        ] {
            report.soak.block = Some(ended(outcome, last_switch));
            assert_eq!(report.came().exit_code(), exit_code, "{outcome} {last_switch:?}");
        }
        (report.router.active_color, report.router.in_sync) = (Some(Color::Blue), Some(false));
        for (outcome, exit_code) in [("retained", 8), ("held", 11)] {
            report.soak.block = Some(ended(outcome, at));
            assert_eq!(report.came().exit_code(), exit_code, "users are on the other color: {outcome}");
        }
        // A router that cannot be read says nothing.
        (report.router.active_color, report.router.in_sync) = (None, None);
        report.soak.block = Some(ended("retained", at));
        assert_eq!(report.came().exit_code(), 0);
    }

    #[tokio::test]
    async fn a_rollback_that_fails_for_too_long_raises_the_alarm_while_it_is_tried() {
        let mut report = report().await;
        let overdue = SoakBlock { overdue: true, last_switch: report.last_switch, ..block("rolling-back", None, None) };
        report.soak = SoakStatus { block: Some(overdue), running: true };
        let alarm = report.alarm().unwrap();
        assert!(alarm.text.ends_with("BAD RELEASE STILL LIVE on green. The rollback is being retried"), "{alarm:?}");
        assert!(alarm.next.starts_with("move traffic to blue by hand now, then: "), "{alarm:?}");
    }
}
