//! The operator's orders, in every phase.

use super::harness::{FAILING, HEALTHY, Harness, World, settings};
use crate::config::OnBreach;
use crate::core::soak::{Effect, Event, Origin, RollbackResult};
use crate::model::{Action, Actor, Cause, DecisionKind, Outcome, Phase};

fn watching() -> Harness {
    let mut harness = Harness::new(settings());
    harness.seconds(3, HEALTHY);
    harness
}

#[test]
fn an_accepted_order_is_journaled_with_actor_and_reason_before_it_takes_effect() {
    let mut harness = watching();
    harness.order("abort").unwrap();
    let [Effect::Journal(decision), Effect::Answer { refused: None }, Effect::Reflect, Effect::Finish(ending)] =
        &harness.effects[..]
    else {
        panic!("{:?}", harness.effects)
    };
    assert_eq!(decision.decision, DecisionKind::Abort);
    assert_eq!((decision.actor.to_string().as_str(), decision.why()), ("operator:bo@laptop", Some("because")));
    assert_eq!((ending.outcome, ending.exit_code()), (Outcome::Aborted, 5));
}

#[test]
fn keep_ends_the_soak_retained_on_the_operators_word() {
    let mut harness = watching();
    harness.order("keep").unwrap();
    let ending = harness.until_over(0, HEALTHY);
    assert_eq!((ending.outcome, ending.cause, ending.exit_code()), (Outcome::Retained, Cause::Operator, 0));
}

#[test]
fn a_forced_rollback_needs_no_breach_and_no_grace() {
    let mut settings = settings();
    settings.grace_ms = 10_000;
    let mut harness = Harness::new(settings);
    harness.seconds(3, HEALTHY);
    harness.order("rollback").unwrap();
    assert_eq!(harness.machine.phase(), Phase::RollingBack);
    harness.rollback_done(1, RollbackResult::Back);
    let ending = harness.until_over(20, HEALTHY);
    assert_eq!((ending.outcome, ending.exit_code()), (Outcome::RolledBack, 4));
    assert!(
        ending.reason.starts_with("rolling back from green to blue by order of operator:bo@laptop"),
        "{}",
        ending.reason
    );
}

#[test]
fn only_a_rollback_by_force_is_called_forced() {
    for (action, typed, wanted) in [
        (Action::Rollback { force: false }, None, "operator"),
        (Action::Rollback { force: true }, None, "forced"),
        (Action::Rollback { force: false }, Some("bad".to_owned()), "bad"),
    ] {
        let mut harness = watching();
        harness.effects.clear();
        harness.feed(Event::Action { action, actor: Actor::Operator("bo@laptop".to_owned()), reason: typed });
        let intent = harness.effects.iter().find_map(|effect| match effect {
            Effect::Rollback { intent, .. } => intent.why().map(str::to_owned),
            _ => None,
        });
        assert_eq!(intent.as_deref(), Some(wanted), "{action}");
    }
}

#[test]
fn a_forced_rollback_to_a_dead_standby_wants_force() {
    let mut harness = Harness::new(settings());
    harness.seconds(3, World { standby: false, ..HEALTHY });
    let why = harness.order("rollback").unwrap_err();
    assert_eq!(
        why,
        "blue is DOWN (http://blue-1: answered 503): start it first; `rollback --force` moves traffic there as it is, and users may get no answer"
    );
    harness.order("rollback --force").unwrap();
    assert_eq!(harness.machine.phase(), Phase::RollingBack);
}

#[test]
fn paused_a_breach_is_held_and_resume_acts_at_once() {
    let mut harness = watching();
    harness.order("pause").unwrap();
    assert_eq!(harness.order("pause").unwrap_err(), "automatic rollback is paused already");
    harness.seconds(5, FAILING);
    assert_eq!(harness.machine.phase(), Phase::Held);
    assert_eq!(harness.machine.held_because().as_deref(), Some("automatic rollback is paused"));
    harness.order("resume").unwrap();
    assert_eq!(harness.machine.phase(), Phase::RollingBack);
}

#[test]
fn pause_and_resume_without_a_breach_change_nothing_else() {
    let mut harness = watching();
    assert_eq!(harness.order("resume").unwrap_err(), "automatic rollback is on");
    harness.order("pause").unwrap();
    harness.order("resume").unwrap();
    assert_eq!((harness.machine.phase(), harness.machine.paused()), (Phase::Watching, false));
}

#[test]
fn resume_acts_on_a_breach_that_the_policy_held() {
    for (on_breach, auto_rollback) in [(OnBreach::Hold, true), (OnBreach::Rollback, false)] {
        let mut settings = settings();
        (settings.on_breach, settings.auto_rollback) = (on_breach, auto_rollback);
        let mut harness = Harness::new(settings);
        harness.seconds(5, FAILING);
        assert_eq!(harness.machine.phase(), Phase::Held);
        harness.order("resume").unwrap();
        assert_eq!(harness.machine.phase(), Phase::RollingBack);
    }
}

#[test]
fn resume_does_not_roll_back_to_a_dead_standby() {
    let mut harness = Harness::new(settings());
    harness.seconds(5, World { standby: false, ..FAILING });
    let why = harness.order("resume").unwrap_err();
    assert_eq!(why, "the rollback waits for the standby: `rollback --force` does not wait");
    harness.order("pause").unwrap();
    harness.seconds(5, FAILING);
    assert_eq!(harness.machine.held_because().as_deref(), Some("automatic rollback is paused"));
}

#[test]
fn extend_moves_the_end_also_of_a_hold_and_adds_up_to_a_day() {
    let mut harness = watching();
    harness.order("extend 5m").unwrap();
    assert_eq!(harness.machine.remaining_ms(), Some(357_000));
    assert_eq!(harness.order("extend 24h").unwrap_err(), "extensions may add up to 24h at most");
    let mut settings = settings();
    settings.on_breach = OnBreach::Hold;
    let mut held = Harness::new(settings);
    held.seconds(5, FAILING);
    let before = held.machine.remaining_ms().unwrap();
    held.order("extend 1m").unwrap();
    assert_eq!(held.machine.remaining_ms(), Some(before + 60_000));
}

#[test]
fn an_extension_after_the_window_goes_on_from_its_end() {
    let mut harness = Harness::new(settings());
    harness.seconds(70, World { requests: 0, ..HEALTHY });
    harness.order("extend 1m").unwrap();
    let ending = harness.until_over(200, World { requests: 0, ..HEALTHY });
    assert_eq!((ending.outcome, harness.at), (Outcome::Inconclusive, 150_000));
}

#[test]
fn nothing_stops_an_attempt_to_roll_back() {
    let mut harness = watching();
    harness.seconds(5, FAILING);
    for action in ["abort", "keep", "pause", "rollback", "extend 1m"] {
        assert_eq!(harness.order(action).unwrap_err(), "the rollback has already begun");
    }
    harness.rollback_done(1, RollbackResult::Failed("refused".to_owned()));
    harness.at += 200;
    harness.feed(Event::Timer);
    harness.rollback_done(2, RollbackResult::Back);
    assert_eq!(harness.order("abort").unwrap_err(), "traffic is back on the previous color already");
    harness.until_over(20, HEALTHY);
    assert_eq!(harness.order("abort").unwrap_err(), "the soak is over");
}

#[test]
fn orders_before_the_move_are_refused_except_abort() {
    let mut settings = settings();
    settings.origin = Origin::Switch { gate_ms: 60_000, soak: true };
    let mut harness = Harness::new(settings);
    assert_eq!(harness.order("rollback").unwrap_err(), "traffic has not moved yet");
    harness.second(HEALTHY);
    assert_eq!(harness.order("abort").unwrap_err(), "traffic is being moved right now");
}

#[test]
fn abort_before_the_move_leaves_traffic_where_it_is() {
    let mut settings = settings();
    settings.origin = Origin::Switch { gate_ms: 60_000, soak: true };
    let mut harness = Harness::new(settings);
    harness.order("abort").unwrap();
    assert_eq!(harness.message(DecisionKind::Abort), "the switch is aborted: traffic stays on blue");
    assert_eq!(harness.until_over(0, HEALTHY).exit_code(), 5);
}

#[test]
fn a_countdown_is_not_extended() {
    let mut settings = settings();
    settings.grace_ms = 10_000;
    let mut harness = Harness::new(settings);
    harness.seconds(5, FAILING);
    assert_eq!(harness.order("extend 1m").unwrap_err(), "a rollback is counting down: pause or keep first");
}

#[test]
fn a_signal_aborts_the_watch_waits_for_a_move_and_cuts_the_verification_short() {
    let mut watch = watching();
    watch.interrupt();
    assert_eq!(watch.until_over(0, HEALTHY).exit_code(), 5);

    let mut moving = watching();
    moving.seconds(5, FAILING);
    moving.interrupt();
    assert_eq!(moving.machine.phase(), Phase::RollingBack);
    moving.rollback_done(1, RollbackResult::Back);
    assert_eq!(moving.until_over(0, HEALTHY).exit_code(), 3, "the code of the move's result, without verification");

    let mut verifying = watching();
    verifying.seconds(5, FAILING);
    verifying.rollback_done(1, RollbackResult::Back);
    verifying.second(HEALTHY);
    verifying.interrupt();
    let ending = verifying.until_over(0, HEALTHY);
    assert_eq!(ending.exit_code(), 3);
    assert!(ending.reason.ends_with("recovery was not verified to the end"));
}
