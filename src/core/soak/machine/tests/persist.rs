//! A rollback that fails, and is tried again.

use super::bench::{Bench, FAILING, HEALTHY, World, resumption, settings};
use crate::core::soak::{Effect, Event, Frozen, RollbackFailure, RollbackResult, Settings};
use crate::model::{Color, Decision, DecisionKind, Outcome, Phase, Traffic};

const ALONE: World = World { standby: false, ..FAILING };
const GIVE_UP_MS: u64 = 60_000;

fn breached_with(change: impl FnOnce(&mut Settings)) -> Bench {
    let mut settings = settings();
    settings.give_up_ms = Some(GIVE_UP_MS);
    change(&mut settings);
    let mut bench = Bench::new(settings);
    bench.seconds(5, FAILING);
    assert_eq!(bench.machine.phase(), Phase::RollingBack);
    bench
}

fn breached() -> Bench {
    breached_with(|_| {})
}

fn failure(traffic: Traffic) -> RollbackFailure {
    RollbackFailure { why: "no space left on device".to_owned(), traffic, lasting: false }
}

fn full() -> RollbackResult {
    RollbackResult::NotDone(failure(Traffic::On(Color::Green)))
}

/// Lets the attempt under way fail, and returns the wait until the next one.
fn fail(bench: &mut Bench) -> u64 {
    let attempt = bench.attempts().last().copied().unwrap();
    bench.rollback_done(attempt, full());
    bench.machine.retrying().unwrap().next_ms.unwrap()
}

/// Fails every attempt for so long, a second at a time, while the services do as the world says.
fn failing_for(bench: &mut Bench, seconds: u64, world: World) {
    let until = bench.at + seconds * 1_000;
    while bench.at < until && bench.machine.phase() == Phase::RollingBack {
        bench.second(world);
        if bench.machine.phase() == Phase::RollingBack && bench.machine.is_moving() {
            fail(bench);
        }
    }
}

fn told(bench: &Bench, reason: &str) -> Vec<String> {
    let decisions = bench.decisions().into_iter().filter(|made| made.why() == Some(reason));
    decisions.map(|made: &Decision| made.message.clone()).collect()
}

#[test]
fn the_waits_grow_up_to_ten_seconds_and_the_attempts_have_no_end() {
    let mut bench = breached();
    let mut waits = Vec::new();
    for _ in 0..9 {
        let wait = fail(&mut bench);
        bench.at += wait;
        bench.feed(Event::Timer);
        waits.push(wait);
    }
    assert_eq!(waits, [200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000]);
    assert_eq!(bench.attempts(), (1..=10).collect::<Vec<_>>());
    let intents = bench.kinds().into_iter().filter(|kind| *kind == DecisionKind::Rollback).count();
    assert_eq!(intents, 0, "the intent goes with the attempts, and is journaled by the first of them");
}

#[test]
fn an_answer_to_an_attempt_that_is_over_says_nothing() {
    let mut bench = breached();
    fail(&mut bench);
    bench.rollback_done(1, RollbackResult::Back);
    assert_eq!(bench.machine.phase(), Phase::RollingBack);
}

#[test]
fn the_first_failures_are_told_at_once_then_one_a_minute_and_the_success_too() {
    let mut bench = breached_with(|settings| settings.give_up_ms = Some(900_000));
    failing_for(&mut bench, 10, FAILING);
    let first = told(&bench, "rollback-attempt");
    assert_eq!(first.len(), 3, "{first:#?}");
    assert_eq!(
        first[0],
        "NOT ROLLED BACK YET, traffic is still on green: attempt 1 to roll back failed, trying again in 200ms: \
         no space left on device"
    );
    failing_for(&mut bench, 240, FAILING);
    let all = told(&bench, "rollback-attempt").len();
    assert!((6..=8).contains(&all), "{all} in four minutes");
    assert!(bench.machine.summary().unwrap().reason.unwrap().contains("not rolled back yet"));
    while !bench.machine.is_moving() {
        bench.second(FAILING);
    }
    let attempt = bench.attempts().last().copied().unwrap();
    bench.rollback_done(attempt, RollbackResult::Back);
    let late = told(&bench, "rollback-late");
    assert!(late.len() == 1 && late[0].starts_with("ROLLED BACK after all: "), "{late:#?}");
    assert_eq!(bench.until_over(20, HEALTHY).outcome, Outcome::RolledBack);
}

#[test]
fn what_a_person_has_to_change_first_is_final_at_once() {
    let mut bench = breached();
    let failure = RollbackFailure { lasting: true, why: "permission denied".to_owned(), ..failure(Traffic::Unmoved) };
    bench.rollback_done(1, RollbackResult::NotDone(failure));
    let ending = bench.until_over(0, FAILING);
    assert_eq!((ending.outcome, ending.exit_code()), (Outcome::RollbackFailed, 7));
    assert_eq!(
        ending.reason,
        "ROLLBACK FAILED after 1 attempt, traffic may still reach green: permission denied. \
         Move traffic to blue by hand now, then run: switchback rollback --service shop"
    );
    assert_eq!(bench.kinds().last(), Some(&DecisionKind::RollbackFailed));
}

#[test]
fn nobody_is_sent_to_move_traffic_that_has_moved() {
    let mut bench = breached();
    let failure = RollbackFailure {
        lasting: true,
        why: "cannot write the state file".to_owned(),
        ..failure(Traffic::On(Color::Blue))
    };
    bench.rollback_done(1, RollbackResult::NotDone(failure));
    let reason = bench.until_over(0, FAILING).reason;
    assert!(
        reason.contains("traffic is on blue, but the move is not fully recorded: cannot write the state file"),
        "{reason}"
    );
    assert!(!reason.contains("by hand") && !reason.contains("may still reach"), "{reason}");
}

#[test]
fn in_the_foreground_it_ends_once_its_time_is_over_and_no_sooner() {
    let mut bench = breached();
    failing_for(&mut bench, 30, FAILING);
    bench.feed(Event::GiveUp);
    assert_eq!(bench.machine.phase(), Phase::RollingBack, "it is not overdue");
    failing_for(&mut bench, 45, FAILING);
    assert!(bench.machine.overdue());
    bench.feed(Event::GiveUp);
    let ending = bench.until_over(0, FAILING);
    assert_eq!(ending.exit_code(), 7);
    assert!(ending.reason.starts_with("ROLLBACK FAILED after 1"), "{}", ending.reason);
}

#[test]
fn in_the_background_it_goes_on_while_the_breach_is_seen() {
    let mut bench = breached();
    failing_for(&mut bench, 300, FAILING);
    assert_eq!(bench.machine.phase(), Phase::RollingBack);
    let given_up = told(&bench, "rollback-attempt").into_iter().filter(|text| text.contains("(rollback.give_up)"));
    assert_eq!(given_up.count(), 1, "told once");
    while !bench.machine.is_moving() {
        bench.second(FAILING);
    }
    let attempt = bench.attempts().last().copied().unwrap();
    bench.rollback_done(attempt, RollbackResult::Back);
    assert_eq!(bench.until_over(20, HEALTHY).outcome, Outcome::RolledBack);
}

#[test]
fn after_its_time_it_is_held_where_the_breach_is_seen_no_more_and_not_before() {
    let mut bench = breached_with(|settings| settings.window_ms = 900_000);
    failing_for(&mut bench, 50, HEALTHY);
    assert_eq!(bench.machine.phase(), Phase::RollingBack, "whatever is seen before rollback.give_up");
    failing_for(&mut bench, 60, HEALTHY);
    assert_eq!(bench.machine.phase(), Phase::Held);
    assert!(bench.message(DecisionKind::Hold).contains("the breach is no longer seen"));
    bench.seconds(5, HEALTHY);
    assert_eq!(bench.machine.phase(), Phase::Held);
    bench.seconds(10, FAILING);
    assert_eq!(bench.machine.phase(), Phase::RollingBack, "the breach came back");
}

#[test]
fn a_release_that_nobody_can_see_is_not_rolled_back_after_its_time() {
    let mut bench = breached();
    failing_for(&mut bench, 120, World { metrics: false, ..HEALTHY });
    assert_ne!(bench.machine.phase(), Phase::RollingBack);
}

#[test]
fn traffic_that_may_have_moved_is_brought_to_an_end_whatever_is_seen() {
    let mut bench = breached();
    let half_done = RollbackResult::NotDone(failure(Traffic::Unconfirmed(Color::Blue)));
    bench.rollback_done(1, half_done);
    let until = bench.at + 2 * GIVE_UP_MS;
    while bench.at < until {
        bench.second(World { standby: false, ..HEALTHY });
        if bench.machine.is_moving() {
            let attempt = bench.attempts().last().copied().unwrap();
            bench.rollback_done(attempt, RollbackResult::NotDone(failure(Traffic::Unmoved)));
        }
    }
    assert_eq!(bench.machine.phase(), Phase::RollingBack);
}

#[test]
fn a_standby_that_dies_meanwhile_is_waited_for() {
    let mut bench = breached();
    fail(&mut bench);
    bench.seconds(20, ALONE);
    assert_eq!((bench.machine.phase(), bench.attempts().last()), (Phase::RollingBack, Some(&1)));
    assert!(told(&bench, "rollback-attempt").iter().any(|text| text.contains("the standby blue is DOWN")));
    bench.seconds(11, FAILING);
    assert_eq!(bench.attempts().last(), Some(&2));
}

#[test]
fn a_freeze_between_two_attempts_holds_it() {
    let mut bench = breached();
    fail(&mut bench);
    let frozen = Frozen { until_ms: None, by: "ana".to_owned(), reason: None };
    bench.feed(Event::Freeze { frozen: Some(frozen) });
    bench.second(FAILING);
    assert_eq!(bench.machine.phase(), Phase::Held);
    bench.feed(Event::Freeze { frozen: None });
    assert_eq!(bench.machine.phase(), Phase::RollingBack);
}

#[test]
fn between_two_attempts_an_operator_may_end_it_pause_it_or_have_it_tried_at_once() {
    let mut moving = breached();
    assert!(moving.order("abort").is_err(), "an attempt is under way");
    for (order, outcome) in [("abort", Outcome::Aborted), ("keep", Outcome::Retained)] {
        let mut bench = breached();
        fail(&mut bench);
        bench.order(order).unwrap();
        assert_eq!(bench.machine.ending().unwrap().outcome, outcome);
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
    let mut bench = Bench::new(Settings { give_up_ms: Some(GIVE_UP_MS), ..settings() });
    bench.seconds(2, HEALTHY);
    bench.order("rollback").unwrap();
    for attempt in 1..=5 {
        bench.rollback_done(attempt, full());
        bench.second(HEALTHY);
        bench.second(HEALTHY);
    }
    assert_eq!(bench.until_over(0, HEALTHY).exit_code(), 7);
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
    let mut bench = breached();
    failing_for(&mut bench, 50, FAILING);
    let before = bench.machine.retrying().unwrap();
    let resumed = bench.resumed(bench.log.len(), 20_000, resumption());
    let after = resumed.machine.retrying().unwrap();
    assert_eq!((after.failures, after.for_ms), (before.failures, before.for_ms + 20_000));
    assert!(resumed.machine.overdue());
}

#[test]
fn a_recording_from_before_knows_five_attempts() {
    let mut bench = breached_with(|settings| settings.give_up_ms = None);
    for attempt in 1..=5 {
        assert!(bench.machine.metrics_of().is_empty());
        bench.rollback_done(attempt, RollbackResult::Failed("connection refused".to_owned()));
        bench.at += 5_000;
        bench.feed(Event::Timer);
    }
    assert_eq!(bench.until_over(0, HEALTHY).exit_code(), 7);
    assert!(!bench.has(&Effect::Rollback { attempt: 6, intent: Box::new(bench.decisions()[0].clone()), force: false }));
}
