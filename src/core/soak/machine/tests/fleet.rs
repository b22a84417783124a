//! Instances that come and go.

use super::harness::{FAILING, HEALTHY, Harness, World, settings};
use crate::core::detect::Reading;
use crate::core::soak::{Event, Readiness, Sample};
use crate::model::{Color, DecisionKind, Outcome, Phase, Verdict};

const FIRST: &str = "http://green-1";
const SECOND: &str = "http://green-2";
const THIRD: &str = "http://green-3";

fn are(harness: &mut Harness, color: Color, present: &[&str]) {
    let present = present.iter().map(|name| (*name).to_owned()).collect();
    harness.feed(Event::Instances { color, present });
}

/// A second in which only these places of green answer.
fn second(harness: &mut Harness, places: &[usize], world: World) {
    harness.at += 1_000;
    harness.feed(Event::StandbyProbed { instance: 0, answer: Readiness::Ready });
    for place in places {
        harness.feed(Event::Probed { instance: *place, answer: Readiness::Ready });
        if *place < 2 {
            harness.sample(Color::Green, *place, world);
        }
    }
    harness.feed(Event::Tick { skipped: 0 });
}

fn check(harness: &Harness, name: &str) -> (Verdict, String) {
    let seen = harness.machine.checks().into_iter().find(|seen| seen.check.as_str() == name).unwrap();
    (seen.verdict, seen.message)
}

#[test]
fn an_instance_that_left_is_not_waited_for_and_is_told() {
    let mut harness = Harness::new(settings());
    harness.seconds(5, HEALTHY);
    are(&mut harness, Color::Green, &[FIRST]);
    assert_eq!(harness.message(DecisionKind::Observe), "green: http://green-2 left; 1 instance now");
    let before = harness.machine.seen().requests;
    for _ in 0..60 {
        second(&mut harness, &[0], HEALTHY);
    }
    assert_eq!(harness.machine.ending().map(|ending| ending.outcome), Some(Outcome::Retained));
    assert_eq!(harness.machine.seen().requests - before, 55 * 50, "what is left is judged to the end");
    assert!(harness.machine.ending().unwrap().reason.ends_with("1 of 1 instances ready"));
}

#[test]
fn a_dead_instance_that_is_taken_out_no_longer_counts_against_the_rest() {
    let mut harness = Harness::new(settings());
    harness.seconds(3, HEALTHY);
    for _ in 0..12 {
        harness.feed(Event::Probed { instance: 1, answer: Readiness::NotReady("refused".to_owned()) });
        second(&mut harness, &[0], HEALTHY);
    }
    assert_eq!(check(&harness, "readiness").0, Verdict::Unknown);
    are(&mut harness, Color::Green, &[FIRST]);
    assert_eq!(check(&harness, "readiness"), (Verdict::Healthy, "1 of 1 instances ready".to_owned()));
    // What was on its way when it left says nothing any more.
    harness.feed(Event::Probed { instance: 1, answer: Readiness::Ready });
    harness.sample(Color::Green, 1, FAILING);
    assert_eq!(harness.machine.target_ready(), (1, 1));
}

#[test]
fn an_instance_that_joins_has_time_to_answer_and_then_counts() {
    let mut harness = Harness::new(settings());
    harness.seconds(5, HEALTHY);
    are(&mut harness, Color::Green, &[FIRST, SECOND, THIRD]);
    assert_eq!(harness.message(DecisionKind::Observe), "green: http://green-3 joined; 3 instances now");
    assert_eq!(harness.machine.settings().instances.len(), 3);
    assert_ne!(check(&harness, "error-rate").1, "no metrics of http://green-3 so far: no answer yet");
    // It has been up for a while: its counters are where counting begins.
    let page = |total, errors| {
        let outcome = Sample::Good(Reading { total, errors, ..Reading::default() });
        Event::Sampled { color: Color::Green, instance: 2, outcome }
    };
    let before = harness.machine.seen();
    harness.feed(page(90_000, 9_000));
    second(&mut harness, &[0, 1, 2], HEALTHY);
    assert_eq!(harness.machine.seen().requests - before.requests, 100);
    harness.feed(page(90_100, 9_050));
    second(&mut harness, &[0, 1, 2], HEALTHY);
    assert_eq!(harness.machine.seen().errors - before.errors, 50);
    for _ in 0..11 {
        second(&mut harness, &[0, 1], HEALTHY);
    }
    let (verdict, message) = check(&harness, "error-rate");
    assert_eq!(verdict, Verdict::Unknown);
    assert!(message.starts_with("no metrics of http://green-3 for "), "{message}");
}

#[test]
fn an_instance_that_never_answers_after_it_joined_is_named() {
    let mut harness = Harness::new(settings());
    harness.seconds(2, HEALTHY);
    are(&mut harness, Color::Green, &[FIRST, SECOND, THIRD]);
    for _ in 0..11 {
        second(&mut harness, &[0, 1], HEALTHY);
    }
    assert_eq!(check(&harness, "error-rate").1, "no metrics of http://green-3 so far: no answer yet");
    assert_eq!(check(&harness, "readiness").1, "http://green-3 was never seen ready: no answer yet");
}

#[test]
fn the_others_are_judged_while_one_that_joined_is_still_starting() {
    let mut harness = Harness::new(settings());
    harness.seconds(2, HEALTHY);
    are(&mut harness, Color::Green, &[FIRST, SECOND, THIRD]);
    for _ in 0..8 {
        second(&mut harness, &[0, 1], HEALTHY);
        assert!(harness.machine.last_tick().unwrap().1.is_some(), "no tick is missing");
    }
    assert_eq!((harness.machine.blind(), harness.machine.seen().requests), (None, 900));
}

#[test]
fn another_process_at_the_address_of_one_that_left_is_no_crash_loop() {
    let mut harness = Harness::new(settings());
    harness.seconds(2, HEALTHY);
    for _ in 0..5 {
        are(&mut harness, Color::Green, &[FIRST]);
        second(&mut harness, &[0], HEALTHY);
        are(&mut harness, Color::Green, &[FIRST, SECOND]);
        harness.restart(1);
        second(&mut harness, &[0, 1], HEALTHY);
    }
    assert_eq!((harness.machine.crash_loop(), harness.machine.phase()), (None, Phase::Watching));
}

#[test]
fn instances_of_the_standby_come_and_go_as_well() {
    let mut harness = Harness::new(settings());
    harness.seconds(2, HEALTHY);
    are(&mut harness, Color::Blue, &["http://blue-2", "http://blue-3"]);
    let told = harness.message(DecisionKind::Observe);
    assert!(told.starts_with("blue: http://blue-2, http://blue-3 joined, http://blue-1 left; 2"), "{told}");
    assert_eq!(harness.machine.standby_ready(), (0, 2));
    for instance in 1..3 {
        harness.feed(Event::StandbyProbed { instance, answer: Readiness::Ready });
    }
    assert_eq!(harness.machine.standby_ready(), (2, 2));
    // The same list again is no news.
    let before = harness.effects.len();
    are(&mut harness, Color::Blue, &["http://blue-3", "http://blue-2"]);
    assert_eq!(harness.effects.len(), before);
}
