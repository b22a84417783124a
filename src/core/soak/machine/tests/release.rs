//! Which release is judged, where the pages of its instances name it.

use super::bench::{Bench, HEALTHY, WALL, settings};
use crate::core::detect::Reading;
use crate::core::soak::{Event, Origin, Sample, Settings, SwitchResult};
use crate::model::{Color, DecisionKind};

/// An instance's page names a release.
fn named(bench: &mut Bench, color: Color, instance: usize, release: &str) {
    let reading = Reading { total: 1_000, errors: 10, release: Some(release.to_owned()), ..Reading::default() };
    bench.feed(Event::Sampled { color, instance, outcome: Sample::Good(reading) });
}

fn told(bench: &Bench) -> Vec<String> {
    let decisions = bench.decisions().into_iter();
    let told = decisions.filter(|decision| decision.why() == Some("release"));
    told.map(|decision| decision.message.clone()).collect()
}

fn known(bench: &Bench) -> Option<&str> {
    bench.machine.settings().known_release()
}

const DIFFER: &str = "instances of green run different releases: 1.4.2 and 1.5.0. Is the deploy to green finished?";

#[test]
fn a_release_that_only_the_pages_name_is_told_once_and_stands_in_every_decision_behind_it() {
    let mut bench = Bench::new(settings());
    named(&mut bench, Color::Green, 0, "1.4.2");
    named(&mut bench, Color::Green, 1, "1.4.2");
    named(&mut bench, Color::Blue, 0, "1.3.0");
    assert_eq!(known(&bench), None, "not all had their say");
    bench.seconds(3, HEALTHY);
    assert_eq!(told(&bench), ["green runs release 1.4.2, by its metrics page"]);
    bench.until_over(60, HEALTHY);
    let released = bench.decisions().into_iter().map(|decision| decision.release.as_deref());
    assert_eq!(released.collect::<Vec<_>>(), [None, Some("1.4.2"), Some("1.4.2")]);
}

#[test]
fn what_somebody_named_goes_before_what_the_pages_name() {
    let mut bench = Bench::new(Settings { release: Some("4f2a".to_owned()), ..settings() });
    named(&mut bench, Color::Green, 0, "1.4.2");
    bench.seconds(2, HEALTHY);
    assert_eq!((known(&bench), told(&bench).len()), (Some("4f2a"), 0));
    named(&mut bench, Color::Green, 1, "1.5.0");
    bench.seconds(2, HEALTHY);
    assert_eq!((known(&bench), told(&bench)), (Some("4f2a"), vec![DIFFER.to_owned()]));
}

#[test]
fn instances_that_differ_name_no_release_until_they_agree() {
    let mut bench = Bench::new(settings());
    named(&mut bench, Color::Green, 0, "1.4.2");
    named(&mut bench, Color::Green, 1, "1.5.0");
    bench.seconds(2, HEALTHY);
    assert_eq!((known(&bench), told(&bench)), (None, vec![DIFFER.to_owned()]));
    named(&mut bench, Color::Green, 0, "1.5.0");
    bench.seconds(2, HEALTHY);
    assert_eq!(known(&bench), Some("1.5.0"));
    assert_eq!(told(&bench)[1], "green runs release 1.5.0, by its metrics page");
    for release in ["1.4.2", "1.5.0", "1.4.2", "1.5.0"] {
        named(&mut bench, Color::Green, 1, release);
        bench.seconds(1, HEALTHY);
    }
    assert_eq!(told(&bench).len(), 2, "each is told once");
}

#[test]
fn different_releases_change_no_verdict() {
    let mut bench = Bench::new(settings());
    named(&mut bench, Color::Green, 0, "1.4.2");
    named(&mut bench, Color::Green, 1, "1.5.0");
    bench.until_over(61, HEALTHY);
    assert_eq!(bench.kinds(), [DecisionKind::SoakStart, DecisionKind::Observe, DecisionKind::Retain]);
}

#[test]
fn an_instance_that_is_gone_has_no_say_and_the_sentences_are_bounded() {
    let mut bench = Bench::new(settings());
    named(&mut bench, Color::Green, 0, "1.4.2");
    named(&mut bench, Color::Green, 1, "1.5.0");
    bench.seconds(2, HEALTHY);
    bench.feed(Event::Instances { color: Color::Green, present: vec!["http://green-2".to_owned()] });
    bench.feed(Event::Tick { skipped: 0 });
    assert_eq!(known(&bench), Some("1.5.0"));
    for n in 0..20 {
        named(&mut bench, Color::Green, 1, &format!("2.{n}"));
        bench.feed(Event::Tick { skipped: 0 });
    }
    assert_eq!((known(&bench), told(&bench).len()), (Some("2.19"), 8));
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
    let mut bench = Bench::new(Settings { origin, last_switch: None, ..settings() });
    named(&mut bench, Color::Green, 0, "1.4.2");
    named(&mut bench, Color::Green, 1, "1.4.2");
    bench.second(HEALTHY);
    assert_eq!(known(&bench), Some("1.4.2"));
    // What comes while traffic moves waits for its end.
    named(&mut bench, Color::Green, 1, "1.5.0");
    bench.feed(Event::Tick { skipped: 0 });
    assert_eq!(known(&bench), Some("1.4.2"));
    bench.switch_done(SwitchResult::Switched { last_switch: Some(WALL + 1) });
    assert!(bench.message(DecisionKind::SoakStart).starts_with("watching green, release 1.4.2 (2 instances)"));
    assert_eq!(told(&bench), [""; 0]);
    bench.seconds(1, HEALTHY);
    assert_eq!(told(&bench), [DIFFER]);
}

#[test]
fn a_half_finished_deploy_is_told_before_traffic_moves() {
    let origin = Origin::Switch { gate_ms: 5_000, soak: true };
    let mut bench = Bench::new(Settings { origin, last_switch: None, ..settings() });
    named(&mut bench, Color::Green, 0, "1.4.2");
    named(&mut bench, Color::Green, 1, "1.5.0");
    bench.second(HEALTHY);
    assert_eq!((told(&bench), bench.kinds()), (vec![DIFFER.to_owned()], vec![DecisionKind::Observe]));
}
