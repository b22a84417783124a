//! How a run begins: gate, switch, start of the soak.

use crate::config::{Baseline, Method};
use crate::core::detect::failed;
use crate::core::soak::judge::{OldColor, relative_threshold};
use crate::core::soak::latency::LatencyCheck;
use crate::core::soak::{ErrorRateSettings, Machine, Origin, SwitchResult};
use crate::model::number::span;
use crate::model::{Actor, Cause, DecisionKind, Ending, Outcome, Phase, ReasonCode};

use super::outbox::Outbox;
use super::stage::Stage;
use super::told::Fact;
use super::window::Window;

/// Ends the look at the previous color early: more would not change the threshold much.
const BASELINE_REQUESTS: u64 = 2_000;

impl Machine {
    pub(super) fn begin(&mut self, out: &mut Outbox) {
        match self.settings.origin {
            Origin::Switch { gate_ms, .. } => {
                let deadline_ms = self.time.after(gate_ms);
                self.stage = Stage::Gating { deadline_ms };
                out.schedule(deadline_ms);
                self.ask_standby_in_the_gate(out);
            }
            Origin::Soak => self.start_soak(out),
        }
    }

    /// Goes on once every instance of the target is ready and its counters were looked at.
    pub(super) fn pass_gate(&mut self, out: &mut Outbox) {
        let Stage::Gating { deadline_ms } = self.stage else { return };
        if !self.gate_is_open() || self.refused_as_unfit(out) {
            return;
        }
        if self.wants_baseline() {
            self.stage = Stage::Baseline { since_ms: self.time.at(), gate_deadline_ms: deadline_ms };
            self.standby.begin_baseline();
            if let Some(latency) = self.checks.latency_mut() {
                latency.begin_baseline();
            }
            out.schedule(self.time.after(self.settings.baseline_window_ms));
        } else if !self.awaits_standby() {
            self.start_switch(out);
        }
    }

    fn gate_is_open(&self) -> bool {
        self.checks.readiness().all_ready(1) && (!self.soak_follows() || self.checks.are_prepared())
    }

    pub(super) const fn soak_follows(&self) -> bool {
        matches!(self.settings.origin, Origin::Switch { soak: true, .. })
    }

    fn wants_baseline(&self) -> bool {
        let wanted = self.wants_baseline_of_errors() || self.checks.latency().is_some_and(LatencyCheck::wants_previous);
        self.soak_follows() && self.settings.baseline_window_ms > 0 && wanted
    }

    fn wants_baseline_of_errors(&self) -> bool {
        let ErrorRateSettings { method, baseline, .. } = self.settings.error_rate;
        method == Method::Evidence && baseline != Baseline::Off && self.checks.error_rate().old().is_none()
    }

    fn start_switch(&mut self, out: &mut Outbox) {
        if self.refused_as_unfit(out) || self.refused_for_standby(out) {
            return;
        }
        self.learn_release(out);
        self.router.begin_epoch();
        self.stage = Stage::Switching;
        out.switch();
    }

    /// Ends the look at the previous color when its time is over or enough was seen. The target must still be ready then.
    pub(super) fn end_baseline(&mut self, out: &mut Outbox) {
        let Stage::Baseline { since_ms, gate_deadline_ms } = self.stage else { return };
        let (counts, measured_ms) = (self.standby.counts(), self.time.since(since_ms));
        if counts.requests < BASELINE_REQUESTS && measured_ms < self.settings.baseline_window_ms {
            return;
        }
        if self.wants_baseline_of_errors() {
            self.learn_baseline(OldColor { counts, measured_ms }, out);
        }
        self.learn_excuse(out);
        if self.gate_is_open() {
            self.start_switch(out);
        } else {
            // A new deadline would let an unready target be waited for twice.
            self.stage = Stage::Gating { deadline_ms: gate_deadline_ms };
            out.schedule(gate_deadline_ms.max(self.time.at()));
        }
    }

    fn learn_baseline(&mut self, old: OldColor, out: &mut Outbox) {
        self.checks.error_rate_mut().compare_with(old);
        let settings = &self.settings;
        let (watched, color) = (settings.color, settings.color.other());
        let measured = span(old.measured_ms);
        let allowed = relative_threshold(&settings.error_rate, settings.window_ms, settings.interval_ms, old);
        let message = match allowed {
            _ if old.counts.requests == 0 => format!("{color} had no traffic for {measured}: there is no baseline"),
            Some(allowed) => {
                let seen = failed(old.counts);
                format!("baseline ({color}): {seen} in {measured}; {watched} counts as a regression above {allowed}")
            }
            None => {
                format!("baseline ({color}): {} in {measured}; no tighter than the threshold", failed(old.counts))
            }
        };
        let mut decision = self.decision(DecisionKind::Observe, Actor::Auto, message);
        decision.active_color = Some(color);
        decision.previous_color = None;
        decision.release = None;
        decision.requests = Some(old.counts.requests);
        decision.errors = Some(old.counts.errors);
        decision.value = old.counts.rate();
        out.journal(decision.because(ReasonCode::Baseline));
    }

    pub(super) fn refuse_switch(&mut self, out: &mut Outbox) {
        let color = self.settings.color;
        let why = self.checks.readiness().first_failure().unwrap_or_else(|| "its metrics did not answer".to_owned());
        let unsaid = self.checks.readiness().only_unsaid();
        let stays = format!("traffic stays on {}", color.other());
        let reason = if unsaid {
            format!("the readiness of {color} is not known: {why}; {stays}")
        } else {
            let (ready, all) = (self.checks.readiness().ready(), self.checks.readiness().all());
            format!("{color} is not ready: {ready} of {all} instances ({why}); {stays}")
        };
        let mut decision = self.decision(DecisionKind::SwitchRefused, self.settings.actor.clone(), reason.clone());
        decision.active_color = Some(color.other());
        decision.previous_color = None;
        let code = if unsaid { ReasonCode::ReadinessUnknown } else { ReasonCode::NotReady };
        out.journal(decision.because(code));
        self.finish(Ending { outcome: Outcome::Refused, cause: Cause::Auto, reason }, out);
    }

    pub(super) fn switch_done(&mut self, result: &SwitchResult, out: &mut Outbox) {
        if self.phase() != Phase::Switching {
            return;
        }
        match result {
            SwitchResult::Failed(why) => {
                self.finish(Ending { outcome: Outcome::SwitchFailed, cause: Cause::Auto, reason: why.clone() }, out);
            }
            SwitchResult::Switched { last_switch } => {
                self.settings.last_switch = *last_switch;
                self.router.begin_epoch();
                self.after_switch(out);
            }
        }
    }

    fn after_switch(&mut self, out: &mut Outbox) {
        if !self.soak_follows() {
            let reason = format!("traffic is on {}; no soak was asked for", self.settings.color);
            self.finish(Ending { outcome: Outcome::Switched, cause: Cause::Operator, reason }, out);
            return;
        }
        self.start_soak(out);
        if let Some((actor, signal)) = self.stop.take() {
            self.interrupted(&signal, &actor, out);
        }
    }

    fn start_soak(&mut self, out: &mut Outbox) {
        self.time.begin_soak();
        self.window = Window::open(self.time.at(), &self.settings);
        let now = self.now();
        self.checks.begin(&now);
        self.standby.begin(&now);
        if self.checks.latency().is_some_and(LatencyCheck::previous_tried) {
            self.learn_excuse(out);
        }
        if self.checks.latency().is_some_and(LatencyCheck::is_judged) {
            self.told.first(Fact::Judged);
        }
        self.stage = if self.settings.warmup_ms > 0 { Stage::Warmup } else { Stage::Watching };
        let counting = self.counting_news();
        let measuring = self.measuring_news();
        let message =
            [self.start_message()].into_iter().chain(counting).chain(measuring).collect::<Vec<_>>().join("; ");
        let mut decision = self.decision(DecisionKind::SoakStart, self.settings.actor.clone(), message);
        decision.threshold = Some(self.settings.error_rate.threshold.0);
        out.journal(decision);
        if self.checks.latency().is_some_and(|latency| latency.missing().is_some()) {
            self.tell_unjudged(out);
        }
        if self.response.frozen().is_some() {
            self.tell_freeze(out);
        }
        out.reflect();
        if self.settings.warmup_ms > 0 {
            out.schedule(self.window.start());
        }
        out.schedule(self.window.end());
        out.read_router(self.router.epoch());
        out.probe_standby();
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
        let release = settings.known_release().map(|release| format!(", release {release}")).unwrap_or_default();
        let no_rollback = if settings.no_rollback { "; no rollback: a breach is only held" } else { "" };
        format!(
            "watching {}{release} ({instances}) for {}{warmup}: {}; standby {}{no_rollback}",
            settings.color,
            span(settings.window_ms),
            self.checks.describe(),
            settings.color.other(),
        )
    }

    pub(super) fn end_warmup(&mut self, out: &mut Outbox) {
        self.stage = Stage::Watching;
        let now = self.now();
        self.checks.restart(&now);
        self.standby.restart(&now);
        let message = format!("warmup over: the window of {} starts", span(self.settings.window_ms));
        out.journal(self.observe(ReasonCode::Window, message));
        out.reflect();
    }
}
