//! Acting on a breach: hold, grace, the beginning of a rollback.

use crate::config::{OnBreach, StandbyPolicy};
use crate::core::soak::{Frozen, Machine};
use crate::model::number::span;
use crate::model::{Actor, Cause, DecisionKind, Ending, Outcome, Phase, ReasonCode, Verdict};

use super::outbox::Outbox;
use super::stage::{HoldCause, Stage};

/// A standby that was down must answer so many probes before a held rollback goes ahead.
const REVIVED_PROBES: u32 = 3;

impl Machine {
    /// Acts on the trigger: holds, counts down or rolls back. The standby must have answered its last `probes` probes.
    pub(super) fn act(&mut self, probes: u32, out: &mut Outbox) {
        match self.hold_cause(probes) {
            Some(cause) => self.hold(cause, out),
            None if self.settings.grace_ms > 0 && !self.response.is_grace_served() => self.start_grace(out),
            None => self.roll_back_by_itself(out),
        }
    }

    fn hold_cause(&self, probes: u32) -> Option<HoldCause> {
        let inconclusive = self.response.trigger().is_some_and(|trigger| trigger.cause == Cause::Inconclusive);
        let released = self.response.is_released();
        if self.settings.no_rollback {
            Some(HoldCause::NoRollback)
        } else if self.response.is_paused() {
            Some(HoldCause::Paused)
        } else if self.response.frozen().is_some() {
            Some(HoldCause::Frozen)
        } else if !self.settings.auto_rollback && !released {
            Some(HoldCause::AutoRollbackOff)
        } else if self.settings.on_breach != OnBreach::Rollback && !released && !inconclusive {
            Some(HoldCause::Policy)
        } else if self.standby_missing(probes) {
            Some(HoldCause::StandbyDown)
        } else if self.router.foreign().is_some() {
            Some(HoldCause::RouterForeign)
        } else if !released && self.shared_cause().is_some() {
            Some(HoldCause::SharedCause)
        } else {
            None
        }
    }

    /// Whether a rollback would lead to a standby that does not answer, as last seen, and that matters.
    pub fn standby_is_down(&self) -> bool {
        self.standby_missing(1)
    }

    pub(super) fn standby_missing(&self, probes: u32) -> bool {
        self.settings.standby == StandbyPolicy::Require && !self.standby.is_alive(probes)
    }

    pub(super) fn hold(&mut self, cause: HoldCause, out: &mut Outbox) {
        if self.stage == Stage::Held(cause) {
            return;
        }
        self.stage = Stage::Held(cause);
        let held = format!("held, not rolled back: {}", self.hold_reason(cause));
        let decision = match self.response.trigger() {
            Some(trigger) => {
                let message = format!("{held}; {}", trigger.observation.message);
                self.judged(DecisionKind::Hold, Actor::Auto, message, &trigger.observation)
            }
            None => self.decision(DecisionKind::Hold, Actor::Auto, held),
        };
        out.journal(decision.because(cause.code()));
        out.reflect();
        out.schedule(self.window.hold_end());
        out.probe_standby();
    }

    pub(super) fn hold_reason(&self, cause: HoldCause) -> String {
        let standby = self.settings.color.other();
        match cause {
            HoldCause::Policy => "the policy on_breach asks to wait for the operator".to_owned(),
            HoldCause::AutoRollbackOff => "automatic rollback is off (soak.auto_rollback)".to_owned(),
            HoldCause::NoRollback => "the release was switched to with --no-rollback".to_owned(),
            HoldCause::Frozen => {
                let frozen = self.response.frozen().map(|frozen| frozen.describe(self.time.wall())).unwrap_or_default();
                format!("automatic rollback is {frozen}")
            }
            HoldCause::Paused => "automatic rollback is paused".to_owned(),
            HoldCause::SharedCause => {
                let standby = || format!("{} failed in the same way", self.settings.color.other());
                format!("{} (soak.on_shared_cause)", self.shared_cause().unwrap_or_else(standby))
            }
            HoldCause::RouterForeign => self.foreign_reason(),
            HoldCause::BreachGone => {
                "a rollback failed for too long (rollback.give_up), and the breach is no longer seen".to_owned()
            }
            HoldCause::StandbyDown => {
                let why = self.standby.first_failure().unwrap_or_else(|| "not ready long enough yet".to_owned());
                format!("the standby {standby} is DOWN, a rollback would not help ({why})")
            }
        }
    }

    pub(super) fn standby_changed(&mut self, out: &mut Outbox) {
        if self.stage == Stage::Held(HoldCause::StandbyDown) && !self.standby_missing(REVIVED_PROBES) {
            self.act(REVIVED_PROBES, out);
        }
    }

    /// Somebody froze automatic rollback for the service, or a freeze is over. What was held for it is acted on then.
    pub(super) fn freeze_changed(&mut self, frozen: Option<Frozen>, out: &mut Outbox) {
        if !self.response.freeze(frozen) || !self.soaking() {
            return;
        }
        self.tell_freeze(out);
        match (&self.stage, self.response.frozen()) {
            (Stage::Grace { .. }, Some(_)) => self.hold(HoldCause::Frozen, out),
            (Stage::Held(HoldCause::Frozen), None) => self.act(1, out),
            _ => out.reflect(),
        }
    }

    fn start_grace(&mut self, out: &mut Outbox) {
        let deadline_ms = self.time.after(self.settings.grace_ms);
        self.stage = Stage::Grace { deadline_ms };
        let message = format!(
            "rolling back to {} in {}, unless aborted, kept or paused",
            self.settings.color.other(),
            span(self.settings.grace_ms),
        );
        out.journal(self.observe(ReasonCode::Grace, message));
        out.reflect();
        out.schedule(deadline_ms);
    }

    pub(super) fn grace_over(&mut self, out: &mut Outbox) {
        self.response.serve_grace();
        self.act(1, out);
    }

    fn roll_back_by_itself(&mut self, out: &mut Outbox) {
        let Some(trigger) = self.response.trigger().cloned() else { return };
        let message = format!(
            "rolling back from {} to {}: {}",
            self.settings.color,
            self.settings.color.other(),
            trigger.observation.message,
        );
        let intent = self.judged(DecisionKind::Rollback, Actor::Auto, message, &trigger.observation);
        let why = if trigger.cause == Cause::Inconclusive { ReasonCode::Inconclusive } else { ReasonCode::Breach };
        self.start_rollback(trigger.cause, intent.because(why), false, out);
    }

    pub(super) fn hold_over(&mut self, out: &mut Outbox) {
        let Stage::Held(cause) = self.stage else { return };
        let what = match self.response.trigger() {
            Some(trigger) => format!("{}: {}", trigger.observation.check, trigger.observation.message),
            None => "not judged".to_owned(),
        };
        let reason = format!("{what}; {} stays active: {}", self.settings.color, self.hold_reason(cause));
        let by_operator = matches!(cause, HoldCause::Paused | HoldCause::Frozen);
        let cause = if by_operator { Cause::Operator } else { Cause::Policy };
        out.journal(self.decision(DecisionKind::Hold, Actor::Auto, reason.clone()).because(ReasonCode::End));
        self.finish(Ending { outcome: Outcome::Held, cause, reason }, out);
    }

    /// The verdict of the soak as a whole: the worst of the required checks, and a breach stays one.
    pub fn verdict(&self) -> Verdict {
        if self.response.trigger().is_some_and(|trigger| trigger.cause == Cause::Auto) {
            return Verdict::Breached;
        }
        if matches!(self.phase(), Phase::Gating | Phase::Baseline | Phase::Switching) {
            return Verdict::Unknown;
        }
        let required = self.observations().into_iter().filter(|seen| seen.required);
        required.map(|seen| seen.verdict).max().unwrap_or(Verdict::Unknown)
    }
}
