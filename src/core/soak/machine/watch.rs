//! The watch: ticks, breaches, the end of the window, moves by somebody else.

use crate::config::OnInconclusive;
use crate::core::soak::rate::CountingTold;
use crate::core::soak::{DeploymentSeen, ForeignSeen, Machine, Observation, Readiness};
use crate::model::number::span;
use crate::model::{Actor, Cause, CheckId, Color, DecisionKind, Ending, Outcome, Phase, ReasonCode, Verdict};

use super::core::{Stage, Trigger};
use super::outbox::Outbox;

/// So many readings in a row must show the router elsewhere before it counts as moved: a reading may fall into a move.
const ROUTER_ELSEWHERE: u32 = 2;

/// So many different things are told of how requests are counted.
const MOST_COUNTERS_TOLD: usize = 8;

impl Machine {
    pub(super) fn tick(&mut self, skipped: u32, out: &mut Outbox) {
        self.learn_release(out);
        if self.soaking() {
            self.error_rate.tick(self.at, skipped, self.patience_ms());
            let patience_ms = self.patience_ms();
            self.settle_excuse(out);
            if let Some(latency) = &mut self.latency {
                latency.tick(self.at, skipped, patience_ms);
            }
            self.tell_unjudged(out);
            self.tick_standby(skipped);
            self.tell_blindness(out);
            self.tell_processes(out);
            self.tell_counting(out);
            if self.error_rate.wants_trial() {
                out.try_counting(self.settings.color);
            }
            out.read_router(self.epoch);
            self.look_for_breach(out);
            self.tell_warning(out);
            self.tell_optional(out);
            self.cause_no_longer_shared(out);
        }
        if self.waits_to_retry() {
            let patience_ms = self.patience_ms();
            self.error_rate.tick(self.at, skipped, patience_ms);
            if let Some(latency) = &mut self.latency {
                latency.tick(self.at, skipped, patience_ms);
            }
        }
        self.breach_came_back(out);
        self.look_while_verifying(out);
        if matches!(self.stage, Stage::Baseline { .. } | Stage::Verifying(_)) && self.recovery.wants_trial() {
            out.try_counting(self.settings.color.other());
        }
        self.ask_standby_in_the_gate(out);
        self.tell_failing_standby(out);
        self.deadlines(out);
        self.end_baseline(out);
        self.verified(out);
        if self.soaking() && self.at >= self.window_end {
            self.window_over(out);
            self.overtime = self.overtime.saturating_add(1);
        }
    }

    /// Whether checks are judged in this phase.
    pub fn soaking(&self) -> bool {
        matches!(self.phase(), Phase::Warmup | Phase::Watching | Phase::Held | Phase::Grace)
    }

    /// Whatever is due by the clock alone.
    pub(super) fn deadlines(&mut self, out: &mut Outbox) {
        match &self.stage {
            Stage::Gating { deadline_ms } if self.at >= *deadline_ms => self.refuse_switch(out),
            Stage::Baseline { .. } => self.end_baseline(out),
            Stage::Warmup if self.at >= self.window_start => self.end_warmup(out),
            Stage::Grace { deadline_ms } if self.at >= *deadline_ms && self.looked_around() => self.grace_over(out),
            Stage::Unsettled { gate_deadline_ms, ask_at } if self.at >= *ask_at => {
                self.ask_where_traffic_is(*gate_deadline_ms, out);
            }
            Stage::RollingBack(rolling) if rolling.retry_at.is_some_and(|at| self.at >= at) => self.retry(out),
            Stage::Verifying(verifying) if verifying.asks_again(self.at) => self.look_again(out),
            _ => {}
        }
    }

    /// What ends a window wants a sample from the end itself; the tick after it judges. Only a timer asks for one: a tick that
    /// did would lead to the next one at once.
    pub(super) fn sample_at_an_end(&self, out: &mut Outbox) {
        let due = match &self.stage {
            Stage::Watching | Stage::Held(_) => self.at >= self.window_end,
            Stage::Verifying(verifying) => self.at >= verifying.until_ms,
            _ => false,
        };
        if due {
            out.sample();
        }
    }

    fn tell_blindness(&mut self, out: &mut Outbox) {
        let observation = self.observed_error_rate();
        match (self.error_rate.blind(self.at), self.told.blind) {
            (Some((lasted, why)), false) => {
                self.told.blind = true;
                let message = format!("the error rate is not known for {}: {why}", span(lasted));
                let decision = self.judged(DecisionKind::Blind, Actor::Auto, message, &observation);
                out.journal(decision);
            }
            (None, true) => {
                self.told.blind = false;
                let message = "the metrics can be read again";
                let decision = self.judged(DecisionKind::Sighted, Actor::Auto, message, &observation);
                out.journal(decision);
            }
            _ => {}
        }
    }

    /// A readiness route that answers "too many requests" is told once for each color: nothing is known there then.
    pub(super) fn tell_unsaid(&mut self, color: Color, answer: &Readiness, out: &mut Outbox) {
        let Readiness::Unknown(why) = answer else { return };
        let told = &mut self.told.unsaid[usize::from(color != self.settings.color)];
        if std::mem::replace(told, true) {
            return;
        }
        let message = format!("the readiness of {color} is not known: {why}");
        out.journal(self.decision(DecisionKind::Observe, Actor::Auto, message).because(ReasonCode::Readiness));
    }

    /// By what requests are counted, or why they cannot be, is told once it is known, and again where it changes.
    fn tell_counting(&mut self, out: &mut Outbox) {
        for sentence in self.counting_news() {
            let mut decision = self.decision(DecisionKind::Observe, Actor::Auto, sentence);
            decision.check = Some(CheckId::ErrorRate);
            out.journal(decision.because(ReasonCode::Metrics));
        }
    }

    /// What is to be told of how requests are counted, and was not told yet.
    pub(super) fn counting_news(&mut self) -> Vec<String> {
        if !self.error_rate.counts_anew() {
            return Vec::new();
        }
        let told = &mut self.told.counting;
        let news = self.error_rate.counting(self.settings.color).into_iter();
        // A page may lose its counter and get it back again and again.
        let mut is_new = |key: String| told.len() < MOST_COUNTERS_TOLD && told.insert(key);
        news.filter_map(|CountingTold { key, sentence }| is_new(key).then_some(sentence)).collect()
    }

    /// That several processes answer behind one URL is told once for each instance.
    fn tell_processes(&mut self, out: &mut Outbox) {
        let told = &mut self.told.several;
        let news: Vec<String> = self
            .error_rate
            .several()
            .into_iter()
            .filter_map(|(place, mixed, sentence)| told.insert((place, mixed)).then_some(sentence))
            .collect();
        let Some(first) = news.first() else { return };
        let message = match news.len() {
            1 => first.clone(),
            all => format!("{first} (the same for {} more instances)", all - 1),
        };
        out.journal(self.decision(DecisionKind::Observe, Actor::Auto, message).because(ReasonCode::Processes));
    }

    /// A release that is worse than its predecessor, though within the threshold, is told once.
    fn tell_warning(&mut self, out: &mut Outbox) {
        if self.told.worse || self.phase() == Phase::Warmup {
            return;
        }
        if let Some(message) = self.error_rate.warning() {
            self.told.worse = true;
            let observation = self.observed_error_rate();
            out.journal(
                self.judged(DecisionKind::Observe, Actor::Auto, message, &observation).because(ReasonCode::Baseline),
            );
        }
    }

    /// A breach of a check that is not required is journalled once, and has no vote.
    fn tell_optional(&mut self, out: &mut Outbox) {
        let breached = |seen: &Observation| !seen.required && seen.verdict == Verdict::Breached;
        let Some(observation) = self.observations().into_iter().find(breached) else { return };
        if self.told.optional.is_some() {
            return;
        }
        let message = format!("{} breached, which is not required: {}", observation.check, observation.message);
        let mut decision = self.judged(DecisionKind::Observe, Actor::Auto, message, &observation);
        decision.reason = Some(ReasonCode::Optional.into());
        self.told.optional = Some(observation.check);
        out.journal(decision);
    }

    /// A breach is latched by the trigger: the first one counts, later samples never clear it.
    fn look_for_breach(&mut self, out: &mut Outbox) {
        if self.trigger.is_some() {
            return;
        }
        let breached = self.observations().into_iter().find(|seen| seen.required && seen.verdict == Verdict::Breached);
        if let Some(observation) = breached {
            self.breached(observation, out);
        }
    }

    fn breached(&mut self, mut observation: Observation, out: &mut Outbox) {
        if let Some(blame) = self.blame().filter(|_| observation.check == CheckId::ErrorRate) {
            observation.message = format!("{}; {blame}", observation.message);
        }
        let message = format!("{} breached: {}", observation.check, observation.message);
        out.journal(self.judged(DecisionKind::Breach, Actor::Auto, message, &observation).because(ReasonCode::Breach));
        self.trigger = Some(Trigger { cause: Cause::Auto, observation });
        self.act(1, out);
    }

    fn window_over(&mut self, out: &mut Outbox) {
        match self.phase() {
            Phase::Watching => self.judge_window(out),
            Phase::Held if self.at >= self.hold_end() => self.hold_over(out),
            _ => {}
        }
    }

    /// The end of window and automatic extension.
    pub(super) fn hold_end(&self) -> u64 {
        self.window_end.saturating_add(self.settings.max_extension_ms)
    }

    fn judge_window(&mut self, out: &mut Outbox) {
        let Some(observations) = self.closing() else { return };
        let breached = observations.iter().find(|seen| seen.required && seen.verdict == Verdict::Breached);
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

    /// The observations with the closing judgement's verdicts and sentences; none while one more tick is wanted.
    fn closing(&self) -> Option<Vec<Observation>> {
        let patience_ms = self.patience_ms();
        let mut observations = self.observations();
        for seen in &mut observations {
            match (&seen.check, &self.latency) {
                (CheckId::ErrorRate, _) => {
                    (seen.verdict, seen.message) = self.error_rate.close(self.at, patience_ms, self.overtime)?;
                }
                (CheckId::Latency, Some(latency)) => {
                    (seen.verdict, seen.message) = latency.close(self.at, patience_ms, self.overtime)?;
                }
                (check, _) => {
                    if let Some(query) = self.query(check) {
                        (seen.verdict, seen.message) = query.close(self.at, patience_ms)?;
                    }
                }
            }
        }
        Some(observations)
    }

    fn retain(&mut self, observations: &[Observation], out: &mut Outbox) {
        let sentence = |seen: &Observation| match &seen.check {
            CheckId::ErrorRate | CheckId::Latency => seen.message.clone(),
            query => format!("{query}: {}", seen.message),
        };
        let rates = observations.iter().filter(|seen| seen.check != CheckId::Readiness).map(sentence);
        let reason = rates.chain([self.readiness_summary()]).collect::<Vec<_>>().join("; ");
        let decision = self.judged(DecisionKind::Retain, Actor::Auto, reason.clone(), &observations[0]);
        out.journal(decision);
        self.finish(Ending { outcome: Outcome::Retained, cause: Cause::Auto, reason }, out);
    }

    pub(super) fn readiness_summary(&self) -> String {
        self.readiness.summary()
    }

    fn inconclusive(&mut self, observation: Observation, out: &mut Outbox) {
        match self.settings.on_inconclusive {
            OnInconclusive::Hold if self.at < self.hold_end() => self.extend_by_itself(&observation, out),
            OnInconclusive::Hold => self.end_inconclusive(&observation, Cause::Auto, out),
            OnInconclusive::Keep => self.end_inconclusive(&observation, Cause::Policy, out),
            OnInconclusive::Rollback => {
                self.trigger = Some(Trigger { cause: Cause::Inconclusive, observation });
                self.act(1, out);
            }
        }
    }

    fn extend_by_itself(&mut self, observation: &Observation, out: &mut Outbox) {
        if self.told.extending {
            return;
        }
        self.told.extending = true;
        let by = span(self.settings.max_extension_ms);
        let message =
            format!("the window is over without a verdict, watching up to {by} longer: {}", observation.message);
        out.journal(
            self.judged(DecisionKind::Extend, Actor::Auto, message, observation).because(ReasonCode::Inconclusive),
        );
        out.reflect();
        out.schedule(self.hold_end());
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
        router: &Result<Color, String>,
        state: &Result<DeploymentSeen, String>,
        foreign: Option<&ForeignSeen>,
        out: &mut Outbox,
    ) {
        self.router = Some(router.clone());
        self.settle_switch(router, state, out);
        self.observed_while_verifying(router, state, foreign, out);
        if !self.soaking() {
            return;
        }
        let elsewhere = matches!(router, Ok(color) if *color != self.settings.color);
        self.router_elsewhere = if elsewhere { self.router_elsewhere + 1 } else { 0 };
        let ours = DeploymentSeen { active: self.settings.color, last_switch: self.settings.last_switch };
        match state {
            Ok(seen) if *seen != ours => {
                self.superseded(&format!("the state file now says {seen} is active"), out);
            }
            _ if self.router_elsewhere >= ROUTER_ELSEWHERE => {
                let other = self.settings.color.other();
                self.superseded(&format!("the router now sends traffic to {other}"), out);
            }
            _ => self.note_foreign(router, foreign, out),
        }
    }

    pub(super) fn superseded(&mut self, what: &str, out: &mut Outbox) {
        let reason = format!("somebody else moved traffic: {what}; nothing was touched");
        let decision = self.decision(DecisionKind::Superseded, Actor::Auto, reason.clone());
        out.journal(decision);
        self.finish(Ending { outcome: Outcome::Superseded, cause: Cause::External, reason }, out);
    }
}
