//! How soaks end: healthy, inconclusive, held, superseded.

use super::harness::{FAILING, HEALTHY, Harness, WALL, World, settings};
use crate::config::{OnBreach, OnInconclusive};
use crate::core::soak::{Effect, Event, Sample};
use crate::model::{Cause, Color, DecisionKind, Outcome, Phase, ReasonCode, Verdict};

const BLIND: World = World { metrics: false, ..HEALTHY };
const QUIET: World = World { requests: 0, ..HEALTHY };

#[test]
fn a_healthy_soak_is_retained_at_the_end_of_its_window() {
    let mut harness = Harness::new(settings());
    harness.seconds(59, HEALTHY);
    assert_eq!((harness.machine.phase(), harness.machine.verdict()), (Phase::Watching, Verdict::Healthy));
    harness.second(HEALTHY);
    let ending = harness.until_over(0, HEALTHY);
    assert_eq!((ending.outcome, ending.cause, ending.exit_code()), (Outcome::Retained, Cause::Auto, 0));
    assert!(ending.reason.contains("0 of 5,900 requests failed"), "{}", ending.reason);
    assert_eq!(harness.kinds(), [DecisionKind::SoakStart, DecisionKind::Retain]);
    assert!(harness.attempts().is_empty());
}

#[test]
fn the_end_takes_one_more_sample_where_the_interval_does_not_meet_it() {
    let mut settings = settings();
    settings.interval_ms = 7_000;
    let mut harness = Harness::new(settings);
    harness.seconds(8, HEALTHY);
    harness.effects.clear();
    harness.at = 60_000;
    harness.feed(Event::Timer);
    assert_eq!(harness.effects, [Effect::Sample]);
    harness.at = 53_000;
    harness.second(HEALTHY);
    assert_eq!(harness.until_over(0, HEALTHY).outcome, Outcome::Retained);
}

#[test]
fn no_traffic_extends_the_soak_and_ends_inconclusive() {
    let mut harness = Harness::new(settings());
    let ending = harness.until_over(100, QUIET);
    assert_eq!((ending.outcome, ending.cause, ending.exit_code()), (Outcome::Inconclusive, Cause::Auto, 6));
    assert_eq!(harness.at, 90_000, "window and extension");
    assert_eq!(ending.reason, "error-rate: no request reached the new color");
    assert_eq!(harness.kinds(), [DecisionKind::SoakStart, DecisionKind::Extend, DecisionKind::Inconclusive]);
}

#[test]
fn an_extended_soak_ends_at_the_first_healthy_tick() {
    let mut harness = Harness::new(settings());
    harness.seconds(60, QUIET);
    assert_eq!(harness.machine.remaining_ms(), Some(30_000));
    let ending = harness.until_over(30, HEALTHY);
    assert_eq!(ending.outcome, Outcome::Retained);
    assert_eq!(harness.at, 61_000);
}

#[test]
fn the_policy_keep_ends_it_at_once_with_a_warning() {
    let mut settings = settings();
    settings.on_inconclusive = OnInconclusive::Keep;
    let ending = Harness::new(settings).until_over(60, QUIET);
    assert_eq!((ending.outcome, ending.cause, ending.exit_code()), (Outcome::Inconclusive, Cause::Policy, 0));
}

#[test]
fn the_policy_rollback_moves_an_unproven_release_back() {
    let mut settings = settings();
    settings.on_inconclusive = OnInconclusive::Rollback;
    let mut harness = Harness::new(settings);
    harness.seconds(60, QUIET);
    assert_eq!(harness.machine.phase(), Phase::RollingBack);
    harness.rollback_done(1, crate::core::soak::RollbackResult::Back);
    let ending = harness.until_over(20, HEALTHY);
    assert_eq!((ending.outcome, ending.cause, ending.exit_code()), (Outcome::RolledBack, Cause::Inconclusive, 3));
    assert_eq!(harness.machine.verdict(), Verdict::Unknown);
}

#[test]
fn blind_is_neither_healthy_nor_bad() {
    let mut harness = Harness::new(settings());
    harness.seconds(20, HEALTHY);
    harness.seconds(2, BLIND);
    assert!(!harness.kinds().contains(&DecisionKind::Blind));
    harness.second(BLIND);
    assert_eq!(
        harness.message(DecisionKind::Blind),
        "the error rate is not known for 3s: http://green-1: answered 500"
    );
    assert_eq!(harness.machine.blind().unwrap().0, 3_000);
    harness.seconds(9, BLIND);
    assert_eq!(harness.machine.verdict(), Verdict::Unknown);
    harness.second(HEALTHY);
    assert_eq!(harness.message(DecisionKind::Sighted), "the metrics can be read again");
    assert_eq!(harness.machine.verdict(), Verdict::Healthy);
    assert_eq!(harness.machine.seen().requests, 100 * 32, "the first good page covers the gap");
    let ending = harness.until_over(100, BLIND);
    assert_eq!(ending.outcome, Outcome::Inconclusive);
    assert_eq!(ending.reason, "error-rate: no metrics of http://green-1 for 57s: answered 500");
}

#[test]
fn one_silent_instance_is_named_and_does_not_keep_the_others_from_being_judged() {
    let mut harness = Harness::new(settings());
    for second in 0..20 {
        harness.at += 1_000;
        let world = if second < 12 { HEALTHY } else { FAILING };
        for instance in 0..2 {
            harness.feed(Event::Probed { instance, answer: crate::core::soak::Readiness::Ready });
        }
        harness.feed(Event::StandbyProbed { instance: 0, answer: crate::core::soak::Readiness::Ready });
        harness.sample(Color::Green, 0, world);
        let outcome = Sample::Failed("connection refused".to_owned());
        harness.feed(Event::Sampled { color: Color::Green, instance: 1, outcome });
        harness.feed(Event::Tick { skipped: 0 });
        if second == 11 {
            let seen = &harness.machine.checks()[0];
            assert_eq!(seen.verdict, Verdict::Unknown);
            assert_eq!(seen.message, "no metrics of http://green-2 so far: connection refused");
        }
    }
    assert_eq!(harness.machine.phase(), Phase::RollingBack, "what the other one shows is enough to act");
}

#[test]
fn a_check_that_is_not_required_neither_acts_nor_blocks() {
    let mut settings = settings();
    settings.error_rate.required = false;
    let mut harness = Harness::new(settings);
    let ending = harness.until_over(60, FAILING);
    assert_eq!(ending.outcome, Outcome::Retained);
    assert_eq!(harness.machine.checks()[0].verdict, Verdict::Breached, "it is shown all the same");
    assert_eq!(harness.kinds(), [DecisionKind::SoakStart, DecisionKind::Observe, DecisionKind::Retain]);
    let told = harness.message(DecisionKind::Observe);
    assert!(told.starts_with("error-rate breached, which is not required: 60 of 300"), "{told}");
}

#[test]
fn the_policy_hold_waits_for_the_operator_until_window_and_extension_are_over() {
    for policy in [OnBreach::Hold, OnBreach::Notify] {
        let mut settings = settings();
        settings.on_breach = policy;
        let mut harness = Harness::new(settings);
        harness.seconds(10, FAILING);
        assert_eq!(harness.machine.phase(), Phase::Held);
        let ending = harness.until_over(100, HEALTHY);
        assert_eq!((ending.outcome, ending.cause, ending.exit_code()), (Outcome::Held, Cause::Policy, 11));
        assert_eq!(harness.at, 90_000);
        assert_eq!(harness.machine.verdict(), Verdict::Breached, "a breach is latched");
        assert!(harness.attempts().is_empty());
    }
}

#[test]
fn without_automatic_rollback_a_breach_is_held() {
    let mut settings = settings();
    settings.auto_rollback = false;
    let mut harness = Harness::new(settings);
    harness.seconds(10, FAILING);
    assert_eq!(
        harness.message(DecisionKind::Hold),
        "held, not rolled back: automatic rollback is off (soak.auto_rollback); \
         60 of 300 requests failed (20%) in the last 4s, above 5% for 3 ticks in a row"
    );
    let summary = harness.machine.summary().unwrap();
    assert!(summary.reason.unwrap().contains("held: automatic rollback is off"));
    assert_eq!(summary.check, Some("error-rate".into()));
}

#[test]
fn a_changed_state_file_supersedes_the_soak() {
    for (state, last_switch) in [(Color::Blue, WALL), (Color::Green, WALL + 5)] {
        let mut harness = Harness::new(settings());
        harness.second(HEALTHY);
        harness.observe(Color::Green, Color::Green, WALL);
        assert_eq!(harness.machine.phase(), Phase::Watching);
        harness.observe(state, state, last_switch);
        let ending = harness.until_over(0, HEALTHY);
        assert_eq!((ending.outcome, ending.cause, ending.exit_code()), (Outcome::Superseded, Cause::External, 8));
    }
}

#[test]
fn a_router_that_is_elsewhere_twice_in_a_row_supersedes_the_soak() {
    let mut harness = Harness::new(settings());
    harness.second(HEALTHY);
    harness.observe(Color::Blue, Color::Green, WALL);
    harness.observe(Color::Green, Color::Green, WALL);
    harness.observe(Color::Blue, Color::Green, WALL);
    assert_eq!(harness.machine.phase(), Phase::Watching);
    assert_eq!(harness.machine.router(), Some(&Ok(Color::Blue)));
    harness.observe(Color::Blue, Color::Green, WALL);
    assert_eq!(harness.machine.ending().unwrap().outcome, Outcome::Superseded);
}

#[test]
fn a_gap_is_journaled_and_its_ticks_count_as_missing() {
    let mut harness = Harness::new(settings());
    harness.seconds(5, HEALTHY);
    harness.at += 40_000;
    harness.feed(Event::ClockGap { ms: 40_000 });
    assert_eq!(
        harness.message(DecisionKind::Observe),
        "nothing was seen for 40s: the process or the machine stood still"
    );
    harness.feed(Event::Tick { skipped: 40 });
    let ending = harness.until_over(60, HEALTHY);
    assert_eq!(ending.outcome, Outcome::Retained, "half of the ticks came in the extension");
    assert!(harness.kinds().contains(&DecisionKind::Extend));
}

#[test]
fn trouble_is_kept_once_and_shown_at_the_end() {
    let mut harness = Harness::new(settings());
    for what in ["no space left", "no space left", "another"] {
        harness.feed(Event::Trouble { what: what.to_owned() });
    }
    assert_eq!(harness.machine.troubles(), ["no space left", "another"]);
}

#[test]
fn behind_the_window_only_a_timer_asks_for_a_sample() {
    let mut harness = Harness::new(settings());
    harness.seconds(60, QUIET);
    harness.effects.clear();
    harness.seconds(5, QUIET);
    assert!(!harness.has(&Effect::Sample), "a tick that asked for a sample would lead to the next tick at once");
    harness.feed(Event::Timer);
    assert!(harness.has(&Effect::Sample));
}

#[test]
fn the_end_of_the_warmup_gives_nobody_sight() {
    let mut settings = settings();
    settings.warmup_ms = 6_000;
    let mut harness = Harness::new(settings);
    harness.seconds(20, BLIND);
    assert_eq!(harness.kinds().into_iter().filter(|kind| *kind == DecisionKind::Blind).count(), 1);
    assert!(!harness.kinds().contains(&DecisionKind::Sighted));
}

#[test]
fn that_this_host_may_not_act_is_told_and_that_it_may_again() {
    let mut harness = Harness::new(settings());
    harness.feed(Event::Lead { lost: Some("its lease may have ended".to_owned()) });
    assert!(harness.machine.lead_is_lost());
    harness.feed(Event::Lead { lost: None });
    assert!(!harness.machine.lead_is_lost());
    let told: Vec<_> = harness.decisions().into_iter().filter(|made| made.is_urgent_observation()).collect();
    let [lost, back] = &told[..] else { panic!("{told:?}") };
    assert!(lost.is_because(ReasonCode::LeadLost) && back.is_because(ReasonCode::LeadBack));
    assert!(lost.message.starts_with("its lease may have ended. A breach is not rolled back from here"));
}
