//! A check that was added is told, judged and told of like any other.

use super::harness::{HEALTHY, Harness, resumption, settings};
use crate::core::soak::roster::Changes;
use crate::core::soak::{Check, Event, Judging, Now, Observation, Readiness, Sample, Settings};
use crate::model::{CheckId, Color, DecisionKind, Outcome, Phase, Verdict};

/// Breached after so many ticks of the window; its value is what it was told of.
#[derive(Clone, Debug)]
struct Patience {
    id: CheckId,
    limit: u32,
    ticks: u32,
    pages: u32,
    probes: u32,
    begun: u32,
    changes: u32,
    resumed: u32,
}

impl Patience {
    fn of(limit: u32) -> Box<dyn Check> {
        let id = CheckId::from("patience");
        Box::new(Self { id, limit, ticks: 0, pages: 0, probes: 0, begun: 0, changes: 0, resumed: 0 })
    }
}

impl Check for Patience {
    fn id(&self) -> &CheckId {
        &self.id
    }

    fn observe(&self, _now: &Now) -> Observation {
        let Self { ticks, pages, probes, begun, changes, resumed, .. } = self;
        Observation {
            check: self.id.clone(),
            required: true,
            verdict: if *ticks > self.limit { Verdict::Breached } else { Verdict::Healthy },
            value: Some(f64::from(*ticks)),
            threshold: f64::from(self.limit),
            requests: 0,
            errors: 0,
            evidence: None,
            message: format!(
                "{begun} begun, {ticks} ticks, {pages} pages, {probes} probes, {changes} changes, {resumed} resumed"
            ),
        }
    }

    fn describe(&self) -> String {
        format!("patience of {}", self.limit)
    }

    fn boxed(&self) -> Box<dyn Check> {
        Box::new(self.clone())
    }

    fn restart(&mut self, _now: &Now) {
        self.begun += 1;
    }

    fn tick(&mut self, now: &Now, _skipped: u32) {
        self.ticks += u32::from(now.judging == Judging::Everything);
    }

    fn page(&mut self, _now: &Now, _instance: usize, _sample: &Sample) {
        self.pages += 1;
    }

    fn probed(&mut self, _now: &Now, _instance: usize, _answer: &Readiness) {
        self.probes += 1;
    }

    fn come_and_go(&mut self, _now: &Now, _instances: &[String], _changes: &Changes) {
        self.changes += 1;
    }

    fn resume(&mut self, _now: &Now, _instances: &[String]) {
        self.resumed += 1;
    }
}

fn patience(harness: &Harness) -> String {
    harness.machine.check(&CheckId::from("patience")).unwrap().observe(&Now::default()).message
}

#[test]
fn its_breach_is_told_and_acted_on() {
    let mut harness = Harness::with_check(settings(), Patience::of(4));
    harness.seconds(4, HEALTHY);
    assert_eq!(harness.machine.phase(), Phase::Watching);
    harness.second(HEALTHY);
    assert_eq!(harness.machine.phase(), Phase::RollingBack);
    let breach = harness.decisions().into_iter().find(|made| made.decision == DecisionKind::Breach).unwrap();
    assert_eq!(
        (breach.check.as_ref().map(CheckId::as_str), breach.value, breach.requests),
        (Some("patience"), Some(5.0), None)
    );
    assert!(breach.message.starts_with("patience breached: 1 begun, 5 ticks"), "{}", breach.message);
}

#[test]
fn it_has_a_part_in_the_beginning_and_the_end() {
    let mut harness = Harness::with_check(settings(), Patience::of(1_000));
    let start = harness.decisions().into_iter().find(|made| made.decision == DecisionKind::SoakStart).unwrap();
    assert!(start.message.contains(", patience of 1000, readiness of more than half"), "{}", start.message);
    harness.seconds(61, HEALTHY);
    let ending = harness.machine.ending().unwrap();
    assert_eq!(ending.outcome, Outcome::Retained);
    assert!(ending.reason.contains("; patience: 1 begun, 60 ticks, 120 pages, "), "{}", ending.reason);
}

#[test]
fn the_window_begins_for_it_behind_the_warmup() {
    let mut harness = Harness::with_check(Settings { warmup_ms: 5_000, ..settings() }, Patience::of(1_000));
    harness.seconds(4, HEALTHY);
    assert!(patience(&harness).starts_with("1 begun, 0 ticks"), "{}", patience(&harness));
    harness.seconds(4, HEALTHY);
    assert!(patience(&harness).starts_with("2 begun, "), "{}", patience(&harness));
}

#[test]
fn it_hears_of_instances_and_of_another_monitor() {
    let mut harness = Harness::with_check(settings(), Patience::of(1_000));
    harness.second(HEALTHY);
    harness.feed(Event::Instances { color: Color::Green, present: vec!["http://green-1".to_owned()] });
    harness.feed(Event::Resumed(Box::new(resumption())));
    assert!(patience(&harness).ends_with("1 changes, 1 resumed"), "{}", patience(&harness));
}
