//! The operator's orders, in every phase.

use super::bench::{Bench, FAILING, HEALTHY, World, settings};
use crate::config::OnBreach;
use crate::core::soak::{Effect, Event, Origin, RollbackResult};
use crate::model::{Action, Actor, Cause, DecisionKind, Outcome, Phase};

fn watching() -> Bench {
    let mut bench = Bench::new(settings());
    bench.seconds(3, HEALTHY);
    bench
}

#[test]
fn an_accepted_order_is_journaled_with_actor_and_reason_before_it_takes_effect() {
    let mut bench = watching();
    bench.order("abort").unwrap();
    let [Effect::Journal(decision), Effect::Answer { refused: None }, Effect::Reflect, Effect::Finish(ending)] =
        &bench.effects[..]
    else {
        panic!("{:?}", bench.effects)
    };
    assert_eq!(decision.decision, DecisionKind::Abort);
    assert_eq!((decision.actor.to_string().as_str(), decision.why()), ("operator:bo@laptop", Some("because")));
    assert_eq!((ending.outcome, ending.exit_code()), (Outcome::Aborted, 5));
}

#[test]
fn keep_ends_the_soak_retained_on_the_operators_word() {
    let mut bench = watching();
    bench.order("keep").unwrap();
    let ending = bench.until_over(0, HEALTHY);
    assert_eq!((ending.outcome, ending.cause, ending.exit_code()), (Outcome::Retained, Cause::Operator, 0));
}

#[test]
fn a_forced_rollback_needs_no_breach_and_no_grace() {
    let mut settings = settings();
    settings.grace_ms = 10_000;
    let mut bench = Bench::new(settings);
    bench.seconds(3, HEALTHY);
    bench.order("rollback").unwrap();
    assert_eq!(bench.machine.phase(), Phase::RollingBack);
    bench.rollback_done(1, RollbackResult::Back);
    let ending = bench.until_over(20, HEALTHY);
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
        let mut bench = watching();
        bench.effects.clear();
        bench.feed(Event::Action { action, actor: Actor::Operator("bo@laptop".to_owned()), reason: typed });
        let intent = bench.effects.iter().find_map(|effect| match effect {
            Effect::Rollback { intent, .. } => intent.why().map(str::to_owned),
            _ => None,
        });
        assert_eq!(intent.as_deref(), Some(wanted), "{action}");
    }
}

#[test]
fn a_forced_rollback_to_a_dead_standby_wants_force() {
    let mut bench = Bench::new(settings());
    bench.seconds(3, World { standby: false, ..HEALTHY });
    let why = bench.order("rollback").unwrap_err();
    assert_eq!(
        why,
        "blue is DOWN (http://blue-1: answered 503): start it first; `rollback --force` moves traffic there as it is, and users may get no answer"
    );
    bench.order("rollback --force").unwrap();
    assert_eq!(bench.machine.phase(), Phase::RollingBack);
}

#[test]
fn paused_a_breach_is_held_and_resume_acts_at_once() {
    let mut bench = watching();
    bench.order("pause").unwrap();
    assert_eq!(bench.order("pause").unwrap_err(), "automatic rollback is paused already");
    bench.seconds(5, FAILING);
    assert_eq!(bench.machine.phase(), Phase::Held);
    assert_eq!(bench.machine.held_because().as_deref(), Some("automatic rollback is paused"));
    bench.order("resume").unwrap();
    assert_eq!(bench.machine.phase(), Phase::RollingBack);
}

#[test]
fn pause_and_resume_without_a_breach_change_nothing_else() {
    let mut bench = watching();
    assert_eq!(bench.order("resume").unwrap_err(), "automatic rollback is on");
    bench.order("pause").unwrap();
    bench.order("resume").unwrap();
    assert_eq!((bench.machine.phase(), bench.machine.paused()), (Phase::Watching, false));
}

#[test]
fn resume_acts_on_a_breach_that_the_policy_held() {
    for (on_breach, auto_rollback) in [(OnBreach::Hold, true), (OnBreach::Rollback, false)] {
        let mut settings = settings();
        (settings.on_breach, settings.auto_rollback) = (on_breach, auto_rollback);
        let mut bench = Bench::new(settings);
        bench.seconds(5, FAILING);
        assert_eq!(bench.machine.phase(), Phase::Held);
        bench.order("resume").unwrap();
        assert_eq!(bench.machine.phase(), Phase::RollingBack);
    }
}

#[test]
fn resume_does_not_roll_back_to_a_dead_standby() {
    let mut bench = Bench::new(settings());
    bench.seconds(5, World { standby: false, ..FAILING });
    let why = bench.order("resume").unwrap_err();
    assert_eq!(why, "the rollback waits for the standby: `rollback --force` does not wait");
    bench.order("pause").unwrap();
    bench.seconds(5, FAILING);
    assert_eq!(bench.machine.held_because().as_deref(), Some("automatic rollback is paused"));
}

#[test]
fn extend_moves_the_end_also_of_a_hold_and_adds_up_to_a_day() {
    let mut bench = watching();
    bench.order("extend 5m").unwrap();
    assert_eq!(bench.machine.remaining_ms(), Some(357_000));
    assert_eq!(bench.order("extend 24h").unwrap_err(), "extensions may add up to 24h at most");
    let mut settings = settings();
    settings.on_breach = OnBreach::Hold;
    let mut held = Bench::new(settings);
    held.seconds(5, FAILING);
    let before = held.machine.remaining_ms().unwrap();
    held.order("extend 1m").unwrap();
    assert_eq!(held.machine.remaining_ms(), Some(before + 60_000));
}

#[test]
fn an_extension_after_the_window_goes_on_from_its_end() {
    let mut bench = Bench::new(settings());
    bench.seconds(70, World { requests: 0, ..HEALTHY });
    bench.order("extend 1m").unwrap();
    let ending = bench.until_over(200, World { requests: 0, ..HEALTHY });
    assert_eq!((ending.outcome, bench.at), (Outcome::Inconclusive, 150_000));
}

#[test]
fn nothing_stops_an_attempt_to_roll_back() {
    let mut bench = watching();
    bench.seconds(5, FAILING);
    for action in ["abort", "keep", "pause", "rollback", "extend 1m"] {
        assert_eq!(bench.order(action).unwrap_err(), "the rollback has already begun");
    }
    bench.rollback_done(1, RollbackResult::Failed("refused".to_owned()));
    bench.at += 200;
    bench.feed(Event::Timer);
    bench.rollback_done(2, RollbackResult::Back);
    assert_eq!(bench.order("abort").unwrap_err(), "traffic is back on the previous color already");
    bench.until_over(20, HEALTHY);
    assert_eq!(bench.order("abort").unwrap_err(), "the soak is over");
}

#[test]
fn orders_before_the_move_are_refused_except_abort() {
    let mut settings = settings();
    settings.origin = Origin::Switch { gate_ms: 60_000, soak: true };
    let mut bench = Bench::new(settings);
    assert_eq!(bench.order("rollback").unwrap_err(), "traffic has not moved yet");
    bench.second(HEALTHY);
    assert_eq!(bench.order("abort").unwrap_err(), "traffic is being moved right now");
}

#[test]
fn abort_before_the_move_leaves_traffic_where_it_is() {
    let mut settings = settings();
    settings.origin = Origin::Switch { gate_ms: 60_000, soak: true };
    let mut bench = Bench::new(settings);
    bench.order("abort").unwrap();
    assert_eq!(bench.message(DecisionKind::Abort), "the switch is aborted: traffic stays on blue");
    assert_eq!(bench.until_over(0, HEALTHY).exit_code(), 5);
}

#[test]
fn a_countdown_is_not_extended() {
    let mut settings = settings();
    settings.grace_ms = 10_000;
    let mut bench = Bench::new(settings);
    bench.seconds(5, FAILING);
    assert_eq!(bench.order("extend 1m").unwrap_err(), "a rollback is counting down: pause or keep first");
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
