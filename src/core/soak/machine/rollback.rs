//! A failed rollback is tried again while that can help, as users are on a bad release. `retry` plans the next attempt.

mod retry;

use self::retry::Objection;
use crate::core::soak::{Machine, RollbackFailure, RollbackResult};
use crate::model::number::span;
use crate::model::{Actor, Cause, Decision, DecisionKind, Ending, Outcome, ReasonCode, Traffic};

use super::outbox::Outbox;
use super::stage::{Finished, HoldCause, Stage};

/// Where there is no time limit: by an operator's order, after a first signal, in older recordings.
const ATTEMPTS: u32 = 5;

/// A failure that goes on is told once in this time.
const TELL_EVERY_MS: u64 = 60_000;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rolling {
    attempt: u32,
    /// When the next attempt starts; none while one is under way.
    retry_at: Option<u64>,
    intent: Box<Decision>,
    cause: Cause,
    force: bool,
    since_ms: u64,
    /// Attempts that failed, and those that were not made because the standby was down.
    failures: u32,
    why: String,
    traffic: Traffic,
    /// When a failure was told last, and whether it was told that `rollback.give_up` is over.
    told_ms: u64,
    told_overdue: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retrying {
    pub failures: u32,
    /// Milliseconds since the first attempt began.
    pub for_ms: u64,
    /// Milliseconds until the next attempt; none while one is under way.
    pub next_ms: Option<u64>,
    pub why: String,
}

impl Machine {
    /// A rollback that failed at least once and is tried again.
    pub fn retrying(&self) -> Option<Retrying> {
        match &self.stage {
            Stage::RollingBack(rolling) if rolling.failures > 0 => Some(Retrying {
                failures: rolling.failures,
                for_ms: self.time.since(rolling.since_ms),
                next_ms: rolling.retry_at.map(|at| at.saturating_sub(self.time.at())),
                why: rolling.why.clone(),
            }),
            _ => None,
        }
    }

    /// Whether traffic is being moved this moment. Between two attempts it is not.
    pub fn is_moving(&self) -> bool {
        match &self.stage {
            Stage::Switching | Stage::Unsettled { .. } => true,
            Stage::RollingBack(rolling) => rolling.retry_at.is_none(),
            _ => false,
        }
    }

    /// Whether it has failed for longer than `rollback.give_up`: a run in the foreground then gives up.
    pub fn overdue(&self) -> bool {
        match (&self.stage, self.settings.give_up_ms) {
            (Stage::RollingBack(rolling), Some(give_up_ms)) => {
                rolling.failures > 0 && self.time.at() >= rolling.since_ms.saturating_add(give_up_ms)
            }
            _ => false,
        }
    }

    pub(super) fn start_rollback(&mut self, cause: Cause, intent: Decision, force: bool, out: &mut Outbox) {
        self.router.begin_epoch();
        let rolling = Rolling {
            attempt: 1,
            retry_at: None,
            intent: Box::new(intent),
            cause,
            force,
            since_ms: self.time.at(),
            failures: 0,
            why: String::new(),
            traffic: Traffic::On(self.settings.color),
            told_ms: self.time.at(),
            told_overdue: false,
        };
        rolling.attempt(out);
        self.stage = Stage::RollingBack(rolling);
        // Behind the move: traffic comes before what the state file says of the soak.
        out.reflect();
    }

    pub(super) fn rollback_done(
        &mut self,
        attempt: u32,
        result: &RollbackResult,
        last_switch: Option<i64>,
        out: &mut Outbox,
    ) {
        let Stage::RollingBack(rolling) = &self.stage else { return };
        if rolling.attempt != attempt || rolling.retry_at.is_some() {
            return;
        }
        match result {
            RollbackResult::Back => {
                self.tell_late_success(out);
                self.rolled_back(last_switch, out);
            }
            RollbackResult::Superseded(why) => self.superseded(&why.clone(), out),
            RollbackResult::Foreign(foreign) => self.rollback_held(foreign, out),
            RollbackResult::Failed(why) => {
                let (why, traffic) = (why.clone(), Traffic::Unknown);
                self.attempt_failed(&RollbackFailure { why, traffic, lasting: false }, out);
            }
            RollbackResult::NotDone(failure) => self.attempt_failed(failure, out),
        }
    }

    pub(super) fn rollback_cause(&self) -> Cause {
        match &self.stage {
            Stage::RollingBack(rolling) => rolling.cause,
            _ => Cause::Auto,
        }
    }

    /// Whether an attempt to roll back has moved traffic, or may have: it is not left half done.
    pub(super) fn may_have_moved(&self) -> bool {
        matches!(&self.stage, Stage::RollingBack(rolling) if rolling.traffic != Traffic::On(self.settings.color))
    }

    /// Whether the watched color is judged on while a rollback waits for its next attempt.
    pub(super) fn waits_to_retry(&self) -> bool {
        let Stage::RollingBack(rolling) = &self.stage else { return false };
        self.settings.give_up_ms.is_some() && rolling.failures > 0
    }

    pub(super) fn attempt_failed(&mut self, failure: &RollbackFailure, out: &mut Outbox) {
        let bounded = self.is_bounded();
        let Stage::RollingBack(rolling) = &mut self.stage else { return };
        rolling.failed(failure);
        if failure.lasting || (bounded && rolling.failures >= ATTEMPTS) {
            self.rollback_failed(out);
        } else {
            self.wait_to_retry(out);
        }
    }

    fn is_bounded(&self) -> bool {
        let ordered = self.rollback_cause() == Cause::Operator;
        ordered || self.stop.is_some() || self.settings.give_up_ms.is_none()
    }

    /// What it depends on is looked at first; state file and router are read by the attempt itself.
    pub(super) fn retry(&mut self, out: &mut Outbox) {
        match self.objection() {
            Some(Objection::Hold(cause)) => self.hold_instead(cause, out),
            Some(Objection::Wait(why)) => {
                let Stage::RollingBack(rolling) = &mut self.stage else { return };
                rolling.failed(&RollbackFailure { why, traffic: Traffic::Unmoved, lasting: false });
                self.wait_to_retry(out);
            }
            None => self.try_again(out),
        }
    }

    pub(super) fn retry_now(&mut self, force: bool, out: &mut Outbox) {
        if let Stage::RollingBack(rolling) = &mut self.stage {
            rolling.force |= force;
        }
        self.try_again(out);
    }

    /// An attempt of the old process may have moved traffic or not; asking once more is safe.
    pub(super) fn take_up_attempt(&self, out: &mut Outbox) {
        let Stage::RollingBack(rolling) = &self.stage else { return };
        match rolling.retry_at {
            Some(at_ms) => out.schedule(at_ms),
            None => rolling.attempt(out),
        }
    }

    pub(super) fn rollback_reason(&self) -> String {
        let Stage::RollingBack(rolling) = &self.stage else { return String::new() };
        match (self.response.trigger(), rolling.cause) {
            (Some(trigger), Cause::Auto | Cause::Inconclusive) => {
                format!("{}: {}", trigger.observation.check, trigger.observation.message)
            }
            _ => rolling.intent.message.clone(),
        }
    }

    pub(super) fn try_again(&mut self, out: &mut Outbox) {
        if let Stage::RollingBack(rolling) = &mut self.stage {
            rolling.attempt += 1;
            rolling.retry_at = None;
            rolling.attempt(out);
        }
    }

    /// Nothing was moved: a rollback that is tried no more becomes a hold.
    pub(super) fn hold_instead(&mut self, cause: HoldCause, out: &mut Outbox) {
        self.router.begin_epoch();
        self.router.count_anew();
        self.stage = Stage::Watching;
        self.hold(cause, out);
    }

    pub(super) fn breach_came_back(&mut self, out: &mut Outbox) {
        if self.stage == Stage::Held(HoldCause::BreachGone) && self.breach_is_seen() {
            self.act(1, out);
        }
    }

    pub(super) fn give_up(&mut self, out: &mut Outbox) {
        if self.overdue() && !self.is_moving() {
            self.rollback_failed(out);
        }
    }

    pub(super) fn rollback_failed(&mut self, out: &mut Outbox) {
        let Stage::RollingBack(rolling) = &self.stage else { return };
        let (bad, standby) = (self.settings.color, self.settings.color.other());
        let attempts =
            if rolling.failures == 1 { "1 attempt".to_owned() } else { format!("{} attempts", rolling.failures) };
        let lasted = self.time.since(rolling.since_ms);
        let lasted = if lasted >= TELL_EVERY_MS { format!(" in {}", span(lasted)) } else { String::new() };
        let (why, service) = (&rolling.why, &self.settings.service);
        let reason = if rolling.traffic == Traffic::On(standby) {
            format!(
                "ROLLBACK FAILED after {attempts}{lasted}: traffic is on {standby}, but the move is not fully recorded: {why}. \
                 Fix that, then run: switchback rollback --service {service}"
            )
        } else {
            format!(
                "ROLLBACK FAILED after {attempts}{lasted}, traffic may still reach {bad}: {why}. \
                 Move traffic to {standby} by hand now, then run: switchback rollback --service {service}"
            )
        };
        let back_unrecorded = rolling.traffic == Traffic::On(standby);
        let cause = rolling.cause;
        let decision = self.decision(DecisionKind::RollbackFailed, Actor::Auto, reason.clone());
        out.journal(decision);
        let ending = Ending { outcome: Outcome::RollbackFailed, cause, reason };
        self.finish(Finished::failed(ending, back_unrecorded), out);
    }

    /// Tells how long users waited for it, where it took more than one attempt.
    pub(super) fn tell_late_success(&self, out: &mut Outbox) {
        let Some(retrying) = self.retrying().filter(|_| self.settings.give_up_ms.is_some()) else { return };
        let message = format!(
            "ROLLED BACK after all: {} failures in {}, the last one: {}",
            retrying.failures,
            span(retrying.for_ms),
            retrying.why,
        );
        out.journal(self.observe(ReasonCode::RollbackLate, message));
    }
}

impl Rolling {
    pub(super) fn is_due(&self, at_ms: u64) -> bool {
        self.retry_at.is_some_and(|retry_at| at_ms >= retry_at)
    }

    fn failed(&mut self, failure: &RollbackFailure) {
        self.failures = self.failures.saturating_add(1);
        self.why.clone_from(&failure.why);
        if failure.traffic != Traffic::Unmoved {
            self.traffic = failure.traffic;
        }
    }

    fn attempt(&self, out: &mut Outbox) {
        out.roll_back(self.attempt, &self.intent, self.force);
    }
}
