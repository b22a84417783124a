//! How a run begins: gate, switch, start of the soak.

use crate::detect::span;
use crate::soak::{Actor, Cause, DecisionKind, Effect, Ending, Machine, Origin, Outcome, Phase, SwitchResult};

use super::core::Stage;

impl Machine {
    pub(super) fn begin(&mut self, out: &mut Vec<Effect>) {
        match self.settings.origin {
            Origin::Switch { gate_ms, .. } => {
                let deadline_ms = self.at.saturating_add(gate_ms);
                self.stage = Stage::Gating { deadline_ms };
                out.push(Effect::Schedule { at_ms: deadline_ms });
            }
            Origin::Soak => self.start_soak(out),
        }
    }

    /// Moves traffic once every instance of the target is ready and its counters were looked at.
    pub(super) fn pass_gate(&mut self, out: &mut Vec<Effect>) {
        let Origin::Switch { soak, .. } = self.settings.origin else { return };
        let counted = !soak || self.error_rate.all_tried();
        if matches!(self.stage, Stage::Gating { .. }) && self.readiness.all_ready(1) && counted {
            self.epoch += 1;
            self.stage = Stage::Switching;
            out.push(Effect::Switch);
        }
    }

    /// The gate's time is over: refuse, and leave everything as it was.
    pub(super) fn refuse_switch(&mut self, out: &mut Vec<Effect>) {
        let color = self.settings.color;
        let why = self.readiness.first_failure().unwrap_or_else(|| "its metrics gave no answer".to_owned());
        let reason = format!(
            "{color} is not ready: {} of {} instances ({why}); traffic stays on {}",
            self.readiness.ready(),
            self.readiness.all(),
            color.other(),
        );
        let mut decision = self.decision(DecisionKind::SwitchRefused, self.settings.actor.clone(), reason.clone());
        decision.active_color = Some(color.other());
        decision.previous_color = None;
        decision.reason = Some("not-ready".to_owned());
        out.push(Effect::Journal(Box::new(decision)));
        self.finish(Ending { outcome: Outcome::Refused, cause: Cause::Auto, reason }, out);
    }

    pub(super) fn switch_done(&mut self, result: &SwitchResult, out: &mut Vec<Effect>) {
        if self.phase() != Phase::Switching {
            return;
        }
        match result {
            SwitchResult::Failed(why) => {
                self.finish(Ending { outcome: Outcome::SwitchFailed, cause: Cause::Auto, reason: why.clone() }, out);
            }
            SwitchResult::Switched { last_switch } => {
                self.settings.last_switch = *last_switch;
                self.epoch += 1;
                self.after_switch(out);
            }
        }
    }

    fn after_switch(&mut self, out: &mut Vec<Effect>) {
        if !matches!(self.settings.origin, Origin::Switch { soak: true, .. }) {
            let reason = format!("traffic is on {}; no soak was asked for", self.settings.color);
            self.finish(Ending { outcome: Outcome::Switched, cause: Cause::Operator, reason }, out);
            return;
        }
        self.start_soak(out);
        if let Some((actor, signal)) = self.stop.take() {
            self.interrupted(&signal, &actor, out);
        }
    }

    fn start_soak(&mut self, out: &mut Vec<Effect>) {
        self.started_wall = Some(self.wall);
        self.window_start = self.at.saturating_add(self.settings.warmup_ms);
        self.window_end = self.window_start.saturating_add(self.settings.window_ms);
        self.error_rate.restart(self.at);
        self.stage = if self.settings.warmup_ms > 0 { Stage::Warmup } else { Stage::Watching };
        let message = self.start_message();
        let mut decision = self.decision(DecisionKind::SoakStart, self.settings.actor.clone(), message);
        decision.threshold = Some(self.settings.error_rate.threshold.0);
        out.push(Effect::Journal(Box::new(decision)));
        out.push(Effect::Reflect);
        if self.settings.warmup_ms > 0 {
            out.push(Effect::Schedule { at_ms: self.window_start });
        }
        out.push(Effect::Schedule { at_ms: self.window_end });
        out.push(Effect::ReadRouter { epoch: self.epoch });
        out.push(Effect::ProbeStandby);
    }

    fn start_message(&self) -> String {
        let settings = &self.settings;
        let warmup = if settings.warmup_ms > 0 {
            format!(" after a warmup of {}", span(settings.warmup_ms))
        } else {
            String::new()
        };
        let instances = match settings.instances.len() {
            1 => "1 instance".to_owned(),
            many => format!("{many} instances"),
        };
        format!(
            "watching {} ({instances}) for {}{warmup}: error rate at most {}, readiness of more than half; standby {}",
            settings.color,
            span(settings.window_ms),
            settings.error_rate.threshold,
            settings.color.other(),
        )
    }

    /// The warmup is over: the window starts here, with counters as they are now.
    pub(super) fn end_warmup(&mut self, out: &mut Vec<Effect>) {
        self.error_rate.restart(self.at);
        self.stage = Stage::Watching;
        let message = format!("warmup over: the window of {} starts", span(self.settings.window_ms));
        let mut decision = self.decision(DecisionKind::Observe, Actor::Auto, message);
        decision.reason = Some("window".to_owned());
        out.push(Effect::Journal(Box::new(decision)));
        out.push(Effect::Reflect);
    }
}
