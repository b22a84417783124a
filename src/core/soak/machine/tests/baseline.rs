//! The look at the previous color, and what follows from it.

use super::harness::{HEALTHY, Harness, WALL, World, settings};
use crate::config::{Baseline, Method};
use crate::core::soak::{Effect, Origin, Settings, SwitchResult};
use crate::model::{Color, DecisionKind, Outcome, Phase, Verdict};

/// Twice as bad as a perfect previous color may be, and far below the threshold.
const WORSE: World = World { errors: 2, ..HEALTHY };

fn comparing(baseline: Baseline) -> Settings {
    let mut settings = settings();
    settings.origin = Origin::Switch { gate_ms: 15_000, soak: true };
    settings.error_rate.method = Method::Evidence;
    settings.error_rate.baseline = baseline;
    settings.window_ms = 300_000;
    settings.max_extension_ms = 0;
    settings
}

/// One interval of gate and baseline: the previous color is sampled as well.
fn look(harness: &mut Harness, old: World, new: World) {
    harness.sample(Color::Blue, 0, old);
    harness.second(new);
}

fn switched(baseline: Baseline, old: World) -> Harness {
    let mut harness = Harness::new(comparing(baseline));
    for _ in 0..11 {
        look(&mut harness, old, HEALTHY);
    }
    harness.second(HEALTHY);
    assert_eq!(harness.machine.phase(), Phase::Switching);
    harness.switch_done(SwitchResult::Switched { last_switch: Some(WALL) });
    harness
}

#[test]
fn the_old_color_is_looked_at_before_traffic_moves() {
    let mut harness = Harness::new(comparing(Baseline::Warn));
    look(&mut harness, HEALTHY, HEALTHY);
    assert_eq!(harness.machine.phase(), Phase::Baseline);
    assert_eq!(harness.machine.metrics_of(), [Color::Green, Color::Blue]);
    assert_eq!(harness.machine.remaining_ms(), Some(10_000));
    assert!(!harness.has(&Effect::Switch));
    for _ in 0..9 {
        look(&mut harness, HEALTHY, HEALTHY);
        assert_eq!(harness.machine.phase(), Phase::Baseline);
    }
    look(&mut harness, HEALTHY, HEALTHY);
    assert!(harness.has(&Effect::Switch));
    assert_eq!(
        harness.message(DecisionKind::Observe),
        "baseline (blue): 0 of 500 requests failed (0%) in 10s; green counts as a regression above 2.1%"
    );
    assert_eq!(harness.machine.baseline().unwrap().counts.requests, 500);
}

#[test]
fn enough_requests_end_the_look_early_and_none_leave_no_baseline() {
    let mut busy = Harness::new(comparing(Baseline::Warn));
    for _ in 0..3 {
        look(&mut busy, World { requests: 1_000, ..HEALTHY }, HEALTHY);
    }
    assert!(busy.has(&Effect::Switch), "2,000 requests are enough");

    let mut quiet = switched(Baseline::Warn, World { requests: 0, ..HEALTHY });
    assert_eq!(quiet.machine.baseline(), None);
    assert!(quiet.message(DecisionKind::Observe).starts_with("blue had no traffic for 10s"));
    quiet.seconds(20, HEALTHY);
    assert_eq!(quiet.machine.phase(), Phase::Watching);
}

#[test]
fn a_target_that_is_no_longer_ready_after_the_look_is_not_switched_to() {
    let mut harness = Harness::new(comparing(Baseline::Warn));
    look(&mut harness, HEALTHY, HEALTHY);
    for _ in 0..10 {
        look(&mut harness, HEALTHY, World { ready: false, ..HEALTHY });
    }
    assert_eq!(harness.machine.phase(), Phase::Gating);
    let ending = harness.until_over(20, World { ready: false, ..HEALTHY });
    assert_eq!((ending.outcome, harness.at), (Outcome::Refused, 15_000), "the gate's own deadline still holds");
}

#[test]
fn off_and_window_look_at_nothing() {
    for (method, baseline) in [(Method::Evidence, Baseline::Off), (Method::Window, Baseline::Judge)] {
        let mut settings = comparing(baseline);
        settings.error_rate.method = method;
        let mut harness = Harness::new(settings);
        harness.second(HEALTHY);
        assert_eq!(harness.machine.phase(), Phase::Switching);
    }
}

#[test]
fn a_release_worse_than_the_previous_color_is_told_once_and_kept_with_warn() {
    let mut harness = switched(Baseline::Warn, HEALTHY);
    let ending = harness.until_over(310, WORSE);
    assert_eq!(ending.outcome, Outcome::Retained, "{}", ending.reason);
    let told = harness
        .decisions()
        .into_iter()
        .filter(|decision| decision.message.starts_with("worse than the previous color"));
    assert_eq!(told.count(), 1);
}

#[test]
fn a_release_worse_than_the_previous_color_is_rolled_back_with_judge() {
    let mut harness = switched(Baseline::Judge, HEALTHY);
    harness.seconds(200, WORSE);
    assert_eq!(harness.machine.phase(), Phase::RollingBack);
    let why = harness.message(DecisionKind::Breach);
    assert!(why.starts_with("error-rate breached: worse than the previous color (before the switch 0 of 500"), "{why}");
}

#[test]
fn silence_after_traffic_asks_whether_the_router_switched() {
    let mut harness = switched(Baseline::Warn, HEALTHY);
    harness.seconds(20, World { requests: 0, ..HEALTHY });
    let seen = &harness.machine.checks()[0];
    assert_eq!(seen.verdict, Verdict::Unknown);
    assert!(seen.message.ends_with("did the router switch?"), "{}", seen.message);
}

#[test]
fn evidence_tells_what_comes_next() {
    let mut settings = settings();
    settings.error_rate.method = Method::Evidence;
    let mut harness = Harness::new(settings);
    harness.seconds(20, HEALTHY);
    let outlook = harness.machine.outlook().unwrap();
    assert!(outlook.healthy_so_far);
    assert_eq!(outlook.healthy_in_ms, Some(40_000), "not before the window's end");
    assert!(harness.machine.checks()[0].evidence.unwrap() < 0.0);
}

#[test]
fn young_trouble_at_the_windows_end_is_watched_a_little_longer() {
    let mut settings = settings();
    settings.error_rate.method = Method::Evidence;
    let mut harness = Harness::new(settings);
    harness.seconds(58, HEALTHY);
    harness.seconds(2, World { errors: 50, ..HEALTHY });
    assert_eq!(harness.machine.phase(), Phase::Watching, "two bad seconds may be a blip");
    assert!(!harness.kinds().contains(&DecisionKind::Extend), "and this is no extension");
    harness.second(World { errors: 50, ..HEALTHY });
    assert_eq!(harness.machine.phase(), Phase::RollingBack);
}
