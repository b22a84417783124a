//! The previous color before traffic leaves it: a rollback would lead back there, so whoever switches has to know how it does.

use crate::config::{OnFailingStandby, StandbyPolicy};
use crate::core::detect::{TickCounts, failed};
use crate::core::soak::Machine;
use crate::model::{Actor, Cause, DecisionKind, Ending, Outcome, ReasonCode};

use super::outbox::Outbox;

/// Least errors, above the threshold, in every case of who sent the requests. One or two may be chance.
const ERRORS: u64 = 3;
/// Intervals that an open gate waits for two readings of the previous color, where a switch may be refused for it.
const READINGS: u64 = 3;

impl Machine {
    fn looks_at_standby(&self) -> bool {
        self.settings.on_failing_standby.is_some() && self.soak_follows()
    }

    pub(super) fn ask_standby_in_the_gate(&self, out: &mut Outbox) {
        let ready = self.standby.all_answered() && self.standby.is_alive(1);
        if self.looks_at_standby() && self.is_before_the_move() && !ready {
            out.probe_standby();
        }
    }

    /// How the previous color fails already, before traffic leaves it; none where it does not, or nothing is known.
    pub fn standby_fails_already(&self) -> Option<String> {
        if !self.looks_at_standby() {
            return None;
        }
        let (standby, threshold) = (self.settings.color.other(), self.settings.error_rate.threshold);
        let fails =
            |counts: &TickCounts| counts.errors >= ERRORS && counts.rate().is_some_and(|rate| rate > threshold.0);
        let cases = self.standby.recovery().in_each_case();
        if !cases.is_empty() && cases.iter().all(fails) {
            let counts = failed(self.standby.counts());
            return Some(format!("{standby} fails already, before traffic leaves it: {counts}, limit {threshold}"));
        }
        let down =
            self.settings.standby == StandbyPolicy::Require && self.standby.all_answered() && !self.standby.is_alive(1);
        down.then(|| {
            let why = self.standby.first_failure().unwrap_or_default();
            format!("{standby} is not ready, before traffic leaves it: {why}")
        })
    }

    /// It is told once, as soon as it is seen: whoever switches can still abort.
    pub(super) fn tell_failing_standby(&mut self, out: &mut Outbox) {
        if self.standby.is_told() || !self.is_before_the_move() {
            return;
        }
        let Some(failing) = self.standby_fails_already() else { return };
        self.standby.tell();
        let standby = self.settings.color.other();
        let message = format!("{failing}. A rollback would send users back to it");
        let mut decision = self.decision(DecisionKind::Observe, Actor::Auto, message);
        decision.reason = Some(ReasonCode::StandbyFailing.into());
        (decision.active_color, decision.previous_color, decision.release) = (Some(standby), None, None);
        let counts = self.standby.counts();
        (decision.requests, decision.errors) = (Some(counts.requests), Some(counts.errors));
        decision.value = counts.rate();
        decision.threshold = Some(self.settings.error_rate.threshold.0);
        out.journal(decision);
    }

    /// One reading of the previous color counts nothing: the gate waits for a second one that a refusal depends on.
    pub(super) fn awaits_standby(&mut self) -> bool {
        if self.settings.on_failing_standby != Some(OnFailingStandby::Refuse) || !self.looks_at_standby() {
            return false;
        }
        let since = self.standby.ready_since(self.time.at());
        let known = self.standby.recovery().has_counted() && self.standby.all_answered();
        !known && self.time.at() < since.saturating_add(self.settings.interval_ms.saturating_mul(READINGS))
    }

    /// The policy refuses to leave a color that fails: there would be no good way back.
    pub(super) fn refused_for_standby(&mut self, out: &mut Outbox) -> bool {
        self.tell_failing_standby(out);
        if self.settings.on_failing_standby != Some(OnFailingStandby::Refuse) {
            return false;
        }
        let Some(failing) = self.standby_fails_already() else { return false };
        let standby = self.settings.color.other();
        let reason = format!(
            "{failing}; traffic stays on {standby} (soak.on_failing_standby). Fix {standby} first, or switch with \
             --on-failing-standby tell"
        );
        let mut decision = self.decision(DecisionKind::SwitchRefused, self.settings.actor.clone(), reason.clone());
        (decision.active_color, decision.previous_color) = (Some(standby), None);
        decision.reason = Some(ReasonCode::StandbyFailing.into());
        out.journal(decision);
        self.finish(Ending { outcome: Outcome::Refused, cause: Cause::Policy, reason }, out);
        true
    }
}
