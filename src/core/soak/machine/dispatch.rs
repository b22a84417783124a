//! Who takes which event, and what every part of the machine uses.

use crate::core::soak::{Check, Effect, Envelope, Event, Judging, Machine, Now, Observation, Refusal, SwitchResult};
use crate::model::number::span;
use crate::model::{Actor, Decision, DecisionKind, Phase, ReasonCode};

use super::PATIENCE_MS;
use super::outbox::Outbox;
use super::stage::Stage;

/// Sentences of trouble that are kept; more would only repeat the first ones.
const MAX_TROUBLES: usize = 20;

impl Machine {
    /// Takes one event and says what is to be done, in order. After [`Effect::Finish`] nothing more is wanted.
    pub fn handle(&mut self, envelope: &Envelope) -> Vec<Effect> {
        let before = self.time.at();
        self.time.advance(envelope);
        let mut out = Outbox::default();
        if matches!(self.stage, Stage::Finished(_)) {
            self.after_the_end(&envelope.event, &mut out);
        } else {
            self.take(before, &envelope.event, &mut out);
        }
        out.into_effects()
    }

    fn take(&mut self, before_ms: u64, event: &Event, out: &mut Outbox) {
        match event {
            Event::Started => {
                self.time.begin_run();
                self.begin(out);
            }
            Event::Resumed(by) => self.resumed(before_ms, by, out),
            Event::Sampled { color, instance, outcome } => {
                self.sampled(*color, *instance, outcome);
                self.pass_gate(out);
            }
            Event::Instances { color, present } => {
                self.instances_changed(*color, present, out);
                self.pass_gate(out);
            }
            Event::Metered { color, check, outcome } => {
                self.metered(*color, check, outcome);
                self.pass_gate(out);
            }
            Event::Queried { check, answer } => self.checks.answered(&self.now(), check, answer),
            Event::Probed { instance, answer } => {
                self.checks.probed(&self.now(), *instance, answer);
                self.tell_unsaid(self.settings.color, answer, out);
                self.pass_gate(out);
            }
            Event::StandbyProbed { instance, answer } => {
                self.standby.probed(&self.now(), *instance, answer);
                self.tell_unsaid(self.settings.color.other(), answer, out);
                self.standby_changed(out);
            }
            Event::Tick { skipped } => self.tick(*skipped, out),
            Event::Timer => {
                self.sample_at_an_end(out);
                self.deadlines(out);
            }
            Event::RouterObserved { epoch, router, state, foreign } if *epoch == self.router.epoch() => {
                self.observed(router, state, foreign.as_ref(), out);
            }
            // An answer to a question from before the last move says nothing about now.
            Event::RouterObserved { .. } => {}
            Event::SwitchDone { result, .. } => self.switch_done(result, out),
            Event::RollbackDone { attempt, result, last_switch, .. } => {
                self.rollback_done(*attempt, result, *last_switch, out);
            }
            Event::GiveUp => self.give_up(out),
            Event::Action { action, actor, reason } => self.ordered(*action, actor, reason.as_deref(), out),
            Event::Freeze { frozen } => self.freeze_changed(frozen.clone(), out),
            Event::Lead { lost } => self.lead_changed(lost.as_deref(), out),
            Event::Interrupted { signal, actor } => self.interrupted(signal, actor, out),
            Event::ClockGap { ms } => self.clock_gap(*ms, out),
            Event::Trouble { what } => self.trouble(what),
        }
    }

    /// After the end orders are refused; a switch that was still under way is only noted.
    fn after_the_end(&mut self, event: &Event, out: &mut Outbox) {
        match event {
            Event::Action { .. } => out.refuse(Refusal::Over),
            Event::SwitchDone { result: SwitchResult::Failed(why), .. } => self.trouble(why),
            Event::Trouble { what } => self.trouble(what),
            _ => {}
        }
    }

    pub(super) fn now(&self) -> Now {
        Now {
            at_ms: self.time.at(),
            run_wall_ms: self.time.run_wall(),
            patience_ms: PATIENCE_MS.max(self.settings.interval_ms.saturating_mul(3)),
            judging: match self.phase() {
                Phase::Warmup => Judging::Outages,
                Phase::Watching | Phase::Held | Phase::Grace => Judging::Everything,
                _ => Judging::Nothing,
            },
        }
    }

    pub(super) fn observations(&self) -> Vec<Observation> {
        self.checks.observe(&self.now())
    }

    pub(super) fn observed_error_rate(&self) -> Observation {
        self.checks.error_rate().observe(&self.now())
    }

    pub(super) fn decision(&self, kind: DecisionKind, actor: Actor, message: impl Into<String>) -> Decision {
        let mut decision = Decision::new(kind, actor, message);
        decision.soak = Some(self.settings.soak.clone());
        decision.release = self.settings.known_release().map(str::to_owned);
        decision.active_color = Some(self.settings.color);
        decision.previous_color = Some(self.settings.color.other());
        decision
    }

    pub(super) fn judged(
        &self,
        kind: DecisionKind,
        actor: Actor,
        message: impl Into<String>,
        observation: &Observation,
    ) -> Decision {
        let mut decision = self.decision(kind, actor, message);
        decision.check = Some(observation.check.clone());
        decision.value = observation.value;
        decision.threshold = Some(observation.threshold);
        decision.evidence = observation.evidence;
        if observation.check.counts_requests() {
            decision.requests = Some(observation.requests);
            decision.errors = Some(observation.errors);
        }
        decision
    }

    pub(super) fn observe(&self, code: ReasonCode, message: impl Into<String>) -> Decision {
        self.decision(DecisionKind::Observe, Actor::Auto, message).because(code)
    }

    pub(super) fn trouble(&mut self, what: &str) {
        if self.troubles.len() < MAX_TROUBLES && !self.troubles.iter().any(|known| known == what) {
            self.troubles.push(what.to_owned());
        }
    }

    fn clock_gap(&mut self, ms: u64, out: &mut Outbox) {
        if self.time.soak_wall().is_none() {
            return;
        }
        self.time.add_gap(ms);
        let message = format!("nothing was seen for {}: the process or the machine stood still", span(ms));
        out.journal(self.observe(ReasonCode::ClockGap, message));
    }
}
