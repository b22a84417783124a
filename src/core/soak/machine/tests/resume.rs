//! A monitor that is gone, and another that goes on.

use super::harness::{FAILING, HEALTHY, Harness, WALL, World, resumption, settings};
use crate::config::{Method, OnBreach};
use crate::core::soak::machine::time::Unwatched;
use crate::core::soak::{
    DeploymentSeen, Effect, Event, Origin, ReadError, Resumption, RollbackResult, Settings, SwitchResult,
};
use crate::model::{Actor, Cause, Color, Decision, DecisionKind, Outcome, Phase};

fn harness(adjust: impl FnOnce(&mut Settings)) -> Harness {
    let mut settings = settings();
    adjust(&mut settings);
    Harness::new(settings)
}

/// All of its events, then so long nothing.
fn after(harness: &Harness, gap_ms: u64) -> Harness {
    harness.resumed(harness.log.len(), gap_ms, resumption())
}

fn until(harness: &mut Harness, phase: Phase, world: World) {
    for _ in 0..100 {
        if harness.machine.phase() == phase {
            return;
        }
        harness.second(world);
    }
    panic!("never {phase} but {}", harness.machine.phase());
}

#[test]
fn the_window_ends_when_it_would_have_and_the_gap_is_counted_and_told() {
    let mut before = harness(|_| {});
    before.seconds(20, HEALTHY);
    let mut harness = after(&before, 12_000);
    assert_eq!(
        harness.message(DecisionKind::Resumed),
        "the soak resumed after 12s without a monitor, 12 samples missed; the window ends in 28s, as before"
    );
    assert_eq!(harness.decisions()[0].actor, Actor::Resume);
    assert_eq!(harness.machine.unwatched(), Unwatched { ms: 12_000, gaps: 1 });
    assert_eq!(harness.machine.settings().soak, before.machine.settings().soak);
    let ending = harness.until_over(40, HEALTHY);
    assert_eq!((ending.outcome, harness.at), (Outcome::Retained, 60_000));
}

#[test]
fn evidence_from_before_the_gap_still_counts() {
    let failing = World { requests: 50, errors: 6, ..HEALTHY };
    let adjust = |settings: &mut Settings| settings.error_rate.method = Method::Evidence;
    let mut whole = harness(adjust);
    until(&mut whole, Phase::RollingBack, failing);
    let mut before = harness(adjust);
    while before.at + 1_000 < whole.at {
        before.second(failing);
    }
    let mut resumed = after(&before, 1_000);
    resumed.second(failing);
    assert_eq!(resumed.machine.phase(), Phase::RollingBack, "one more second is enough, as without the gap");
}

#[test]
fn requests_of_the_gap_are_counted_by_the_next_page() {
    let mut before = harness(|_| {});
    before.seconds(5, HEALTHY);
    let mut harness = after(&before, 10_000);
    harness.seconds(1, World { requests: 550, ..HEALTHY });
    assert_eq!(harness.machine.seen().requests, 4 * 100 + 1_100);
}

#[test]
fn after_the_windows_end_one_sample_of_every_instance_is_judged() {
    let mut before = harness(|_| {});
    before.seconds(50, HEALTHY);
    let mut harness = after(&before, 20_000);
    assert!(harness.message(DecisionKind::Resumed).contains("judged on one more sample of every instance"));
    assert!(harness.has(&Effect::Schedule { at_ms: 60_000 }) && harness.machine.ending().is_none());
    harness.feed(Event::Timer);
    assert!(harness.has(&Effect::Sample) && harness.machine.ending().is_none(), "not before it was sampled");
    harness.second(HEALTHY);
    assert_eq!(harness.machine.ending().unwrap().outcome, Outcome::Retained);
}

#[test]
fn a_streak_of_failed_probes_does_not_reach_over_the_gap() {
    let mut before = harness(|_| {});
    let unready = World { ready: false, ..HEALTHY };
    before.seconds(5, HEALTHY);
    before.seconds(2, unready);
    let mut harness = after(&before, 30_000);
    harness.second(unready);
    assert_eq!(harness.machine.phase(), Phase::Watching);
    harness.seconds(3, unready);
    assert_eq!(harness.machine.phase(), Phase::RollingBack);
}

#[test]
fn a_rollback_that_was_cut_off_is_asked_for_again_with_the_same_attempt_and_intent() {
    let mut before = harness(|_| {});
    before.seconds(30, FAILING);
    let asked: Vec<_> = before.effects.iter().filter(|effect| matches!(effect, Effect::Rollback { .. })).collect();
    let mut harness = after(&before, 2_000);
    assert!(harness.has(asked[0]));
    harness.rollback_done(1, RollbackResult::Failed("no route".to_owned()));
    harness.effects.clear();
    let mut again = after(&harness, 2_000);
    assert!(again.attempts().is_empty(), "the pause between two attempts is not cut short by a resume");
    again.feed(Event::Timer);
    assert_eq!(again.attempts(), [2]);
    again.rollback_done(2, RollbackResult::Back);
    let ending = again.until_over(20, HEALTHY);
    assert_eq!((ending.outcome, ending.cause), (Outcome::RolledBack, Cause::Auto));
}

#[test]
fn an_intent_that_only_the_journal_knows_is_carried_through() {
    let mut before = harness(|_| {});
    before.seconds(10, HEALTHY);
    for (actor, reason, cause) in [
        (Actor::Auto, Some("breach"), Cause::Auto),
        (Actor::Auto, Some("inconclusive"), Cause::Inconclusive),
        (Actor::Operator("bo@laptop".to_owned()), None, Cause::Operator),
    ] {
        let mut intent = Decision::new(DecisionKind::Rollback, actor, "rolling back");
        intent.reason = reason.map(Into::into);
        let by = Resumption { intent: Some(intent), ..resumption() };
        let mut harness = before.resumed(before.log.len(), 1_000, by);
        assert_eq!(harness.attempts(), [1]);
        harness.rollback_done(1, RollbackResult::Back);
        assert_eq!(harness.until_over(20, HEALTHY).cause, cause);
    }
}

#[test]
fn a_grace_that_ran_out_meanwhile_acts_only_after_state_router_and_standby_were_read_again() {
    let mut before = harness(|settings| settings.grace_ms = 5_000);
    until(&mut before, Phase::Grace, FAILING);
    let mut harness = after(&before, 20_000);
    harness.feed(Event::Timer);
    assert_eq!(harness.machine.phase(), Phase::Grace, "nothing was looked at yet");
    harness.observe(Color::Green, Color::Green, WALL);
    harness.feed(Event::Timer);
    assert_eq!(harness.machine.phase(), Phase::Grace, "the standby was not asked yet");
    harness.second(FAILING);
    assert_eq!(harness.machine.phase(), Phase::RollingBack);

    let mut moved = after(&before, 20_000);
    moved.observe(Color::Blue, Color::Blue, WALL + 7);
    assert_eq!(moved.machine.ending().unwrap().outcome, Outcome::Superseded);

    let mut dead = after(&before, 20_000);
    dead.observe(Color::Green, Color::Green, WALL);
    dead.second(World { standby: false, ..FAILING });
    assert_eq!(dead.machine.phase(), Phase::Held);

    let mut silent = after(&before, 20_000);
    silent.at += 10_000;
    silent.feed(Event::Timer);
    assert_eq!(silent.machine.phase(), Phase::Held, "who gives no answer is not waited for without end");
}

#[test]
fn a_pause_and_an_extension_survive() {
    let mut before = harness(|_| {});
    before.seconds(3, HEALTHY);
    before.order("pause").unwrap();
    before.order("extend 1m").unwrap();
    let mut harness = after(&before, 1_000);
    assert!(harness.machine.paused());
    assert_eq!(harness.machine.remaining_ms(), Some(116_000));
    harness.seconds(30, FAILING);
    assert_eq!(harness.machine.phase(), Phase::Held);
    let mut again = after(&harness, 5_000);
    assert_eq!(again.machine.phase(), Phase::Held);
    again.order("resume").unwrap();
    assert_eq!(again.machine.phase(), Phase::Held, "the standby has to answer first");
    again.second(HEALTHY);
    again.seconds(2, HEALTHY);
    assert_eq!(again.machine.phase(), Phase::RollingBack);
}

#[test]
fn held_by_policy_stays_held_and_verifying_goes_on() {
    let mut before = harness(|settings| settings.on_breach = OnBreach::Hold);
    until(&mut before, Phase::Held, FAILING);
    assert_eq!(after(&before, 1_000).machine.phase(), Phase::Held);

    let mut before = harness(|_| {});
    until(&mut before, Phase::RollingBack, FAILING);
    before.rollback_done(1, RollbackResult::Back);
    before.seconds(2, HEALTHY);
    let mut harness = after(&before, 4_000);
    assert!(harness.has(&Effect::Sample) && harness.attempts().is_empty());
    harness.until_over(20, HEALTHY);
    assert_eq!(harness.machine.summary().unwrap().recovered, Some(true));
}

#[test]
fn an_instance_that_came_meanwhile_is_watched_and_one_that_went_is_forgotten() {
    let mut before = harness(|_| {});
    before.seconds(3, HEALTHY);
    let instances = vec!["http://green-2".to_owned(), "http://green-3".to_owned()];
    let by = Resumption { instances: instances.clone(), ..resumption() };
    let harness = before.resumed(before.log.len(), 1_000, by);
    assert_eq!(harness.machine.settings().instances, instances);
    assert_eq!(harness.machine.target_failure().unwrap(), "http://green-2: no answer yet");
}

#[test]
fn what_is_lost_or_changed_is_told() {
    let before = harness(|_| {});
    let changes = vec!["soak.window is 5m now, this soak keeps 60s".to_owned()];
    let by = Resumption { lost_events: 7, changes, ..resumption() };
    let told = before.resumed(1, 0, by).message(DecisionKind::Resumed);
    assert!(
        told.ends_with("; 7 events are missing in the recording; soak.window is 5m now, this soak keeps 60s"),
        "{told}"
    );
}

fn switching() -> Harness {
    harness(|settings| {
        settings.origin = Origin::Switch { gate_ms: 30_000, soak: true };
        settings.last_switch = Some(WALL);
    })
}

#[test]
fn a_gate_goes_on_until_its_deadline_and_refuses_behind_it() {
    let mut before = switching();
    before.second(World { ready: false, ..HEALTHY });
    let mut harness = after(&before, 5_000);
    assert_eq!(harness.machine.phase(), Phase::Gating);
    harness.second(HEALTHY);
    assert_eq!(harness.machine.phase(), Phase::Switching);
    assert_eq!(after(&before, 29_000).machine.ending().unwrap().outcome, Outcome::Refused);
}

#[test]
fn a_baseline_is_measured_anew() {
    let mut before = harness(|settings| {
        settings.origin = Origin::Switch { gate_ms: 30_000, soak: true };
        settings.error_rate.method = Method::Evidence;
    });
    before.seconds(3, HEALTHY);
    assert_eq!(before.machine.phase(), Phase::Baseline);
    let mut harness = after(&before, 1_000);
    assert_eq!(harness.machine.phase(), Phase::Gating);
    harness.second(HEALTHY);
    assert_eq!(harness.machine.phase(), Phase::Baseline);
}

fn no_route() -> ReadError {
    ReadError("no route".to_owned())
}

/// A run that died while it moved traffic, as the next monitor finds router and state file.
fn cut_off(gap_ms: u64, router: Result<Color, ReadError>, state: (Color, i64)) -> Harness {
    let mut before = switching();
    before.second(HEALTHY);
    assert_eq!(before.machine.phase(), Phase::Switching);
    let mut harness = after(&before, gap_ms);
    assert!(!harness.has(&Effect::Switch), "first it is read where traffic is");
    let state = Ok(DeploymentSeen { active: state.0, last_switch: Some(state.1) });
    harness.feed(Event::RouterObserved { epoch: harness.epoch(), router, state, foreign: None });
    harness
}

#[test]
fn a_switch_that_moved_anything_is_carried_through() {
    for (router, state) in [
        (Color::Green, (Color::Blue, WALL)),
        (Color::Green, (Color::Green, WALL + 9)),
        (Color::Blue, (Color::Green, WALL + 9)),
    ] {
        let mut harness = cut_off(3_600_000, Ok(router), state);
        assert!(harness.has(&Effect::Switch), "{router} {state:?}");
        harness.switch_done(SwitchResult::Switched { last_switch: Some(WALL + 9) });
        assert_eq!(harness.machine.phase(), Phase::Watching);
    }
}

#[test]
fn a_switch_that_moved_nothing_passes_the_gate_again_or_is_refused() {
    let mut soon = cut_off(1_000, Ok(Color::Blue), (Color::Blue, WALL));
    assert_eq!(soon.machine.phase(), Phase::Gating);
    soon.second(HEALTHY);
    assert!(soon.has(&Effect::Switch));
    let late = cut_off(60_000, Ok(Color::Blue), (Color::Blue, WALL));
    assert_eq!(late.machine.ending().unwrap().outcome, Outcome::Refused);
    let moved_on = cut_off(1_000, Ok(Color::Blue), (Color::Blue, WALL + 9));
    assert_eq!(moved_on.machine.ending().unwrap().outcome, Outcome::Superseded);
}

#[test]
fn a_router_that_gives_no_answer_is_asked_again_and_not_for_ever() {
    let mut harness = cut_off(1_000, Err(no_route()), (Color::Blue, WALL));
    assert_eq!(harness.machine.phase(), Phase::Switching);
    harness.effects.clear();
    harness.at += 1_000;
    harness.feed(Event::Timer);
    let epoch = harness.epoch();
    let mut resumed = after(&harness, 1_000);
    assert!(resumed.epoch() > epoch, "a second monitor asks for itself");
    resumed.observe(Color::Green, Color::Green, WALL + 9);
    assert!(resumed.has(&Effect::Switch));

    let gone = cut_off(60_000, Err(no_route()), (Color::Blue, WALL));
    let ending = gone.machine.ending().unwrap();
    assert_eq!((ending.outcome, ending.exit_code()), (Outcome::SwitchFailed, 12));
    assert!(ending.reason.ends_with("cannot tell where traffic is: no route"), "{}", ending.reason);
}

#[test]
fn killed_after_any_event_a_breach_still_ends_rolled_back_and_a_healthy_soak_retained() {
    for (world, outcome) in [(HEALTHY, Outcome::Retained), (FAILING, Outcome::RolledBack)] {
        let mut whole = switching();
        whole.second(HEALTHY);
        whole.switch_done(SwitchResult::Switched { last_switch: Some(WALL + 9) });
        whole.seconds(12, world);
        for events in 1..=whole.log.len() {
            let mut harness = whole.resumed(events, 2_500, resumption());
            let ending = to_the_end(&mut harness, world);
            assert_eq!(ending, outcome, "killed after {events} events");
        }
    }
}

/// Answers what the machine asks for, until it is over.
fn to_the_end(harness: &mut Harness, world: World) -> Outcome {
    let mut answered = 0;
    for _ in 0..200 {
        while let Some(effect) = harness.effects.get(answered).cloned() {
            answered += 1;
            match effect {
                Effect::Switch => harness.switch_done(SwitchResult::Switched { last_switch: Some(WALL + 9) }),
                Effect::Rollback { attempt, .. } => harness.rollback_done(attempt, RollbackResult::Back),
                Effect::ReadRouter { .. } if harness.machine.phase() == Phase::Switching => {
                    harness.observe(Color::Green, Color::Green, WALL + 9);
                }
                _ => {}
            }
        }
        if let Some(ending) = harness.machine.ending() {
            return ending.outcome;
        }
        harness.second(world);
    }
    panic!("not over but {}", harness.machine.phase())
}
