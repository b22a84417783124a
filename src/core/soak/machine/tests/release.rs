//! Which release is judged, where the pages of its instances name it.

use super::harness::{HEALTHY, Harness, WALL, settings};
use crate::core::detect::Reading;
use crate::core::soak::{Event, Origin, Sample, Settings, SwitchResult};
use crate::model::{Color, DecisionKind};

/// An instance's page names a release.
fn named(harness: &mut Harness, color: Color, instance: usize, release: &str) {
    let reading = Reading { total: 1_000, errors: 10, release: Some(release.to_owned()), ..Reading::default() };
    harness.feed(Event::Sampled { color, instance, outcome: Sample::Good(reading) });
}

fn told(harness: &Harness) -> Vec<String> {
    let decisions = harness.decisions().into_iter();
    let told = decisions.filter(|decision| decision.why() == Some("release"));
    told.map(|decision| decision.message.clone()).collect()
}

fn known(harness: &Harness) -> Option<&str> {
    harness.machine.settings().known_release()
}

const DIFFER: &str = "instances of green run different releases: 1.4.2 and 1.5.0. Is the deploy to green finished?";

#[test]
fn a_release_that_only_the_pages_name_is_told_once_and_stands_in_every_decision_behind_it() {
    let mut harness = Harness::new(settings());
    named(&mut harness, Color::Green, 0, "1.4.2");
    named(&mut harness, Color::Green, 1, "1.4.2");
    named(&mut harness, Color::Blue, 0, "1.3.0");
    assert_eq!(known(&harness), None, "not all had their say");
    harness.seconds(3, HEALTHY);
    assert_eq!(told(&harness), ["green runs release 1.4.2, by its metrics page"]);
    harness.until_over(60, HEALTHY);
    let released = harness.decisions().into_iter().map(|decision| decision.release.as_deref());
    assert_eq!(released.collect::<Vec<_>>(), [None, Some("1.4.2"), Some("1.4.2")]);
}

#[test]
fn what_somebody_named_goes_before_what_the_pages_name() {
    let mut harness = Harness::new(Settings { release: Some("4f2a".to_owned()), ..settings() });
    named(&mut harness, Color::Green, 0, "1.4.2");
    harness.seconds(2, HEALTHY);
    assert_eq!((known(&harness), told(&harness).len()), (Some("4f2a"), 0));
    named(&mut harness, Color::Green, 1, "1.5.0");
    harness.seconds(2, HEALTHY);
    assert_eq!((known(&harness), told(&harness)), (Some("4f2a"), vec![DIFFER.to_owned()]));
}

#[test]
fn instances_that_differ_name_no_release_until_they_agree() {
    let mut harness = Harness::new(settings());
    named(&mut harness, Color::Green, 0, "1.4.2");
    named(&mut harness, Color::Green, 1, "1.5.0");
    harness.seconds(2, HEALTHY);
    assert_eq!((known(&harness), told(&harness)), (None, vec![DIFFER.to_owned()]));
    named(&mut harness, Color::Green, 0, "1.5.0");
    harness.seconds(2, HEALTHY);
    assert_eq!(known(&harness), Some("1.5.0"));
    assert_eq!(told(&harness)[1], "green runs release 1.5.0, by its metrics page");
    for release in ["1.4.2", "1.5.0", "1.4.2", "1.5.0"] {
        named(&mut harness, Color::Green, 1, release);
        harness.seconds(1, HEALTHY);
    }
    assert_eq!(told(&harness).len(), 2, "each is told once");
}

#[test]
fn different_releases_change_no_verdict() {
    let mut harness = Harness::new(settings());
    named(&mut harness, Color::Green, 0, "1.4.2");
    named(&mut harness, Color::Green, 1, "1.5.0");
    harness.until_over(61, HEALTHY);
    assert_eq!(harness.kinds(), [DecisionKind::SoakStart, DecisionKind::Observe, DecisionKind::Retain]);
}

#[test]
fn an_instance_that_is_gone_has_no_say_and_the_sentences_are_bounded() {
    let mut harness = Harness::new(settings());
    named(&mut harness, Color::Green, 0, "1.4.2");
    named(&mut harness, Color::Green, 1, "1.5.0");
    harness.seconds(2, HEALTHY);
    harness.feed(Event::Instances { color: Color::Green, present: vec!["http://green-2".to_owned()] });
    harness.feed(Event::Tick { skipped: 0 });
    assert_eq!(known(&harness), Some("1.5.0"));
    for n in 0..20 {
        named(&mut harness, Color::Green, 1, &format!("2.{n}"));
        harness.feed(Event::Tick { skipped: 0 });
    }
    assert_eq!((known(&harness), told(&harness).len()), (Some("2.19"), 8));
    let many: Vec<String> = (0..6).map(|n| n.to_string()).collect();
    assert_eq!(crate::core::soak::list_releases(&many), "0, 1, 2, 3 and 2 more");
    assert_eq!(
        (crate::core::soak::list_releases(&many[..1]), crate::core::soak::list_releases(&[])),
        ("0".into(), String::new())
    );
}

#[test]
fn the_switch_and_the_beginning_name_the_release_that_the_gate_saw() {
    let origin = Origin::Switch { gate_ms: 5_000, soak: true };
    let mut harness = Harness::new(Settings { origin, last_switch: None, ..settings() });
    named(&mut harness, Color::Green, 0, "1.4.2");
    named(&mut harness, Color::Green, 1, "1.4.2");
    harness.second(HEALTHY);
    assert_eq!(known(&harness), Some("1.4.2"));
    // What comes while traffic moves waits for its end.
    named(&mut harness, Color::Green, 1, "1.5.0");
    harness.feed(Event::Tick { skipped: 0 });
    assert_eq!(known(&harness), Some("1.4.2"));
    harness.switch_done(SwitchResult::Switched { last_switch: Some(WALL + 1) });
    assert!(harness.message(DecisionKind::SoakStart).starts_with("watching green, release 1.4.2 (2 instances)"));
    assert_eq!(told(&harness), [""; 0]);
    harness.seconds(1, HEALTHY);
    assert_eq!(told(&harness), [DIFFER]);
}

#[test]
fn a_half_finished_deploy_is_told_before_traffic_moves() {
    let origin = Origin::Switch { gate_ms: 5_000, soak: true };
    let mut harness = Harness::new(Settings { origin, last_switch: None, ..settings() });
    named(&mut harness, Color::Green, 0, "1.4.2");
    named(&mut harness, Color::Green, 1, "1.5.0");
    harness.second(HEALTHY);
    assert_eq!((told(&harness), harness.kinds()), (vec![DIFFER.to_owned()], vec![DecisionKind::Observe]));
}
