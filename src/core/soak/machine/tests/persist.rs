//! A rollback that fails, and is tried again.

use super::harness::{FAILING, HEALTHY, Harness, World, resumption, settings};
use crate::core::soak::{Effect, Event, Frozen, RollbackFailure, RollbackResult, Settings};
use crate::model::{Color, Decision, DecisionKind, Outcome, Phase, Traffic};

const ALONE: World = World { standby: false, ..FAILING };
const GIVE_UP_MS: u64 = 60_000;

fn breached_with(change: impl FnOnce(&mut Settings)) -> Harness {
    let mut settings = settings();
    settings.give_up_ms = Some(GIVE_UP_MS);
    change(&mut settings);
    let mut harness = Harness::new(settings);
    harness.seconds(5, FAILING);
    assert_eq!(harness.machine.phase(), Phase::RollingBack);
    harness
}

fn breached() -> Harness {
    breached_with(|_| {})
}

fn failure(traffic: Traffic) -> RollbackFailure {
    RollbackFailure { why: "no space left on device".to_owned(), traffic, lasting: false }
}

fn full() -> RollbackResult {
    RollbackResult::NotDone(failure(Traffic::On(Color::Green)))
}

/// Lets the attempt under way fail, and returns the wait until the next one.
fn fail(harness: &mut Harness) -> u64 {
    let attempt = harness.attempts().last().copied().unwrap();
    harness.rollback_done(attempt, full());
    harness.machine.retrying().unwrap().next_ms.unwrap()
}

/// Fails every attempt for so long, a second at a time, while the services do as the world says.
fn failing_for(harness: &mut Harness, seconds: u64, world: World) {
    let until = harness.at + seconds * 1_000;
    while harness.at < until && harness.machine.phase() == Phase::RollingBack {
        harness.second(world);
        if harness.machine.phase() == Phase::RollingBack && harness.machine.is_moving() {
            fail(harness);
        }
    }
}

fn told(harness: &Harness, reason: &str) -> Vec<String> {
    let decisions = harness.decisions().into_iter().filter(|made| made.why() == Some(reason));
    decisions.map(|made: &Decision| made.message.clone()).collect()
}

#[test]
fn the_waits_grow_up_to_ten_seconds_and_the_attempts_have_no_end() {
    let mut harness = breached();
    let mut waits = Vec::new();
    for _ in 0..9 {
        let wait = fail(&mut harness);
        harness.at += wait;
        harness.feed(Event::Timer);
        waits.push(wait);
    }
    assert_eq!(waits, [200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000]);
    assert_eq!(harness.attempts(), (1..=10).collect::<Vec<_>>());
    let intents = harness.kinds().into_iter().filter(|kind| *kind == DecisionKind::Rollback).count();
    assert_eq!(intents, 0, "the intent goes with the attempts, and is journaled by the first of them");
}

#[test]
fn an_answer_to_an_attempt_that_is_over_says_nothing() {
    let mut harness = breached();
    fail(&mut harness);
    harness.rollback_done(1, RollbackResult::Back);
    assert_eq!(harness.machine.phase(), Phase::RollingBack);
}

#[test]
fn the_first_failures_are_told_at_once_then_one_a_minute_and_the_success_too() {
    let mut harness = breached_with(|settings| settings.give_up_ms = Some(900_000));
    failing_for(&mut harness, 10, FAILING);
    let first = told(&harness, "rollback-attempt");
    assert_eq!(first.len(), 3, "{first:#?}");
    assert_eq!(
        first[0],
        "NOT ROLLED BACK YET, traffic is still on green: attempt 1 to roll back failed, trying again in 200ms: \
         no space left on device"
    );
    failing_for(&mut harness, 240, FAILING);
    let all = told(&harness, "rollback-attempt").len();
    assert!((6..=8).contains(&all), "{all} in four minutes");
    assert!(harness.machine.summary().unwrap().reason.unwrap().contains("not rolled back yet"));
    while !harness.machine.is_moving() {
        harness.second(FAILING);
    }
    let attempt = harness.attempts().last().copied().unwrap();
    harness.rollback_done(attempt, RollbackResult::Back);
    let late = told(&harness, "rollback-late");
    assert!(late.len() == 1 && late[0].starts_with("ROLLED BACK after all: "), "{late:#?}");
    assert_eq!(harness.until_over(20, HEALTHY).outcome, Outcome::RolledBack);
}

#[test]
fn what_a_person_has_to_change_first_is_final_at_once() {
    let mut harness = breached();
    let failure = RollbackFailure { lasting: true, why: "permission denied".to_owned(), ..failure(Traffic::Unmoved) };
    harness.rollback_done(1, RollbackResult::NotDone(failure));
    let ending = harness.until_over(0, FAILING);
    assert_eq!((ending.outcome, ending.exit_code()), (Outcome::RollbackFailed, 7));
    assert_eq!(
        ending.reason,
        "ROLLBACK FAILED after 1 attempt, traffic may still reach green: permission denied. \
         Move traffic to blue by hand now, then run: switchback rollback --service shop"
    );
    assert_eq!(harness.kinds().last(), Some(&DecisionKind::RollbackFailed));
}

#[test]
fn nobody_is_sent_to_move_traffic_that_has_moved() {
    let mut harness = breached();
    let failure = RollbackFailure {
        lasting: true,
        why: "cannot write the state file".to_owned(),
        ..failure(Traffic::On(Color::Blue))
    };
    harness.rollback_done(1, RollbackResult::NotDone(failure));
    let reason = harness.until_over(0, FAILING).reason;
    assert!(
        reason.contains("traffic is on blue, but the move is not fully recorded: cannot write the state file"),
        "{reason}"
    );
    assert!(!reason.contains("by hand") && !reason.contains("may still reach"), "{reason}");
}

#[test]
fn in_the_foreground_it_ends_once_its_time_is_over_and_no_sooner() {
    let mut harness = breached();
    failing_for(&mut harness, 30, FAILING);
    harness.feed(Event::GiveUp);
    assert_eq!(harness.machine.phase(), Phase::RollingBack, "it is not overdue");
    failing_for(&mut harness, 45, FAILING);
    assert!(harness.machine.overdue());
    harness.feed(Event::GiveUp);
    let ending = harness.until_over(0, FAILING);
    assert_eq!(ending.exit_code(), 7);
    assert!(ending.reason.starts_with("ROLLBACK FAILED after 1"), "{}", ending.reason);
}

#[test]
fn in_the_background_it_goes_on_while_the_breach_is_seen() {
    let mut harness = breached();
    failing_for(&mut harness, 300, FAILING);
    assert_eq!(harness.machine.phase(), Phase::RollingBack);
    let given_up = told(&harness, "rollback-attempt").into_iter().filter(|text| text.contains("(rollback.give_up)"));
    assert_eq!(given_up.count(), 1, "told once");
    while !harness.machine.is_moving() {
        harness.second(FAILING);
    }
    let attempt = harness.attempts().last().copied().unwrap();
    harness.rollback_done(attempt, RollbackResult::Back);
    assert_eq!(harness.until_over(20, HEALTHY).outcome, Outcome::RolledBack);
}

#[test]
fn after_its_time_it_is_held_where_the_breach_is_seen_no_more_and_not_before() {
    let mut harness = breached_with(|settings| settings.window_ms = 900_000);
    failing_for(&mut harness, 50, HEALTHY);
    assert_eq!(harness.machine.phase(), Phase::RollingBack, "whatever is seen before rollback.give_up");
    failing_for(&mut harness, 60, HEALTHY);
    assert_eq!(harness.machine.phase(), Phase::Held);
    assert!(harness.message(DecisionKind::Hold).contains("the breach is no longer seen"));
    harness.seconds(5, HEALTHY);
    assert_eq!(harness.machine.phase(), Phase::Held);
    harness.seconds(10, FAILING);
    assert_eq!(harness.machine.phase(), Phase::RollingBack, "the breach came back");
}

#[test]
fn a_release_that_nobody_can_see_is_not_rolled_back_after_its_time() {
    let mut harness = breached();
    failing_for(&mut harness, 120, World { metrics: false, ..HEALTHY });
    assert_ne!(harness.machine.phase(), Phase::RollingBack);
}

#[test]
fn traffic_that_may_have_moved_is_brought_to_an_end_whatever_is_seen() {
    let mut harness = breached();
    let half_done = RollbackResult::NotDone(failure(Traffic::Unconfirmed(Color::Blue)));
    harness.rollback_done(1, half_done);
    let until = harness.at + 2 * GIVE_UP_MS;
    while harness.at < until {
        harness.second(World { standby: false, ..HEALTHY });
        if harness.machine.is_moving() {
            let attempt = harness.attempts().last().copied().unwrap();
            harness.rollback_done(attempt, RollbackResult::NotDone(failure(Traffic::Unmoved)));
        }
    }
    assert_eq!(harness.machine.phase(), Phase::RollingBack);
}

#[test]
fn a_standby_that_dies_meanwhile_is_waited_for() {
    let mut harness = breached();
    fail(&mut harness);
    harness.seconds(20, ALONE);
    assert_eq!((harness.machine.phase(), harness.attempts().last()), (Phase::RollingBack, Some(&1)));
    assert!(told(&harness, "rollback-attempt").iter().any(|text| text.contains("the standby blue is DOWN")));
    harness.seconds(11, FAILING);
    assert_eq!(harness.attempts().last(), Some(&2));
}

#[test]
fn a_freeze_between_two_attempts_holds_it() {
    let mut harness = breached();
    fail(&mut harness);
    let frozen = Frozen { until_ms: None, by: "ana".to_owned(), reason: None };
    harness.feed(Event::Freeze { frozen: Some(frozen) });
    harness.second(FAILING);
    assert_eq!(harness.machine.phase(), Phase::Held);
    harness.feed(Event::Freeze { frozen: None });
    assert_eq!(harness.machine.phase(), Phase::RollingBack);
}

#[test]
fn between_two_attempts_an_operator_may_end_it_pause_it_or_have_it_tried_at_once() {
    let mut moving = breached();
    assert!(moving.order("abort").is_err(), "an attempt is under way");
    for (order, outcome) in [("abort", Outcome::Aborted), ("keep", Outcome::Retained)] {
        let mut harness = breached();
        fail(&mut harness);
        harness.order(order).unwrap();
        assert_eq!(harness.machine.ending().unwrap().outcome, outcome);
    }
    let mut half_done = breached();
    half_done.rollback_done(1, RollbackResult::NotDone(failure(Traffic::On(Color::Blue))));
    for order in ["abort", "keep", "pause"] {
        assert!(half_done.order(order).unwrap_err().contains("will be completed"), "{order}");
    }
    let mut paused = breached();
    fail(&mut paused);
    paused.order("pause").unwrap();
    assert_eq!((paused.machine.phase(), paused.machine.paused()), (Phase::Held, true));
    let mut at_once = breached();
    fail(&mut at_once);
    at_once.order("rollback").unwrap();
    assert!(at_once.machine.is_moving() && at_once.attempts() == [2]);
}

#[test]
fn what_an_operator_ordered_is_tried_five_times() {
    let mut harness = Harness::new(Settings { give_up_ms: Some(GIVE_UP_MS), ..settings() });
    harness.seconds(2, HEALTHY);
    harness.order("rollback").unwrap();
    for attempt in 1..=5 {
        harness.rollback_done(attempt, full());
        harness.second(HEALTHY);
        harness.second(HEALTHY);
    }
    assert_eq!(harness.until_over(0, HEALTHY).exit_code(), 7);
}

#[test]
fn after_a_signal_it_is_tried_five_times_in_all() {
    let mut early = breached();
    fail(&mut early);
    early.interrupt();
    for attempt in 2..=5 {
        assert_eq!(early.machine.phase(), Phase::RollingBack);
        early.rollback_done(attempt, full());
        early.at += 5_000;
        early.feed(Event::Timer);
    }
    assert_eq!(early.until_over(0, FAILING).exit_code(), 7);

    let mut late = breached();
    failing_for(&mut late, 40, FAILING);
    late.interrupt();
    let attempt = late.attempts().last().copied().unwrap();
    late.rollback_done(attempt, full());
    assert_eq!(late.until_over(0, FAILING).outcome, Outcome::RollbackFailed);
}

#[test]
fn another_monitor_goes_on_with_the_same_count_and_the_same_time() {
    let mut harness = breached();
    failing_for(&mut harness, 50, FAILING);
    let before = harness.machine.retrying().unwrap();
    let resumed = harness.resumed(harness.log.len(), 20_000, resumption());
    let after = resumed.machine.retrying().unwrap();
    assert_eq!((after.failures, after.for_ms), (before.failures, before.for_ms + 20_000));
    assert!(resumed.machine.overdue());
}

#[test]
fn a_recording_from_before_knows_five_attempts() {
    let mut harness = breached_with(|settings| settings.give_up_ms = None);
    for attempt in 1..=5 {
        assert!(harness.machine.metrics_of().is_empty());
        harness.rollback_done(attempt, RollbackResult::Failed("connection refused".to_owned()));
        harness.at += 5_000;
        harness.feed(Event::Timer);
    }
    assert_eq!(harness.until_over(0, HEALTHY).exit_code(), 7);
    assert!(!harness.has(&Effect::Rollback {
        attempt: 6,
        intent: Box::new(harness.decisions()[0].clone()),
        force: false
    }));
}
