//! A check by a query to Prometheus: a value against its threshold, or alerts of which none may fire.

use std::collections::BTreeSet;

use super::check::{Check, Judging, Now};
use super::settings::{QueryKind, QuerySettings};
use super::{Answer, Observation};
use crate::config::Bound;
use crate::model::number::{number, span};
use crate::model::{CheckId, Verdict};

const SHOWN: usize = 3;

#[derive(Clone, Debug, PartialEq)]
pub struct QueryCheck {
    settings: QuerySettings,
    /// The last answer that said something: when, and what.
    last: Option<(u64, Known)>,
    why: Option<String>,
    /// Since when the value is beyond its threshold without a break, and in how many answers.
    beyond: Option<(u64, u32)>,
    breach: Option<String>,
    /// The alerts that fired before the switch and have not resolved since; none before the first answer.
    before: Option<BTreeSet<String>>,
}

#[derive(Clone, Debug, PartialEq)]
struct Known {
    value: f64,
    firing: Vec<String>,
    note: Option<String>,
}

impl QueryCheck {
    pub const fn new(settings: QuerySettings) -> Self {
        Self { settings, last: None, why: None, beyond: None, breach: None, before: None }
    }

    /// The alerts of an answer: those that fired before the switch are not judged until they resolve once.
    fn alerts(&mut self, alerts: &[String], note: Option<String>) -> Known {
        let before = self.before.get_or_insert_with(|| alerts.iter().cloned().collect());
        before.retain(|alert| alerts.contains(alert));
        let firing: Vec<String> = alerts.iter().filter(|alert| !before.contains(*alert)).cloned().collect();
        #[expect(clippy::cast_precision_loss, reason = "at most a hundred alerts")]
        let value = firing.len() as f64;
        Known { value, firing, note }
    }

    fn is_beyond(&self, value: f64) -> bool {
        match self.settings.breach {
            Bound::Above => value > self.settings.threshold,
            Bound::Below => value < self.settings.threshold,
        }
    }

    /// `120 for 12s, at most 100 is allowed`, or which alerts fire.
    fn what_is_known(&self, lasted_ms: u64) -> String {
        let Some((_, known)) = &self.last else { return String::new() };
        let sentence = match self.settings.kind {
            QueryKind::Value => {
                let side = if self.settings.breach == Bound::Above { "at most" } else { "at least" };
                let lasted = if lasted_ms > 0 { format!(" for {}", span(lasted_ms)) } else { String::new() };
                format!("{}{lasted}, {side} {} is allowed", number(known.value), number(self.settings.threshold))
            }
            QueryKind::Alerts => self.alerts_in_words(&known.firing),
        };
        match &known.note {
            Some(note) => format!("{sentence} (Prometheus warns: {note})"),
            None => sentence,
        }
    }

    fn alerts_in_words(&self, firing: &[String]) -> String {
        let new = match firing {
            [] => "no alert fires".to_owned(),
            [one] => format!("the alert {one} fires"),
            several => format!("the alerts {} fire", listed(several.iter())),
        };
        match self.before.as_ref().filter(|before| !before.is_empty()) {
            Some(before) => {
                format!(
                    "{new}; firing since before the switch, and not judged until resolved: {}",
                    listed(before.iter())
                )
            }
            None => new,
        }
    }

    fn judge(&self, now: &Now) -> (Verdict, String) {
        let Now { at_ms, patience_ms, .. } = *now;
        if let Some(breach) = &self.breach {
            return (Verdict::Breached, breach.clone());
        }
        let Some((at, _)) = &self.last else {
            return (Verdict::Unknown, self.why.clone().unwrap_or_else(|| "no answer yet".to_owned()));
        };
        let age_ms = at_ms.saturating_sub(*at);
        if age_ms > patience_ms {
            let why = self.why.as_deref().unwrap_or("no answer");
            return (Verdict::Unknown, format!("not known for {}: {why}", span(age_ms)));
        }
        match self.beyond {
            Some((since, _)) => {
                let known = self.what_is_known(at.saturating_sub(since));
                (Verdict::Unknown, format!("{known}; a breach after {}", span(self.settings.for_ms)))
            }
            None => (Verdict::Healthy, self.what_is_known(0)),
        }
    }
}

impl Check for QueryCheck {
    fn id(&self) -> &CheckId {
        &self.settings.name
    }

    fn observe(&self, now: &Now) -> Observation {
        let (verdict, message) = if now.judging == Judging::Outages {
            (Verdict::Unknown, "warming up: not judged yet".to_owned())
        } else {
            self.judge(now)
        };
        let fresh = self.last.as_ref().filter(|(at, _)| now.at_ms.saturating_sub(*at) <= now.patience_ms);
        Observation {
            check: self.settings.name.clone(),
            required: self.settings.required,
            verdict,
            value: fresh.map(|(_, known)| known.value),
            threshold: self.settings.threshold,
            requests: 0,
            errors: 0,
            evidence: None,
            message,
        }
    }

    fn describe(&self) -> String {
        self.settings.describe()
    }

    fn boxed(&self) -> Box<dyn Check> {
        Box::new(self.clone())
    }

    /// None while a value beyond its threshold is on its way to a breach or back.
    fn close(&self, now: &Now, _overtime: u64) -> Option<(Verdict, String)> {
        let fresh = self.last.as_ref().is_some_and(|(at, _)| now.at_ms.saturating_sub(*at) <= now.patience_ms);
        let undecided = self.breach.is_none() && self.beyond.is_some() && fresh;
        (!undecided).then(|| self.judge(now))
    }

    fn margin(&self, value: f64) -> Option<f64> {
        let left = match self.settings.breach {
            Bound::Above => self.settings.threshold - value,
            Bound::Below => value - self.settings.threshold,
        };
        let share = left / self.settings.threshold.abs();
        share.is_finite().then_some(share)
    }

    fn streak(&self) -> Option<(u64, u64)> {
        let ((since, _), (at, _)) = (self.beyond?, self.last.as_ref()?);
        Some((at.saturating_sub(since), self.settings.for_ms))
    }

    /// What was known before stays known.
    fn restart(&mut self, _now: &Now) {
        (self.beyond, self.breach) = (None, None);
    }

    /// It counts against the release while everything is judged. An answer after a silence says nothing about the time between.
    fn answered(&mut self, now: &Now, answer: &Answer) {
        let Now { at_ms, patience_ms, judging, .. } = *now;
        let known = match answer {
            Answer::Failed(why) => {
                self.why = Some(why.clone());
                return;
            }
            Answer::Value { value, note } => Known { value: *value, firing: Vec::new(), note: note.clone() },
            Answer::Firing { alerts, note } => self.alerts(alerts, note.clone()),
        };
        if self.last.as_ref().is_some_and(|(at, _)| at_ms.saturating_sub(*at) > patience_ms) {
            self.beyond = None;
        }
        let beyond = self.is_beyond(known.value);
        self.why = None;
        self.last = Some((at_ms, known));
        if judging != Judging::Everything {
            return;
        }
        if !beyond {
            self.beyond = None;
            return;
        }
        let (since, answers) = self.beyond.map_or((at_ms, 1), |(since, answers)| (since, answers.saturating_add(1)));
        self.beyond = Some((since, answers));
        let lasted = at_ms.saturating_sub(since);
        if self.breach.is_none() && lasted >= self.settings.for_ms && (answers > 1 || self.settings.for_ms == 0) {
            self.breach = Some(self.what_is_known(lasted));
        }
    }
}

fn listed<'a>(alerts: impl ExactSizeIterator<Item = &'a String>) -> String {
    let beyond = alerts.len().saturating_sub(SHOWN);
    let shown = alerts.take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if beyond > 0 { format!("{shown} and {beyond} more") } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn now(at_ms: u64) -> Now {
        Now { at_ms, run_wall_ms: 0, patience_ms: 10_000, judging: Judging::Everything }
    }

    fn check(kind: QueryKind, breach: Bound, for_ms: u64) -> QueryCheck {
        let threshold = if kind == QueryKind::Alerts { 0.0 } else { 100.0 };
        QueryCheck::new(QuerySettings { name: CheckId::from("queue"), kind, threshold, breach, for_ms, required: true })
    }

    fn values(check: &mut QueryCheck, answers: &[(u64, f64)]) {
        for (at, value) in answers {
            check.answered(&now(*at), &Answer::Value { value: *value, note: None });
        }
    }

    fn firing(check: &mut QueryCheck, at: u64, alerts: &[&str]) {
        let alerts = alerts.iter().map(|alert| (*alert).to_owned()).collect();
        check.answered(&now(at), &Answer::Firing { alerts, note: None });
    }

    #[test]
    fn a_value_beyond_its_threshold_for_long_enough_is_a_breach_that_stays() {
        let mut check = check(QueryKind::Value, Bound::Above, 3_000);
        values(&mut check, &[(0, 100.0), (1_000, 120.0), (2_000, 130.0)]);
        let on_the_way = check.observe(&now(2_000));
        assert_eq!(on_the_way.verdict, Verdict::Unknown);
        assert_eq!(on_the_way.message, "130 for 1s, at most 100 is allowed; a breach after 3s");
        assert_eq!((check.streak(), check.close(&now(2_000), 0)), (Some((1_000, 3_000)), None));
        values(&mut check, &[(3_000, 99.0)]);
        assert_eq!(check.close(&now(3_000), 0).unwrap().0, Verdict::Healthy);
        values(&mut check, &[(4_000, 101.0), (7_000, 1_234.5)]);
        assert_eq!(check.observe(&now(7_000)).message, "1,234.5 for 3s, at most 100 is allowed");
        values(&mut check, &[(8_000, 1.0)]);
        assert_eq!(check.observe(&now(8_000)).verdict, Verdict::Breached);
        check.restart(&now(8_000));
        assert_eq!(check.observe(&now(8_000)).verdict, Verdict::Healthy);
    }

    #[test]
    fn a_single_answer_is_enough_only_without_a_duration() {
        let mut at_once = check(QueryKind::Value, Bound::Below, 0);
        values(&mut at_once, &[(0, 99.0)]);
        assert_eq!(at_once.observe(&now(0)).message, "99, at least 100 is allowed");
        assert_eq!(at_once.observe(&now(0)).verdict, Verdict::Breached);
        let mut later = check(QueryKind::Value, Bound::Above, 60_000);
        values(&mut later, &[(0, 101.0), (61_000, 101.0)]);
        assert_eq!(later.observe(&now(61_000)).verdict, Verdict::Unknown, "nobody knows what was between");
    }

    #[test]
    fn what_is_not_known_any_more_has_its_age_and_its_reason() {
        let mut check = check(QueryKind::Value, Bound::Above, 0);
        assert_eq!(check.observe(&now(0)).message, "no answer yet");
        check.answered(&now(0), &Answer::Failed("the query finds no series".to_owned()));
        assert_eq!(check.observe(&now(0)).message, "the query finds no series");
        values(&mut check, &[(1_000, 5.0)]);
        check.answered(&now(2_000), &Answer::Failed("refused".to_owned()));
        let still = check.observe(&now(11_000));
        assert_eq!((still.verdict, still.value), (Verdict::Healthy, Some(5.0)));
        let stale = check.observe(&now(12_000));
        assert_eq!((stale.verdict, stale.value), (Verdict::Unknown, None));
        assert_eq!(stale.message, "not known for 11s: refused");
        assert_eq!(check.close(&now(12_000), 0).unwrap().0, Verdict::Unknown);
    }

    #[test]
    fn answers_before_the_judgement_count_for_nothing_and_warnings_are_shown() {
        let mut check = check(QueryKind::Value, Bound::Above, 0);
        let note = Some("one store is away".to_owned());
        check.answered(&Now { judging: Judging::Nothing, ..now(0) }, &Answer::Value { value: 500.0, note });
        assert_eq!(check.observe(&Now { judging: Judging::Outages, ..now(0) }).message, "warming up: not judged yet");
        let seen = check.observe(&now(0));
        assert_eq!(seen.verdict, Verdict::Healthy);
        assert_eq!(seen.message, "500, at most 100 is allowed (Prometheus warns: one store is away)");
    }

    #[test]
    fn an_alert_from_before_the_switch_is_judged_once_it_has_resolved() {
        let mut check = check(QueryKind::Alerts, Bound::Above, 0);
        firing(&mut check, 0, &["Old"]);
        let seen = check.observe(&now(0));
        assert_eq!(seen.verdict, Verdict::Healthy);
        assert_eq!(seen.message, "no alert fires; firing since before the switch, and not judged until resolved: Old");
        firing(&mut check, 1_000, &[]);
        assert_eq!(check.observe(&now(1_000)).message, "no alert fires");
        firing(&mut check, 2_000, &["Old"]);
        assert_eq!(check.observe(&now(2_000)).message, "the alert Old fires");
        assert_eq!(check.observe(&now(2_000)).verdict, Verdict::Breached);
    }

    #[test]
    fn many_alerts_are_not_all_named() {
        let mut check = check(QueryKind::Alerts, Bound::Above, 0);
        firing(&mut check, 0, &[]);
        firing(&mut check, 1_000, &["A", "B", "C", "D", "E"]);
        assert_eq!(check.observe(&now(1_000)).message, "the alerts A, B, C and 2 more fire");
    }
}
