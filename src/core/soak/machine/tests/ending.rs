//! How soaks end: healthy, inconclusive, held, superseded.

use super::bench::{Bench, FAILING, HEALTHY, WALL, World, settings};
use crate::config::{OnBreach, OnInconclusive};
use crate::core::soak::{Effect, Event, Sample};
use crate::model::{Cause, Color, DecisionKind, Outcome, Phase, Verdict};

const BLIND: World = World { metrics: false, ..HEALTHY };
const QUIET: World = World { requests: 0, ..HEALTHY };

#[test]
fn a_healthy_soak_is_retained_at_the_end_of_its_window() {
    let mut bench = Bench::new(settings());
    bench.seconds(59, HEALTHY);
    assert_eq!((bench.machine.phase(), bench.machine.verdict()), (Phase::Watching, Verdict::Healthy));
    bench.second(HEALTHY);
    let ending = bench.until_over(0, HEALTHY);
    assert_eq!((ending.outcome, ending.cause, ending.exit_code()), (Outcome::Retained, Cause::Auto, 0));
    assert!(ending.reason.contains("0 of 5,900 requests failed"), "{}", ending.reason);
    assert_eq!(bench.kinds(), [DecisionKind::SoakStart, DecisionKind::Retain]);
    assert!(bench.attempts().is_empty());
}

#[test]
fn the_end_takes_one_more_sample_where_the_interval_does_not_meet_it() {
    let mut settings = settings();
    settings.interval_ms = 7_000;
    let mut bench = Bench::new(settings);
    bench.seconds(8, HEALTHY);
    bench.effects.clear();
    bench.at = 60_000;
    bench.feed(Event::Timer);
    assert_eq!(bench.effects, [Effect::Sample]);
    bench.at = 53_000;
    bench.second(HEALTHY);
    assert_eq!(bench.until_over(0, HEALTHY).outcome, Outcome::Retained);
}

#[test]
fn no_traffic_extends_the_soak_and_ends_inconclusive() {
    let mut bench = Bench::new(settings());
    let ending = bench.until_over(100, QUIET);
    assert_eq!((ending.outcome, ending.cause, ending.exit_code()), (Outcome::Inconclusive, Cause::Auto, 6));
    assert_eq!(bench.at, 90_000, "window and extension");
    assert_eq!(ending.reason, "error-rate: no request reached the new color");
    assert_eq!(bench.kinds(), [DecisionKind::SoakStart, DecisionKind::Extend, DecisionKind::Inconclusive]);
}

#[test]
fn an_extended_soak_ends_at_the_first_healthy_tick() {
    let mut bench = Bench::new(settings());
    bench.seconds(60, QUIET);
    assert_eq!(bench.machine.remaining_ms(), Some(30_000));
    let ending = bench.until_over(30, HEALTHY);
    assert_eq!(ending.outcome, Outcome::Retained);
    assert_eq!(bench.at, 61_000);
}

#[test]
fn the_policy_keep_ends_it_at_once_with_a_warning() {
    let mut settings = settings();
    settings.on_inconclusive = OnInconclusive::Keep;
    let ending = Bench::new(settings).until_over(60, QUIET);
    assert_eq!((ending.outcome, ending.cause, ending.exit_code()), (Outcome::Inconclusive, Cause::Policy, 0));
}

#[test]
fn the_policy_rollback_moves_an_unproven_release_back() {
    let mut settings = settings();
    settings.on_inconclusive = OnInconclusive::Rollback;
    let mut bench = Bench::new(settings);
    bench.seconds(60, QUIET);
    assert_eq!(bench.machine.phase(), Phase::RollingBack);
    bench.rollback_done(1, crate::core::soak::RollbackResult::Back);
    let ending = bench.until_over(20, HEALTHY);
    assert_eq!((ending.outcome, ending.cause, ending.exit_code()), (Outcome::RolledBack, Cause::Inconclusive, 3));
    assert_eq!(bench.machine.verdict(), Verdict::Unknown);
}

#[test]
fn blind_is_neither_healthy_nor_bad() {
    let mut bench = Bench::new(settings());
    bench.seconds(20, HEALTHY);
    bench.seconds(2, BLIND);
    assert!(!bench.kinds().contains(&DecisionKind::Blind));
    bench.second(BLIND);
    assert_eq!(bench.message(DecisionKind::Blind), "the error rate is not known for 3s: http://green-1: answered 500");
    assert_eq!(bench.machine.blind().unwrap().0, 3_000);
    bench.seconds(9, BLIND);
    assert_eq!(bench.machine.verdict(), Verdict::Unknown);
    bench.second(HEALTHY);
    assert_eq!(bench.message(DecisionKind::Sighted), "the metrics can be read again");
    assert_eq!(bench.machine.verdict(), Verdict::Healthy);
    assert_eq!(bench.machine.seen().requests, 100 * 32, "the first good page covers the gap");
    let ending = bench.until_over(100, BLIND);
    assert_eq!(ending.outcome, Outcome::Inconclusive);
    assert_eq!(ending.reason, "error-rate: no metrics of http://green-1 for 57s: answered 500");
}

#[test]
fn one_silent_instance_is_named_and_does_not_keep_the_others_from_being_judged() {
    let mut bench = Bench::new(settings());
    for second in 0..20 {
        bench.at += 1_000;
        let world = if second < 12 { HEALTHY } else { FAILING };
        for instance in 0..2 {
            bench.feed(Event::Probed { instance, answer: crate::core::soak::Readiness::Ready });
        }
        bench.feed(Event::StandbyProbed { instance: 0, answer: crate::core::soak::Readiness::Ready });
        bench.sample(Color::Green, 0, world);
        let outcome = Sample::Failed("connection refused".to_owned());
        bench.feed(Event::Sampled { color: Color::Green, instance: 1, outcome });
        bench.feed(Event::Tick { skipped: 0 });
        if second == 11 {
            let seen = &bench.machine.checks()[0];
            assert_eq!(seen.verdict, Verdict::Unknown);
            assert_eq!(seen.message, "no metrics of http://green-2 so far: connection refused");
        }
    }
    assert_eq!(bench.machine.phase(), Phase::RollingBack, "what the other one shows is enough to act");
}

#[test]
fn a_check_that_is_not_required_neither_acts_nor_blocks() {
    let mut settings = settings();
    settings.error_rate.required = false;
    let mut bench = Bench::new(settings);
    let ending = bench.until_over(60, FAILING);
    assert_eq!(ending.outcome, Outcome::Retained);
    assert_eq!(bench.machine.checks()[0].verdict, Verdict::Breached, "it is shown all the same");
    assert_eq!(bench.kinds(), [DecisionKind::SoakStart, DecisionKind::Observe, DecisionKind::Retain]);
    let told = bench.message(DecisionKind::Observe);
    assert!(told.starts_with("error-rate breached, which is not required: 60 of 300"), "{told}");
}

#[test]
fn the_policy_hold_waits_for_the_operator_until_window_and_extension_are_over() {
    for policy in [OnBreach::Hold, OnBreach::Notify] {
        let mut settings = settings();
        settings.on_breach = policy;
        let mut bench = Bench::new(settings);
        bench.seconds(10, FAILING);
        assert_eq!(bench.machine.phase(), Phase::Held);
        let ending = bench.until_over(100, HEALTHY);
        assert_eq!((ending.outcome, ending.cause, ending.exit_code()), (Outcome::Held, Cause::Policy, 11));
        assert_eq!(bench.at, 90_000);
        assert_eq!(bench.machine.verdict(), Verdict::Breached, "a breach is latched");
        assert!(bench.attempts().is_empty());
    }
}

#[test]
fn without_automatic_rollback_a_breach_is_held() {
    let mut settings = settings();
    settings.auto_rollback = false;
    let mut bench = Bench::new(settings);
    bench.seconds(10, FAILING);
    assert_eq!(
        bench.message(DecisionKind::Hold),
        "held, not rolled back: automatic rollback is off (soak.auto_rollback); \
         60 of 300 requests failed (20%) in the last 4s, above 5% for 3 ticks in a row"
    );
    let summary = bench.machine.summary().unwrap();
    assert!(summary.reason.unwrap().contains("held: automatic rollback is off"));
    assert_eq!(summary.check, Some("error-rate".into()));
}

#[test]
fn a_changed_state_file_supersedes_the_soak() {
    for (state, last_switch) in [(Color::Blue, WALL), (Color::Green, WALL + 5)] {
        let mut bench = Bench::new(settings());
        bench.second(HEALTHY);
        bench.observe(Color::Green, Color::Green, WALL);
        assert_eq!(bench.machine.phase(), Phase::Watching);
        bench.observe(state, state, last_switch);
        let ending = bench.until_over(0, HEALTHY);
        assert_eq!((ending.outcome, ending.cause, ending.exit_code()), (Outcome::Superseded, Cause::External, 8));
    }
}

#[test]
fn a_router_that_is_elsewhere_twice_in_a_row_supersedes_the_soak() {
    let mut bench = Bench::new(settings());
    bench.second(HEALTHY);
    bench.observe(Color::Blue, Color::Green, WALL);
    bench.observe(Color::Green, Color::Green, WALL);
    bench.observe(Color::Blue, Color::Green, WALL);
    assert_eq!(bench.machine.phase(), Phase::Watching);
    assert_eq!(bench.machine.router(), Some(&Ok(Color::Blue)));
    bench.observe(Color::Blue, Color::Green, WALL);
    assert_eq!(bench.machine.ending().unwrap().outcome, Outcome::Superseded);
}

#[test]
fn a_gap_is_journaled_and_its_ticks_count_as_missing() {
    let mut bench = Bench::new(settings());
    bench.seconds(5, HEALTHY);
    bench.at += 40_000;
    bench.feed(Event::ClockGap { ms: 40_000 });
    assert_eq!(
        bench.message(DecisionKind::Observe),
        "nothing was seen for 40s: the process or the machine stood still"
    );
    bench.feed(Event::Tick { skipped: 40 });
    let ending = bench.until_over(60, HEALTHY);
    assert_eq!(ending.outcome, Outcome::Retained, "half of the ticks came in the extension");
    assert!(bench.kinds().contains(&DecisionKind::Extend));
}

#[test]
fn trouble_is_kept_once_and_shown_at_the_end() {
    let mut bench = Bench::new(settings());
    for what in ["no space left", "no space left", "another"] {
        bench.feed(Event::Trouble { what: what.to_owned() });
    }
    assert_eq!(bench.machine.troubles(), ["no space left", "another"]);
}

#[test]
fn behind_the_window_only_a_timer_asks_for_a_sample() {
    let mut bench = Bench::new(settings());
    bench.seconds(60, QUIET);
    bench.effects.clear();
    bench.seconds(5, QUIET);
    assert!(!bench.has(&Effect::Sample), "a tick that asked for a sample would lead to the next tick at once");
    bench.feed(Event::Timer);
    assert!(bench.has(&Effect::Sample));
}

#[test]
fn the_end_of_the_warmup_gives_nobody_sight() {
    let mut settings = settings();
    settings.warmup_ms = 6_000;
    let mut bench = Bench::new(settings);
    bench.seconds(20, BLIND);
    assert_eq!(bench.kinds().into_iter().filter(|kind| *kind == DecisionKind::Blind).count(), 1);
    assert!(!bench.kinds().contains(&DecisionKind::Sighted));
}
