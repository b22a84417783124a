//! Orders: the operator's actions and signals. Every one is answered; none is silently ignored.

use crate::core::soak::{Machine, Refusal};
use crate::model::number::span;
use crate::model::{Action, Actor, Cause, DecisionKind, Ending, Outcome, Phase, Reason, ReasonCode};

use super::outbox::Outbox;
use super::stage::{HoldCause, Stage};

/// Extensions by the operator add up to this at the most, 24 h.
const MAX_EXTENSION_MS: u64 = 86_400_000;

impl Machine {
    pub(super) fn ordered(&mut self, action: Action, actor: &Actor, reason: Option<&str>, out: &mut Outbox) {
        let refused = self.refusal(action);
        if let Some(why) = refused {
            out.refuse(why);
            return;
        }
        self.accept(action, actor, reason, out);
        match action {
            Action::Abort => self.end_aborted(out),
            Action::Keep => self.end_kept(actor, out),
            Action::Pause => self.pause(out),
            Action::Resume => self.resume(out),
            Action::Extend { by_ms } => self.extend(by_ms, out),
            Action::Rollback { force } if self.phase() == Phase::RollingBack => self.retry_now(force, out),
            Action::Rollback { force } => self.force_rollback(actor, reason, force, out),
        }
    }

    /// Why an action cannot be taken now.
    pub fn refusal(&self, action: Action) -> Option<Refusal> {
        let standby = self.settings.color.other();
        match (self.phase(), action) {
            (Phase::Finished, _) => Some(Refusal::Over),
            (Phase::RollingBack, Action::Resume | Action::Extend { .. }) => Some(Refusal::RollingBack),
            (Phase::RollingBack, _) if self.is_moving() => Some(Refusal::RollingBack),
            (Phase::RollingBack, Action::Abort | Action::Keep | Action::Pause) if self.may_have_moved() => {
                Some(Refusal::MayHaveMoved)
            }
            (Phase::Verifying, _) => Some(Refusal::BackAlready),
            (Phase::Switching, _) => Some(Refusal::Switching),
            (Phase::RollingBack, _) | (Phase::Gating | Phase::Baseline, Action::Abort) => None,
            (Phase::Gating | Phase::Baseline, _) => Some(Refusal::NotMovedYet),
            (Phase::Grace, Action::Extend { .. }) => Some(Refusal::CountingDown),
            (_, Action::Pause) if self.response.is_paused() => Some(Refusal::PausedAlready),
            (_, Action::Resume) => self.resume_refusal(),
            (_, Action::Extend { by_ms }) if self.window.extended_by().saturating_add(by_ms) > MAX_EXTENSION_MS => {
                Some(Refusal::TooLong)
            }
            (_, Action::Rollback { force: false }) if self.settings.no_rollback => {
                Some(Refusal::NoRollback { standby })
            }
            (_, Action::Rollback { force: false }) if self.standby_missing(1) => {
                Some(Refusal::StandbyDown { standby, why: self.standby.first_failure().unwrap_or_default() })
            }
            (_, Action::Rollback { force: false }) => self.router.foreign().cloned().map(Refusal::RouterForeign),
            _ => None,
        }
    }

    fn resume_refusal(&self) -> Option<Refusal> {
        let is_paused = self.response.is_paused();
        match self.stage {
            Stage::Held(HoldCause::StandbyDown) if !is_paused => Some(Refusal::HeldForStandby),
            Stage::Held(HoldCause::RouterForeign) if !is_paused => Some(Refusal::HeldForRouter),
            Stage::Held(HoldCause::NoRollback) => Some(Refusal::HeldForNoRollback),
            Stage::Held(HoldCause::Frozen) => Some(Refusal::Frozen),
            Stage::Held(_) => None,
            _ if is_paused => None,
            _ if self.response.frozen().is_some() => Some(Refusal::Frozen),
            _ if !self.settings.auto_rollback && !self.response.is_released() => None,
            _ => Some(Refusal::OnAlready),
        }
    }

    /// Journals an accepted action before it takes effect, and answers it.
    fn accept(&self, action: Action, actor: &Actor, reason: Option<&str>, out: &mut Outbox) {
        let (bad, standby) = (self.settings.color, self.settings.color.other());
        let (kind, message) = match action {
            Action::Abort if self.is_before_the_move() => {
                (DecisionKind::Abort, format!("the switch is aborted: traffic stays on {standby}"))
            }
            Action::Abort => (DecisionKind::Abort, format!("the soak is aborted: {bad} stays active, unjudged")),
            Action::Keep => (DecisionKind::Keep, format!("{bad} is kept: {}", self.checks.error_rate().totals())),
            Action::Pause => (DecisionKind::Pause, "automatic rollback is paused".to_owned()),
            Action::Resume => (DecisionKind::Resume, "automatic rollback is on again".to_owned()),
            Action::Extend { by_ms } => (DecisionKind::Extend, format!("the soak is extended by {}", span(by_ms))),
            // The intent itself is the journaled decision; it is written with the rollback.
            Action::Rollback { .. } => {
                out.accept();
                return;
            }
        };
        let mut decision = self.decision(kind, actor.clone(), message);
        decision.reason = reason.map(Reason::from);
        out.journal(decision);
        out.accept();
    }

    fn end_aborted(&mut self, out: &mut Outbox) {
        let reason = if self.is_before_the_move() {
            format!("aborted before traffic was moved; it stays on {}", self.settings.color.other())
        } else {
            format!(
                "aborted by the operator: {} stays active, unjudged; {}",
                self.settings.color,
                self.checks.error_rate().totals()
            )
        };
        self.finish(Ending { outcome: Outcome::Aborted, cause: Cause::Operator, reason }, out);
    }

    fn end_kept(&mut self, actor: &Actor, out: &mut Outbox) {
        let reason = format!("kept by {actor}: {}", self.checks.error_rate().totals());
        self.finish(Ending { outcome: Outcome::Retained, cause: Cause::Operator, reason }, out);
    }

    fn pause(&mut self, out: &mut Outbox) {
        self.response.pause();
        if self.phase() == Phase::RollingBack {
            self.hold_instead(HoldCause::Paused, out);
        } else if matches!(self.stage, Stage::Grace { .. } | Stage::Held(_)) {
            self.hold(HoldCause::Paused, out);
        } else {
            out.reflect();
        }
    }

    fn resume(&mut self, out: &mut Outbox) {
        let held = matches!(self.stage, Stage::Held(_));
        self.response.resume(held);
        if held {
            self.act(1, out);
        } else {
            out.reflect();
        }
    }

    fn extend(&mut self, by_ms: u64, out: &mut Outbox) {
        self.window.extend(by_ms);
        out.reflect();
        out.schedule(self.window.end());
        out.schedule(self.window.hold_end());
    }

    fn force_rollback(&mut self, actor: &Actor, reason: Option<&str>, force: bool, out: &mut Outbox) {
        let (bad, standby) = (self.settings.color, self.settings.color.other());
        let message =
            format!("rolling back from {bad} to {standby} by order of {actor}; {}", self.checks.error_rate().totals());
        let code = if force { ReasonCode::Forced } else { ReasonCode::Operator };
        let why = reason.map_or_else(|| code.into(), Reason::from);
        let intent = self.decision(DecisionKind::Rollback, actor.clone(), message).because(why);
        self.start_rollback(Cause::Operator, intent, force, out);
    }

    /// A signal asks the process to stop: the soak ends `aborted`; a move under way is finished first.
    pub(super) fn interrupted(&mut self, signal: &str, actor: &Actor, out: &mut Outbox) {
        match self.phase() {
            Phase::Switching | Phase::RollingBack => {
                self.stop = Some((actor.clone(), signal.to_owned()));
                if self.retrying().is_some_and(|retrying| retrying.next_ms.is_some()) {
                    self.try_again(out);
                }
            }
            Phase::Verifying => self.verify_cut_short(out),
            Phase::Finished => {}
            Phase::Gating | Phase::Baseline | Phase::Warmup | Phase::Watching | Phase::Held | Phase::Grace => {
                self.accept(Action::Abort, actor, Some(signal), out);
                self.end_aborted(out);
            }
        }
    }
}
