//! Latency before the switch: what it excuses, and a histogram that nothing can be judged by.

use super::harness::{HEALTHY, Harness, SLOW, WALL, World, settings};
use crate::config::{Baseline, Excuse, Method, OnSharedCause, Ratio};
use crate::core::detect::{Buckets, Latency, Reading};
use crate::core::soak::{Effect, Event, LatencySettings, Origin, Readiness, Sample, Settings, SwitchResult};
use crate::model::{Cause, CheckId, Color, DecisionKind, Outcome, Phase, Verdict};

/// One request in twenty may be slow, or as many as before.
fn excusing() -> Settings {
    let latency = LatencySettings {
        threshold_ms: 500.0,
        quantile: Ratio(0.95),
        excuse: Excuse::Previous,
        near: true,
        metered: None,
        required: true,
    };
    Settings { latency: Some(latency), ..settings() }
}

fn switching() -> Settings {
    Settings { origin: Origin::Switch { gate_ms: 15_000, soak: true }, last_switch: None, ..excusing() }
}

/// Switched after a look at a previous color like this.
fn switched(settings: Settings, old: World) -> Harness {
    let mut harness = Harness::new(settings);
    for _ in 0..12 {
        harness.sample(Color::Blue, 0, old);
        harness.second(HEALTHY);
    }
    assert_eq!(harness.machine.phase(), Phase::Switching);
    harness.switch_done(SwitchResult::Switched { last_switch: Some(WALL) });
    harness
}

#[test]
fn a_release_that_is_no_slower_than_the_previous_color_is_kept_and_one_that_is_slower_is_not() {
    let mut same = switched(switching(), SLOW);
    let told = "limit 25% instead of 5%: 100/500 requests took longer than 500ms (20%) on the previous color before the \
                switch";
    let start = same.message(DecisionKind::SoakStart);
    assert!(start.contains(&format!("p95 at most 500ms ({told})")), "{start}");
    assert_eq!(same.message(DecisionKind::Observe), format!("latency: {told} (checks.latency.excuse)"));
    same.seconds(30, SLOW);
    let latency = same.machine.checks().into_iter().find(|seen| seen.check == CheckId::Latency).unwrap();
    assert!(latency.message.ends_with(told), "in every line: {}", latency.message);
    let ending = same.until_over(70, SLOW);
    assert_eq!(ending.outcome, Outcome::Retained, "{}", ending.reason);
    assert!(ending.reason.contains(told), "{}", ending.reason);

    let mut slower = switched(switching(), SLOW);
    slower.seconds(30, World { slow: 25, ..HEALTHY });
    assert_eq!(slower.machine.phase(), Phase::RollingBack);

    let mut fast = switched(switching(), HEALTHY);
    fast.seconds(10, SLOW);
    assert_eq!(fast.machine.phase(), Phase::RollingBack, "nothing was slow before");
    assert!(!fast.message(DecisionKind::SoakStart).contains("limit"));
}

#[test]
fn without_the_excuse_only_the_threshold_counts() {
    let mut settings = switching();
    settings.latency.as_mut().unwrap().excuse = Excuse::None;
    settings.error_rate.method = Method::Evidence;
    let mut harness = switched(settings, SLOW);
    harness.seconds(20, SLOW);
    assert_eq!(harness.machine.phase(), Phase::RollingBack);
}

#[test]
fn the_previous_color_is_looked_at_for_latency_alone_where_errors_are_not_compared() {
    let mut off = switching();
    off.error_rate.baseline = Baseline::Off;
    let mut harness = switched(off, SLOW);
    assert_eq!(harness.machine.baseline(), None, "errors are not");
    harness.seconds(5, World { requests: 0, slow: 0, ..HEALTHY });
    assert!(harness.message(DecisionKind::Observe).starts_with("latency: limit 25%"));
}

#[test]
fn a_soak_of_what_is_live_asks_the_previous_color_what_was_slow_in_its_life() {
    let mut harness = Harness::new(Settings { on_shared_cause: OnSharedCause::Rollback, ..excusing() });
    assert!(harness.machine.wants_previous_latency() && !harness.machine.compares_with_standby());
    let before = World { requests: 9_000, slow: 2_200, ..HEALTHY };
    harness.sample(Color::Blue, 0, before);
    harness.second(SLOW);
    assert!(!harness.machine.wants_previous_latency());
    let told = harness.message(DecisionKind::Observe);
    assert!(told.contains("on the previous color since it started"), "{told}");
    let ending = harness.until_over(70, SLOW);
    assert_eq!(ending.outcome, Outcome::Retained, "{}", ending.reason);
}

#[test]
fn nothing_is_rolled_back_for_latency_before_the_previous_color_had_its_time_to_answer() {
    let mut harness = Harness::new(excusing());
    harness.seconds(9, World { slow: 50, ..HEALTHY });
    assert_eq!(harness.machine.phase(), Phase::Watching);
    let latency = harness.machine.checks().into_iter().find(|seen| seen.check == CheckId::Latency).unwrap();
    assert_eq!(latency.verdict, Verdict::Unknown);
    assert!(latency.message.contains("what was slow before the switch is not known yet"), "{}", latency.message);
    harness.seconds(3, World { slow: 50, ..HEALTHY });
    assert_eq!(harness.machine.phase(), Phase::RollingBack, "a previous color that is gone excuses nothing");
}

#[test]
fn a_replay_excuses_the_same() {
    let mut harness = switched(switching(), SLOW);
    harness.seconds(70, SLOW);
    let mut again = Harness::new(switching());
    for envelope in harness.log.iter().skip(1) {
        again.at = envelope.at_ms;
        again.feed(envelope.event.clone());
    }
    assert_eq!(again.machine.ending(), harness.machine.ending());
    assert_eq!(again.effects, harness.effects);
}

/// A page whose histogram has these bounds.
fn with_bounds(harness: &mut Harness, color: Color, bounds_ms: &[f64], total: u64) {
    let counts = vec![total; bounds_ms.len() + 1];
    let latency = Some(Latency::Buckets(Buckets { bounds_ms: bounds_ms.to_vec(), counts }));
    let histogram = Some("request_seconds".into());
    let reading = Reading { total, histogram, latency, ..Reading::default() };
    for instance in 0..if color == Color::Green { 2 } else { 1 } {
        harness.feed(Event::Sampled { color, instance, outcome: Sample::Good(reading.clone()) });
    }
}

fn ready(harness: &mut Harness) {
    for instance in 0..2 {
        harness.feed(Event::Probed { instance, answer: Readiness::Ready });
    }
}

#[test]
fn a_target_whose_histogram_has_no_bucket_near_the_threshold_is_refused_before_traffic_moves() {
    let mut harness = Harness::new(switching());
    with_bounds(&mut harness, Color::Green, &[0.0, 5_000.0, 10_000.0], 0);
    ready(&mut harness);
    let ending = harness.machine.ending().unwrap().clone();
    assert_eq!((ending.outcome, ending.cause, ending.exit_code()), (Outcome::Refused, Cause::Configuration, 2));
    assert!(!harness.has(&Effect::Switch));
    assert!(
        ending.reason.contains("`request_seconds` has no bucket between 250ms and 1s; its bounds are 0ms, 5s, 10s"),
        "{}",
        ending.reason
    );
    assert!(harness.message(DecisionKind::SwitchRefused).contains("traffic stays on blue"));
}

#[test]
fn the_previous_colors_buckets_refuse_nothing_nor_do_those_of_a_check_that_is_not_required() {
    let mut harness = Harness::new(switching());
    with_bounds(&mut harness, Color::Blue, &[5_000.0], 1_000);
    with_bounds(&mut harness, Color::Green, &[500.0], 0);
    ready(&mut harness);
    assert_eq!(harness.machine.phase(), Phase::Baseline);

    let mut optional = switching();
    optional.latency.as_mut().unwrap().required = false;
    let mut harness = Harness::new(optional);
    with_bounds(&mut harness, Color::Green, &[5_000.0], 0);
    ready(&mut harness);
    assert_eq!(harness.machine.phase(), Phase::Baseline);

    let mut unwatched = switching();
    unwatched.origin = Origin::Switch { gate_ms: 15_000, soak: false };
    let mut harness = Harness::new(unwatched);
    with_bounds(&mut harness, Color::Green, &[5_000.0], 0);
    ready(&mut harness);
    assert!(harness.has(&Effect::Switch), "nothing will be judged");
}

#[test]
fn a_soak_holds_latency_unknown_loudly_and_watches_everything_else() {
    let mut harness = Harness::new(excusing());
    for second in 1..=100 {
        harness.at = second * 1_000;
        ready(&mut harness);
        harness.feed(Event::StandbyProbed { instance: 0, answer: Readiness::Ready });
        with_bounds(&mut harness, Color::Green, &[0.0, 5_000.0], second * 50);
        harness.feed(Event::Tick { skipped: 0 });
    }
    let told = harness.decisions().into_iter().filter(|told| told.message.starts_with("LATENCY IS NOT JUDGED"));
    let told: Vec<_> = told.map(|told| told.message.clone()).collect();
    let [once] = &told[..] else { panic!("{told:?}") };
    assert!(once.contains("no bucket between 250ms and 1s; its bounds are 0ms, 5s"), "{once}");
    assert!(once.ends_with("; everything else is watched"), "{once}");
    let ending = harness.machine.ending().unwrap();
    assert_eq!((ending.outcome, ending.exit_code()), (Outcome::Inconclusive, 6));
    assert!(ending.reason.starts_with("latency: http://green-1: `request_seconds` has no bucket"), "{}", ending.reason);
}

#[test]
fn what_is_judged_is_told_once_it_is_known() {
    let mut harness = Harness::new(excusing());
    assert!(!harness.message(DecisionKind::SoakStart).contains("judged at"), "nothing was read yet");
    for second in 1..=3 {
        harness.at = second * 1_000;
        with_bounds(&mut harness, Color::Green, &[300.0, 2_000.0], second * 50);
        harness.feed(Event::Tick { skipped: 0 });
    }
    assert_eq!(
        harness.message(DecisionKind::Observe),
        "latency is judged: p95 at most 500ms (judged at 300ms, the nearest bucket bound) by `request_seconds`"
    );
}
