//! Gate, switch, warmup.

use super::harness::{FAILING, HEALTHY, Harness, World, settings};
use crate::core::soak::{Effect, Origin, SwitchResult};
use crate::model::{Cause, DecisionKind, Outcome, Phase};

fn switching(soak: bool) -> Harness {
    let mut settings = settings();
    settings.origin = Origin::Switch { gate_ms: 5_000, soak };
    settings.last_switch = None;
    Harness::new(settings)
}

fn switched() -> SwitchResult {
    SwitchResult::Switched { last_switch: Some(super::harness::WALL + 1) }
}

#[test]
fn traffic_moves_once_every_instance_is_ready_and_its_counters_were_read() {
    let mut harness = switching(true);
    assert_eq!(harness.machine.phase(), Phase::Gating);
    harness.second(World { ready: false, ..HEALTHY });
    assert!(!harness.has(&Effect::Switch));
    harness.second(HEALTHY);
    assert!(harness.has(&Effect::Switch));
    assert_eq!(harness.machine.phase(), Phase::Switching);
    harness.switch_done(switched());
    assert_eq!(harness.machine.phase(), Phase::Watching);
    assert_eq!(harness.kinds(), [DecisionKind::SoakStart]);
}

#[test]
fn counters_read_before_the_move_are_the_baseline() {
    let mut harness = switching(true);
    harness.second(FAILING);
    harness.switch_done(switched());
    harness.second(HEALTHY);
    let seen = harness.machine.seen();
    assert_eq!((seen.requests, seen.errors), (100, 0), "what happened before the move is not the release's");
}

#[test]
fn a_target_that_stays_unready_is_refused_and_traffic_stays() {
    let mut harness = switching(true);
    let ending = harness.until_over(10, World { ready: false, ..HEALTHY });
    assert_eq!((ending.outcome, ending.exit_code()), (Outcome::Refused, 9));
    assert_eq!(
        ending.reason,
        "green is not ready: 0 of 2 instances (http://green-1: answered 503); traffic stays on blue"
    );
    assert_eq!(harness.kinds(), [DecisionKind::SwitchRefused]);
    assert!(!harness.has(&Effect::Switch) && !harness.has(&Effect::Reflect), "nothing was touched");
}

#[test]
fn a_failed_switch_ends_the_run_with_where_traffic_is() {
    let mut harness = switching(true);
    harness.second(HEALTHY);
    harness.switch_done(SwitchResult::Failed("the router refused; traffic is on blue".to_owned()));
    let ending = harness.until_over(0, HEALTHY);
    assert_eq!((ending.outcome, ending.exit_code()), (Outcome::SwitchFailed, 12));
    assert_eq!(ending.reason, "the router refused; traffic is on blue");
}

#[test]
fn without_a_soak_the_run_ends_with_the_move() {
    let mut harness = switching(false);
    harness.second(World { metrics: false, ..HEALTHY });
    harness.switch_done(switched());
    let ending = harness.until_over(0, HEALTHY);
    assert_eq!((ending.outcome, ending.exit_code()), (Outcome::Switched, 0));
}

#[test]
fn a_signal_during_the_gate_leaves_everything_and_during_the_move_waits_for_it() {
    let mut gate = switching(true);
    gate.interrupt();
    let ending = gate.until_over(0, HEALTHY);
    assert_eq!((ending.outcome, ending.exit_code()), (Outcome::Aborted, 5));
    assert_eq!(ending.reason, "aborted before traffic was moved; it stays on blue");

    let mut moving = switching(true);
    moving.second(HEALTHY);
    moving.interrupt();
    assert_eq!(moving.machine.phase(), Phase::Switching, "the move is finished first");
    moving.switch_done(switched());
    assert_eq!(moving.until_over(0, HEALTHY).exit_code(), 5);
    assert_eq!(moving.kinds(), [DecisionKind::SoakStart, DecisionKind::Abort]);
}

fn warming() -> Harness {
    let mut settings = settings();
    settings.warmup_ms = 20_000;
    Harness::new(settings)
}

#[test]
fn the_window_starts_after_the_warmup_with_counters_as_they_are_then() {
    let mut harness = warming();
    assert_eq!(harness.machine.phase(), Phase::Warmup);
    harness.seconds(10, World { errors: 20, ..HEALTHY });
    harness.seconds(10, HEALTHY);
    assert_eq!(harness.machine.phase(), Phase::Watching);
    assert_eq!(harness.machine.seen().requests, 0);
    let ending = harness.until_over(100, HEALTHY);
    assert_eq!((ending.outcome, ending.cause), (Outcome::Retained, Cause::Auto));
    assert_eq!(harness.at, 80_000, "warmup and window");
}

#[test]
fn an_outage_is_judged_during_the_warmup() {
    let mut harness = warming();
    harness.second(HEALTHY);
    harness.seconds(3, World { errors: 50, ..HEALTHY });
    assert_eq!(harness.machine.phase(), Phase::RollingBack);
    assert_eq!(
        harness.message(DecisionKind::Breach),
        "error-rate breached: 300 of 300 requests failed (100%) for 3s: an outage"
    );
}

#[test]
fn a_release_that_stops_being_ready_is_judged_during_the_warmup() {
    let mut harness = warming();
    harness.second(HEALTHY);
    harness.seconds(4, World { ready: false, ..HEALTHY });
    assert_eq!(harness.machine.phase(), Phase::RollingBack);
    assert!(harness.message(DecisionKind::Breach).starts_with("readiness breached: 2 of 2 instances not ready for 3s"));
}

#[test]
fn three_restarts_of_one_instance_are_a_crash_loop_even_during_the_warmup() {
    let mut harness = warming();
    for _ in 0..3 {
        assert_eq!(harness.machine.phase(), Phase::Warmup);
        harness.seconds(3, HEALTHY);
        harness.restart(1);
    }
    harness.second(HEALTHY);
    assert_eq!(harness.machine.phase(), Phase::RollingBack);
    assert_eq!(
        harness.message(DecisionKind::Breach),
        "error-rate breached: crash loop: the counters of http://green-2 restarted 3 times in this soak"
    );
}
