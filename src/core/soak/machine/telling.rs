//! What is told once while the soak goes on.

use crate::core::soak::rate::CountingTold;
use crate::core::soak::{Machine, Observation, Readiness};
use crate::model::number::span;
use crate::model::{Actor, CheckId, Color, DecisionKind, Phase, ReasonCode, Verdict};

use super::outbox::Outbox;
use super::told::Fact;

const MAX_COUNTERS_TOLD: usize = 8;

impl Machine {
    pub(super) fn tell_blindness(&mut self, out: &mut Outbox) {
        let observation = self.observed_error_rate();
        match self.checks.error_rate().blind(self.time.at()) {
            Some((lasted, why)) => {
                if self.told.first(Fact::Blind) {
                    let message = format!("the error rate is not known for {}: {why}", span(lasted));
                    out.journal(self.judged(DecisionKind::Blind, Actor::Auto, message, &observation));
                }
            }
            None => {
                if self.told.forget(&Fact::Blind) {
                    let message = "the metrics can be read again";
                    out.journal(self.judged(DecisionKind::Sighted, Actor::Auto, message, &observation));
                }
            }
        }
    }

    pub(super) fn lead_changed(&mut self, lost: Option<&str>, out: &mut Outbox) {
        if lost.is_some() {
            self.told.first(Fact::LeadLost);
        } else {
            self.told.forget(&Fact::LeadLost);
        }
        out.journal(match lost {
            Some(why) => {
                let message = format!("{why}. A breach is not rolled back from here until it leads again");
                self.observe(ReasonCode::LeadLost, message)
            }
            None => self.observe(ReasonCode::LeadBack, "this host leads again".to_owned()),
        });
    }

    /// A readiness route that answers "too many requests" is told once for each color: nothing is known there then.
    pub(super) fn tell_unsaid(&mut self, color: Color, answer: &Readiness, out: &mut Outbox) {
        let Readiness::Unknown(why) = answer else { return };
        if self.told.first(Fact::Unsaid(color)) {
            let message = format!("the readiness of {color} is not known: {why}");
            out.journal(self.observe(ReasonCode::Readiness, message));
        }
    }

    /// By what requests are counted, or why they cannot be, is told once it is known, and again where it changes.
    pub(super) fn tell_counting(&mut self, out: &mut Outbox) {
        for sentence in self.counting_news() {
            let mut decision = self.observe(ReasonCode::Metrics, sentence);
            decision.check = Some(CheckId::ErrorRate);
            out.journal(decision);
        }
    }

    pub(super) fn counting_news(&mut self) -> Vec<String> {
        if !self.checks.error_rate_mut().counts_anew() {
            return Vec::new();
        }
        let news = self.checks.error_rate().counting(self.settings.color).into_iter();
        let mut is_new = |counter: String| self.told.is_new_counter(counter, MAX_COUNTERS_TOLD);
        news.filter_map(|CountingTold { key, sentence }| is_new(key).then_some(sentence)).collect()
    }

    pub(super) fn tell_processes(&mut self, out: &mut Outbox) {
        let several = self.checks.error_rate().several().into_iter();
        let mut is_new = |instance, is_mixed| self.told.first(Fact::Several { instance, is_mixed });
        let news: Vec<String> =
            several.filter_map(|(place, mixed, sentence)| is_new(place, mixed).then_some(sentence)).collect();
        let Some(first) = news.first() else { return };
        let message = match news.len() {
            1 => first.clone(),
            all => format!("{first} (the same for {} more instances)", all - 1),
        };
        out.journal(self.observe(ReasonCode::Processes, message));
    }

    pub(super) fn tell_warning(&mut self, out: &mut Outbox) {
        if self.phase() == Phase::Warmup {
            return;
        }
        let Some(message) = self.checks.error_rate().warning() else { return };
        if self.told.first(Fact::Worse) {
            let observation = self.observed_error_rate();
            let decision = self.judged(DecisionKind::Observe, Actor::Auto, message, &observation);
            out.journal(decision.because(ReasonCode::Baseline));
        }
    }

    /// A breach of a check that is not required has no vote.
    pub(super) fn tell_optional(&mut self, out: &mut Outbox) {
        let breached = |seen: &Observation| !seen.required && seen.verdict == Verdict::Breached;
        let Some(observation) = self.observations().into_iter().find(breached) else { return };
        if self.told.first(Fact::Optional) {
            let message = format!("{} breached, which is not required: {}", observation.check, observation.message);
            let decision = self.judged(DecisionKind::Observe, Actor::Auto, message, &observation);
            out.journal(decision.because(ReasonCode::Optional));
        }
    }

    pub(super) fn tell_freeze(&self, out: &mut Outbox) {
        let message = match self.response.frozen() {
            Some(frozen) => format!("automatic rollback is {}", frozen.describe(self.time.wall())),
            None => "automatic rollback is no longer frozen".to_owned(),
        };
        out.journal(self.observe(ReasonCode::Freeze, message));
    }
}
