//! The watch: ticks, breaches, the end of the window, moves by somebody else.

use crate::config::OnInconclusive;
use crate::core::soak::{DeploymentSeen, ForeignSeen, Machine, Observation, ReadError};
use crate::model::number::span;
use crate::model::{Actor, Cause, CheckId, Color, DecisionKind, Ending, Outcome, Phase, ReasonCode, Verdict};

use super::outbox::Outbox;
use super::router::Routed;
use super::stage::Stage;

impl Machine {
    pub(super) fn tick(&mut self, skipped: u32, out: &mut Outbox) {
        self.learn_release(out);
        if self.soaking() {
            self.settle_excuse(out);
            self.checks.tick(&self.now(), skipped);
            self.tell_unjudged(out);
            if self.compares_with_standby() {
                self.standby.tick(&self.now(), skipped);
            }
            self.tell_blindness(out);
            self.tell_processes(out);
            self.tell_counting(out);
            if self.checks.error_rate_mut().wants_trial() {
                out.try_counting(self.settings.color);
            }
            out.read_router(self.router.epoch());
            self.look_for_breach(out);
            self.tell_warning(out);
            self.tell_optional(out);
            self.cause_no_longer_shared(out);
        }
        if self.waits_to_retry() {
            self.checks.tick(&self.now(), skipped);
        }
        self.breach_came_back(out);
        self.look_while_verifying(out);
        if matches!(self.stage, Stage::Baseline { .. } | Stage::Verifying(_)) && self.standby.wants_trial() {
            out.try_counting(self.settings.color.other());
        }
        self.ask_standby_in_the_gate(out);
        self.tell_failing_standby(out);
        self.deadlines(out);
        self.end_baseline(out);
        self.verified(out);
        if self.soaking() && self.time.at() >= self.window.end() {
            self.window_over(out);
            self.window.add_overtime();
        }
    }

    pub(super) fn deadlines(&mut self, out: &mut Outbox) {
        match &self.stage {
            Stage::Gating { deadline_ms } if self.time.at() >= *deadline_ms => self.refuse_switch(out),
            Stage::Baseline { .. } => self.end_baseline(out),
            Stage::Warmup if self.time.at() >= self.window.start() => self.end_warmup(out),
            Stage::Grace { deadline_ms } if self.time.at() >= *deadline_ms && self.looked_around() => {
                self.grace_over(out);
            }
            Stage::Unsettled { gate_deadline_ms, ask_at } if self.time.at() >= *ask_at => {
                self.ask_where_traffic_is(*gate_deadline_ms, out);
            }
            Stage::RollingBack(rolling) if rolling.is_due(self.time.at()) => self.retry(out),
            Stage::Verifying(verifying) if verifying.asks_again(self.time.at()) => self.look_again(out),
            _ => {}
        }
    }

    /// A window's end needs a sample from the end itself. Only a timer asks for it: a tick would cause the next tick.
    pub(super) fn sample_at_an_end(&self, out: &mut Outbox) {
        let due = match &self.stage {
            Stage::Watching | Stage::Held(_) => self.time.at() >= self.window.end(),
            Stage::Verifying(verifying) => self.time.at() >= verifying.until_ms(),
            _ => false,
        };
        if due {
            out.sample();
        }
    }

    /// The first breach counts; later samples never clear it.
    fn look_for_breach(&mut self, out: &mut Outbox) {
        if self.response.trigger().is_some() {
            return;
        }
        let breached = self.observations().into_iter().find(Observation::is_breach);
        if let Some(observation) = breached {
            self.breached(observation, out);
        }
    }

    fn breached(&mut self, mut observation: Observation, out: &mut Outbox) {
        if let Some(attribution) = self.attribution().filter(|_| observation.check == CheckId::ErrorRate) {
            observation.message = format!("{}; {attribution}", observation.message);
        }
        let message = format!("{} breached: {}", observation.check, observation.message);
        out.journal(self.judged(DecisionKind::Breach, Actor::Auto, message, &observation).because(ReasonCode::Breach));
        self.response.act_on(Cause::Auto, observation);
        self.act(1, out);
    }

    fn window_over(&mut self, out: &mut Outbox) {
        match self.phase() {
            Phase::Watching => self.judge_window(out),
            Phase::Held if self.time.at() >= self.window.hold_end() => self.hold_over(out),
            _ => {}
        }
    }

    fn judge_window(&mut self, out: &mut Outbox) {
        let closing = self.checks.close(&self.now(), self.window.overtime());
        let Some(observations) = closing else { return };
        let breached = observations.iter().find(|seen| seen.is_breach());
        if let Some(observation) = breached {
            self.breached(observation.clone(), out);
            return;
        }
        let unknown = observations.iter().find(|seen| seen.required && seen.verdict == Verdict::Unknown);
        match unknown {
            None => self.retain(&observations, out),
            Some(observation) => self.inconclusive(observation.clone(), out),
        }
    }

    fn retain(&mut self, observations: &[Observation], out: &mut Outbox) {
        let reason = self.checks.retained(observations);
        let decision = self.judged(DecisionKind::Retain, Actor::Auto, reason.clone(), &observations[0]);
        out.journal(decision);
        self.finish(Ending { outcome: Outcome::Retained, cause: Cause::Auto, reason }, out);
    }

    fn inconclusive(&mut self, observation: Observation, out: &mut Outbox) {
        match self.settings.on_inconclusive {
            OnInconclusive::Hold if self.time.at() < self.window.hold_end() => self.extend_by_itself(&observation, out),
            OnInconclusive::Hold => self.end_inconclusive(&observation, Cause::Auto, out),
            OnInconclusive::Keep => self.end_inconclusive(&observation, Cause::Policy, out),
            OnInconclusive::Rollback => {
                self.response.act_on(Cause::Inconclusive, observation);
                self.act(1, out);
            }
        }
    }

    fn extend_by_itself(&mut self, observation: &Observation, out: &mut Outbox) {
        if !self.window.run_on() {
            return;
        }
        let by = span(self.window.max_extension());
        let message =
            format!("the window is over without a verdict, watching up to {by} longer: {}", observation.message);
        out.journal(
            self.judged(DecisionKind::Extend, Actor::Auto, message, observation).because(ReasonCode::Inconclusive),
        );
        out.reflect();
        out.schedule(self.window.hold_end());
    }

    fn end_inconclusive(&mut self, observation: &Observation, cause: Cause, out: &mut Outbox) {
        let reason = format!("{}: {}", observation.check, observation.message);
        let decision = self.judged(DecisionKind::Inconclusive, Actor::Auto, reason.clone(), observation);
        let code = if cause == Cause::Policy { ReasonCode::Policy } else { ReasonCode::Auto };
        out.journal(decision.because(code));
        self.finish(Ending { outcome: Outcome::Inconclusive, cause, reason }, out);
    }

    pub(super) fn observed(
        &mut self,
        router: &Result<Color, ReadError>,
        state: &Result<DeploymentSeen, ReadError>,
        foreign: Option<&ForeignSeen>,
        out: &mut Outbox,
    ) {
        let reading = Routed::of(router, foreign);
        self.router.read(router);
        self.settle_switch(router, state, out);
        self.observed_while_verifying(router, state, reading, out);
        if !self.soaking() {
            return;
        }
        let is_elsewhere = self.router.is_elsewhere(reading, self.settings.color);
        let ours = DeploymentSeen { active: self.settings.color, last_switch: self.settings.last_switch };
        match state {
            Ok(seen) if *seen != ours => {
                self.superseded(&format!("the state file now says {seen} is active"), out);
            }
            _ if is_elsewhere => {
                let other = self.settings.color.other();
                self.superseded(&format!("the router now sends traffic to {other}"), out);
            }
            _ => self.note_foreign(reading, out),
        }
    }

    pub(super) fn superseded(&mut self, what: &str, out: &mut Outbox) {
        let reason = format!("another process moved traffic: {what}; nothing was touched");
        let decision = self.decision(DecisionKind::Superseded, Actor::Auto, reason.clone());
        out.journal(decision);
        self.finish(Ending { outcome: Outcome::Superseded, cause: Cause::External, reason }, out);
    }
}
