//! Takes up a run whose monitor is gone: the recorded events say where it stood, not which effects were carried out. So
//! everything that can be asked for twice is asked for again, and what nobody watched is counted.

use crate::core::soak::{DeploymentSeen, Machine, Origin, ReadError, Resumption};
use crate::model::number::span;
use crate::model::{Actor, Cause, Color, Decision, DecisionKind, Ending, Outcome, Phase, ReasonCode};

use super::PATIENCE_MS;
use super::outbox::Outbox;
use super::stage::Stage;
use super::told::Fact;

const ASK_AGAIN_MS: u64 = 1_000;

impl Machine {
    /// `before_ms` is the time of the last event that is known.
    pub(super) fn resumed(&mut self, before_ms: u64, by: &Resumption, out: &mut Outbox) {
        let gap_ms = self.time.since(before_ms);
        self.time.resume(gap_ms);
        // Questions of the old monitor stay without an answer, and what it saw of the surroundings is no longer true.
        self.router.forget();
        self.settings.instances.clone_from(&by.instances);
        self.settings.standby_instances.clone_from(&by.standby_instances);
        self.settings.leader.clone_from(&by.leader);
        self.told.forget(&Fact::LeadLost);
        let now = self.now();
        self.checks.resume(&now, &by.instances);
        self.fleet.resume(&by.instances);
        self.standby.resume(&now, &by.standby_instances);
        out.journal(
            self.decision(DecisionKind::Resumed, Actor::Resume, self.resumed_message(gap_ms, by))
                .because(ReasonCode::Resumed),
        );
        match &by.intent {
            Some(intent) if !self.knows_of_rollback() => self.take_up_rollback(intent.clone(), out),
            _ => self.take_up_stage(before_ms, out),
        }
        out.reflect();
    }

    fn resumed_message(&self, gap_ms: u64, by: &Resumption) -> String {
        let missed = gap_ms / self.settings.interval_ms.max(1);
        let mut parts =
            vec![format!("the soak resumed after {} without a monitor, {missed} samples missed", span(gap_ms))];
        parts.extend(by.leader.iter().map(|leader| format!("{leader} leads")));
        if self.soaking() {
            parts.push(match self.window.end().saturating_sub(self.time.at()) {
                0 => "the window is over: it is judged on one more sample of every instance".to_owned(),
                left => format!("the window ends in {}, as before", span(left)),
            });
        }
        if by.lost_events > 0 {
            parts.push(format!("{} events are missing in the recording", by.lost_events));
        }
        parts.extend(by.changes.iter().cloned());
        parts.join("; ")
    }

    fn knows_of_rollback(&self) -> bool {
        matches!(self.phase(), Phase::RollingBack | Phase::Verifying)
    }

    /// The journal knows of a rollback that the recording does not: it is carried through, once.
    fn take_up_rollback(&mut self, intent: Decision, out: &mut Outbox) {
        let cause = match intent.actor {
            Actor::Operator(_) | Actor::Ci(_) => Cause::Operator,
            _ if intent.is_because(ReasonCode::Inconclusive) => Cause::Inconclusive,
            _ => Cause::Auto,
        };
        self.start_rollback(cause, intent, false, out);
    }

    fn take_up_stage(&mut self, before_ms: u64, out: &mut Outbox) {
        match self.stage.clone() {
            Stage::Gating { deadline_ms } => self.gate_again(deadline_ms, out),
            // Its measurement has a hole: the previous color is looked at anew once the gate is passed.
            Stage::Baseline { gate_deadline_ms, .. } => self.gate_again(gate_deadline_ms, out),
            Stage::Switching => {
                let gate_ms = if let Origin::Switch { gate_ms, .. } = self.settings.origin { gate_ms } else { 0 };
                self.ask_where_traffic_is(before_ms.saturating_add(gate_ms), out);
            }
            Stage::Unsettled { gate_deadline_ms, .. } => self.ask_where_traffic_is(gate_deadline_ms, out),
            Stage::Warmup => {
                out.schedule(self.window.start());
                self.look_around(out);
            }
            Stage::Grace { deadline_ms } => {
                out.schedule(deadline_ms);
                self.look_around(out);
            }
            Stage::Watching | Stage::Held(_) => self.look_around(out),
            Stage::Verifying(_) => self.verify_on(out),
            Stage::RollingBack(_) => self.take_up_attempt(out),
            Stage::Finished(_) => {}
        }
    }

    fn gate_again(&mut self, deadline_ms: u64, out: &mut Outbox) {
        self.stage = Stage::Gating { deadline_ms };
        out.schedule(deadline_ms);
        self.deadlines(out);
    }

    fn look_around(&self, out: &mut Outbox) {
        out.schedule(self.window.end());
        out.schedule(self.window.hold_end());
        out.read_router(self.router.epoch());
        out.probe_standby();
    }

    pub(super) fn settle_switch(
        &mut self,
        router: &Result<Color, ReadError>,
        state: &Result<DeploymentSeen, ReadError>,
        out: &mut Outbox,
    ) {
        let Stage::Unsettled { gate_deadline_ms, .. } = self.stage else { return };
        let target = self.settings.color;
        match (router, state) {
            (Ok(router), Ok(state)) if *router == target || state.active == target => {
                // One of them has moved: the switch brings the other one along, and is taken for ours if the journal says so.
                self.stage = Stage::Switching;
                out.switch();
            }
            (Ok(_), Ok(state)) if state.last_switch != self.settings.last_switch => {
                self.superseded(&format!("the state file now says {state} is active"), out);
            }
            (Ok(_), Ok(_)) => self.gate_again(gate_deadline_ms, out),
            (Err(why), _) | (_, Err(why)) if self.time.at() >= gate_deadline_ms => {
                let reason = format!("the monitor died while it moved traffic; cannot tell where traffic is: {why}");
                let decision = self.decision(DecisionKind::SwitchFailed, Actor::Resume, reason.clone());
                out.journal(decision);
                self.finish(Ending { outcome: Outcome::SwitchFailed, cause: Cause::Auto, reason }, out);
            }
            _ => {}
        }
    }

    pub(super) fn ask_where_traffic_is(&mut self, gate_deadline_ms: u64, out: &mut Outbox) {
        let ask_at = self.time.after(ASK_AGAIN_MS);
        self.stage = Stage::Unsettled { gate_deadline_ms, ask_at };
        out.read_router(self.router.epoch());
        out.schedule(ask_at);
    }

    /// Whether router, state file and standby were looked at since the resumption, or had their time: nothing is acted on before.
    pub(super) fn looked_around(&self) -> bool {
        self.time.resumed_at().is_none_or(|resumed_at| {
            (self.router.last().is_some() && self.standby.all_answered())
                || self.time.at() >= resumed_at.saturating_add(PATIENCE_MS)
        })
    }
}
