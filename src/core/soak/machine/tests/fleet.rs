//! Instances that come and go.

use super::bench::{Bench, FAILING, HEALTHY, World, settings};
use crate::core::detect::Reading;
use crate::core::soak::{Event, Readiness, Sample};
use crate::model::{Color, DecisionKind, Outcome, Phase, Verdict};

const FIRST: &str = "http://green-1";
const SECOND: &str = "http://green-2";
const THIRD: &str = "http://green-3";

fn are(bench: &mut Bench, color: Color, present: &[&str]) {
    let present = present.iter().map(|name| (*name).to_owned()).collect();
    bench.feed(Event::Instances { color, present });
}

/// A second in which only these places of green answer.
fn second(bench: &mut Bench, places: &[usize], world: World) {
    bench.at += 1_000;
    bench.feed(Event::StandbyProbed { instance: 0, answer: Readiness::Ready });
    for place in places {
        bench.feed(Event::Probed { instance: *place, answer: Readiness::Ready });
        if *place < 2 {
            bench.sample(Color::Green, *place, world);
        }
    }
    bench.feed(Event::Tick { skipped: 0 });
}

fn check(bench: &Bench, name: &str) -> (Verdict, String) {
    let seen = bench.machine.checks().into_iter().find(|seen| seen.check.as_str() == name).unwrap();
    (seen.verdict, seen.message)
}

#[test]
fn an_instance_that_left_is_not_waited_for_and_is_told() {
    let mut bench = Bench::new(settings());
    bench.seconds(5, HEALTHY);
    are(&mut bench, Color::Green, &[FIRST]);
    assert_eq!(bench.message(DecisionKind::Observe), "green: http://green-2 left; 1 instance now");
    let before = bench.machine.seen().requests;
    for _ in 0..60 {
        second(&mut bench, &[0], HEALTHY);
    }
    assert_eq!(bench.machine.ending().map(|ending| ending.outcome), Some(Outcome::Retained));
    assert_eq!(bench.machine.seen().requests - before, 55 * 50, "what is left is judged to the end");
    assert!(bench.machine.ending().unwrap().reason.ends_with("1 of 1 instances ready"));
}

#[test]
fn a_dead_instance_that_is_taken_out_no_longer_counts_against_the_rest() {
    let mut bench = Bench::new(settings());
    bench.seconds(3, HEALTHY);
    for _ in 0..12 {
        bench.feed(Event::Probed { instance: 1, answer: Readiness::NotReady("refused".to_owned()) });
        second(&mut bench, &[0], HEALTHY);
    }
    assert_eq!(check(&bench, "readiness").0, Verdict::Unknown);
    are(&mut bench, Color::Green, &[FIRST]);
    assert_eq!(check(&bench, "readiness"), (Verdict::Healthy, "1 of 1 instances ready".to_owned()));
    // What was on its way when it left says nothing any more.
    bench.feed(Event::Probed { instance: 1, answer: Readiness::Ready });
    bench.sample(Color::Green, 1, FAILING);
    assert_eq!(bench.machine.target_ready(), (1, 1));
}

#[test]
fn an_instance_that_joins_has_time_to_answer_and_then_counts() {
    let mut bench = Bench::new(settings());
    bench.seconds(5, HEALTHY);
    are(&mut bench, Color::Green, &[FIRST, SECOND, THIRD]);
    assert_eq!(bench.message(DecisionKind::Observe), "green: http://green-3 joined; 3 instances now");
    assert_eq!(bench.machine.settings().instances.len(), 3);
    assert_ne!(check(&bench, "error-rate").1, "no metrics of http://green-3 so far: no answer yet");
    // It has been up for a while: its counters are where counting begins.
    let page = |total, errors| {
        let outcome = Sample::Good(Reading { total, errors, ..Reading::default() });
        Event::Sampled { color: Color::Green, instance: 2, outcome }
    };
    let before = bench.machine.seen();
    bench.feed(page(90_000, 9_000));
    second(&mut bench, &[0, 1, 2], HEALTHY);
    assert_eq!(bench.machine.seen().requests - before.requests, 100);
    bench.feed(page(90_100, 9_050));
    second(&mut bench, &[0, 1, 2], HEALTHY);
    assert_eq!(bench.machine.seen().errors - before.errors, 50);
    for _ in 0..11 {
        second(&mut bench, &[0, 1], HEALTHY);
    }
    let (verdict, message) = check(&bench, "error-rate");
    assert_eq!(verdict, Verdict::Unknown);
    assert!(message.starts_with("no metrics of http://green-3 for "), "{message}");
}

#[test]
fn an_instance_that_never_answers_after_it_joined_is_named() {
    let mut bench = Bench::new(settings());
    bench.seconds(2, HEALTHY);
    are(&mut bench, Color::Green, &[FIRST, SECOND, THIRD]);
    for _ in 0..11 {
        second(&mut bench, &[0, 1], HEALTHY);
    }
    assert_eq!(check(&bench, "error-rate").1, "no metrics of http://green-3 so far: no answer yet");
    assert_eq!(check(&bench, "readiness").1, "http://green-3 was never seen ready: no answer yet");
}

#[test]
fn the_others_are_judged_while_one_that_joined_is_still_starting() {
    let mut bench = Bench::new(settings());
    bench.seconds(2, HEALTHY);
    are(&mut bench, Color::Green, &[FIRST, SECOND, THIRD]);
    for _ in 0..8 {
        second(&mut bench, &[0, 1], HEALTHY);
        assert!(bench.machine.last_tick().unwrap().1.is_some(), "no tick is missing");
    }
    assert_eq!((bench.machine.blind(), bench.machine.seen().requests), (None, 900));
}

#[test]
fn another_process_at_the_address_of_one_that_left_is_no_crash_loop() {
    let mut bench = Bench::new(settings());
    bench.seconds(2, HEALTHY);
    for _ in 0..5 {
        are(&mut bench, Color::Green, &[FIRST]);
        second(&mut bench, &[0], HEALTHY);
        are(&mut bench, Color::Green, &[FIRST, SECOND]);
        bench.restart(1);
        second(&mut bench, &[0, 1], HEALTHY);
    }
    assert_eq!((bench.machine.crash_loop(), bench.machine.phase()), (None, Phase::Watching));
}

#[test]
fn instances_of_the_standby_come_and_go_as_well() {
    let mut bench = Bench::new(settings());
    bench.seconds(2, HEALTHY);
    are(&mut bench, Color::Blue, &["http://blue-2", "http://blue-3"]);
    let told = bench.message(DecisionKind::Observe);
    assert!(told.starts_with("blue: http://blue-2, http://blue-3 joined, http://blue-1 left; 2"), "{told}");
    assert_eq!(bench.machine.standby_ready(), (0, 2));
    for instance in 1..3 {
        bench.feed(Event::StandbyProbed { instance, answer: Readiness::Ready });
    }
    assert_eq!(bench.machine.standby_ready(), (2, 2));
    // The same list again is no news.
    let before = bench.effects.len();
    are(&mut bench, Color::Blue, &["http://blue-3", "http://blue-2"]);
    assert_eq!(bench.effects.len(), before);
}
