//! The latency check in a run: what the previous color excuses, and a histogram that nothing can be judged by.

use crate::core::soak::latency::LatencyCheck;
use crate::core::soak::rate::CountingTold;
use crate::core::soak::{LatencySettings, Machine};
use crate::model::{Cause, CheckId, DecisionKind, Ending, Outcome, ReasonCode};

use super::PATIENCE_MS;
use super::outbox::Outbox;
use super::told::Fact;

const MAX_TOLD: usize = 32;

impl Machine {
    /// Whether the latencies of the previous color are wanted, although nothing else of it may be.
    pub fn wants_previous_latency(&self) -> bool {
        self.soaking() && self.checks.latency().is_some_and(LatencyCheck::wants_previous)
    }

    /// Refuses to switch to a release whose latency could not be judged as configured: that is known before traffic moves.
    pub(super) fn refused_as_unfit(&mut self, out: &mut Outbox) -> bool {
        let required = self.settings.latency.as_ref().is_some_and(|latency| latency.required);
        let unfit = self.checks.latency().filter(|_| required && self.soak_follows()).and_then(LatencyCheck::unfit);
        if let Some(why) = &unfit {
            self.refuse_as_unfit(why, out);
        }
        unfit.is_some()
    }

    fn refuse_as_unfit(&mut self, why: &str, out: &mut Outbox) {
        let color = self.settings.color;
        let threshold = self.settings.latency.as_ref().map(LatencySettings::threshold).unwrap_or_default();
        // What is to be done about a unit is said where it is missing.
        let cure = if why.contains("checks.latency.unit") {
            ""
        } else {
            ". Give the histogram a bucket there, or set the threshold to one of its bounds"
        };
        let reason = format!(
            "the latency of {color} cannot be judged at {threshold} (checks.latency.threshold): {why}; traffic stays on {}{cure}",
            color.other(),
        );
        let mut decision = self.decision(DecisionKind::SwitchRefused, self.settings.actor.clone(), reason.clone());
        decision.active_color = Some(color.other());
        decision.previous_color = None;
        decision.check = Some(CheckId::Latency);
        out.journal(decision.because(ReasonCode::LatencyUnfit));
        self.finish(Ending { outcome: Outcome::Refused, cause: Cause::Configuration, reason }, out);
    }

    pub(super) fn learn_excuse(&mut self, out: &mut Outbox) {
        let Some(latency) = self.checks.latency_mut().filter(|latency| latency.wants_previous()) else { return };
        latency.decide_excuse();
        if let Some(excuse) = latency.excuse() {
            self.tell_latency(ReasonCode::LatencyExcuse, format!("latency: {excuse} (checks.latency.excuse)"), out);
        }
    }

    /// At a tick: what was open about the previous color is decided once it was read, or had its time for it.
    pub(super) fn settle_excuse(&mut self, out: &mut Outbox) {
        let tried = self.checks.latency().is_some_and(LatencyCheck::previous_tried);
        if self.wants_previous_latency() && (tried || self.time.at() >= self.window.start().saturating_add(PATIENCE_MS))
        {
            self.learn_excuse(out);
        }
    }

    pub(super) fn measuring_news(&mut self) -> Vec<String> {
        let Some(latency) = self.checks.latency() else { return Vec::new() };
        let news = latency.measuring(self.settings.color).into_iter();
        let mut is_new = |histogram: String| self.told.is_new_counter(histogram, MAX_TOLD);
        news.filter_map(|CountingTold { key, sentence }| is_new(key).then_some(sentence)).collect()
    }

    /// Tells a changed histogram; once that nothing is judged (something could be, or never will), and once that it is.
    pub(super) fn tell_unjudged(&mut self, out: &mut Outbox) {
        for sentence in self.measuring_news() {
            self.tell_latency(ReasonCode::Metrics, sentence, out);
        }
        let Some(latency) = self.checks.latency() else { return };
        let is_unfit = latency.unfit().is_some();
        let is_missing = latency.missing().is_some();
        let has_traffic = self.checks.error_rate().seen().requests > 0;
        let is_due = is_unfit || is_missing || has_traffic;
        let unjudged = latency.unjudged().filter(|_| is_due && !self.told.knows(&Fact::Unjudged));
        let judged = (latency.is_judged() && !is_unfit).then(|| latency.describe_source());
        if let Some(why) = unjudged {
            self.told.first(Fact::Unjudged);
            self.told.forget(&Fact::Judged);
            let message = format!("LATENCY IS NOT JUDGED: {why}; everything else is watched");
            self.tell_latency(ReasonCode::LatencyUnjudged, message, out);
        } else if let Some(by) = judged
            && self.told.first(Fact::Judged)
        {
            self.tell_latency(ReasonCode::LatencyJudged, format!("latency is judged: {by}"), out);
        }
    }

    fn tell_latency(&self, code: ReasonCode, message: String, out: &mut Outbox) {
        let mut decision = self.observe(code, message);
        decision.check = Some(CheckId::Latency);
        out.journal(decision);
    }
}
