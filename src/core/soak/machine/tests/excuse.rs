//! Latency before the switch: what it excuses, and a histogram that nothing can be judged by.

use super::bench::{Bench, HEALTHY, SLOW, WALL, World, settings};
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
fn switched(settings: Settings, old: World) -> Bench {
    let mut bench = Bench::new(settings);
    for _ in 0..12 {
        bench.sample(Color::Blue, 0, old);
        bench.second(HEALTHY);
    }
    assert_eq!(bench.machine.phase(), Phase::Switching);
    bench.switch_done(SwitchResult::Switched { last_switch: Some(WALL) });
    bench
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
    let mut bench = switched(settings, SLOW);
    bench.seconds(20, SLOW);
    assert_eq!(bench.machine.phase(), Phase::RollingBack);
}

#[test]
fn the_previous_color_is_looked_at_for_latency_alone_where_errors_are_not_compared() {
    let mut off = switching();
    off.error_rate.baseline = Baseline::Off;
    let mut bench = switched(off, SLOW);
    assert_eq!(bench.machine.baseline(), None, "errors are not");
    bench.seconds(5, World { requests: 0, slow: 0, ..HEALTHY });
    assert!(bench.message(DecisionKind::Observe).starts_with("latency: limit 25%"));
}

#[test]
fn a_soak_of_what_is_live_asks_the_previous_color_what_was_slow_in_its_life() {
    let mut bench = Bench::new(Settings { on_shared_cause: OnSharedCause::Rollback, ..excusing() });
    assert!(bench.machine.wants_previous_latency() && !bench.machine.compares_with_standby());
    let before = World { requests: 9_000, slow: 2_200, ..HEALTHY };
    bench.sample(Color::Blue, 0, before);
    bench.second(SLOW);
    assert!(!bench.machine.wants_previous_latency());
    let told = bench.message(DecisionKind::Observe);
    assert!(told.contains("on the previous color since it started"), "{told}");
    let ending = bench.until_over(70, SLOW);
    assert_eq!(ending.outcome, Outcome::Retained, "{}", ending.reason);
}

#[test]
fn nothing_is_rolled_back_for_latency_before_the_previous_color_had_its_time_to_answer() {
    let mut bench = Bench::new(excusing());
    bench.seconds(9, World { slow: 50, ..HEALTHY });
    assert_eq!(bench.machine.phase(), Phase::Watching);
    let latency = bench.machine.checks().into_iter().find(|seen| seen.check == CheckId::Latency).unwrap();
    assert_eq!(latency.verdict, Verdict::Unknown);
    assert!(latency.message.contains("what was slow before the switch is not known yet"), "{}", latency.message);
    bench.seconds(3, World { slow: 50, ..HEALTHY });
    assert_eq!(bench.machine.phase(), Phase::RollingBack, "a previous color that is gone excuses nothing");
}

#[test]
fn a_replay_excuses_the_same() {
    let mut bench = switched(switching(), SLOW);
    bench.seconds(70, SLOW);
    let mut again = Bench::new(switching());
    for envelope in bench.log.iter().skip(1) {
        again.at = envelope.at_ms;
        again.feed(envelope.event.clone());
    }
    assert_eq!(again.machine.ending(), bench.machine.ending());
    assert_eq!(again.effects, bench.effects);
}

/// A page whose histogram has these bounds.
fn with_bounds(bench: &mut Bench, color: Color, bounds_ms: &[f64], total: u64) {
    let counts = vec![total; bounds_ms.len() + 1];
    let latency = Some(Latency::Buckets(Buckets { bounds_ms: bounds_ms.to_vec(), counts }));
    let histogram = Some("request_seconds".to_owned());
    let reading = Reading { total, histogram, latency, ..Reading::default() };
    for instance in 0..if color == Color::Green { 2 } else { 1 } {
        bench.feed(Event::Sampled { color, instance, outcome: Sample::Good(reading.clone()) });
    }
}

fn ready(bench: &mut Bench) {
    for instance in 0..2 {
        bench.feed(Event::Probed { instance, answer: Readiness::Ready });
    }
}

#[test]
fn a_target_whose_histogram_has_no_bucket_near_the_threshold_is_refused_before_traffic_moves() {
    let mut bench = Bench::new(switching());
    with_bounds(&mut bench, Color::Green, &[0.0, 5_000.0, 10_000.0], 0);
    ready(&mut bench);
    let ending = bench.machine.ending().unwrap().clone();
    assert_eq!((ending.outcome, ending.cause, ending.exit_code()), (Outcome::Refused, Cause::Configuration, 2));
    assert!(!bench.has(&Effect::Switch));
    assert!(
        ending.reason.contains("`request_seconds` has no bucket between 250ms and 1s; its bounds are 0ms, 5s, 10s"),
        "{}",
        ending.reason
    );
    assert!(bench.message(DecisionKind::SwitchRefused).contains("traffic stays on blue"));
}

#[test]
fn the_previous_colors_buckets_refuse_nothing_nor_do_those_of_a_check_that_is_not_required() {
    let mut bench = Bench::new(switching());
    with_bounds(&mut bench, Color::Blue, &[5_000.0], 1_000);
    with_bounds(&mut bench, Color::Green, &[500.0], 0);
    ready(&mut bench);
    assert_eq!(bench.machine.phase(), Phase::Baseline);

    let mut optional = switching();
    optional.latency.as_mut().unwrap().required = false;
    let mut bench = Bench::new(optional);
    with_bounds(&mut bench, Color::Green, &[5_000.0], 0);
    ready(&mut bench);
    assert_eq!(bench.machine.phase(), Phase::Baseline);

    let mut unwatched = switching();
    unwatched.origin = Origin::Switch { gate_ms: 15_000, soak: false };
    let mut bench = Bench::new(unwatched);
    with_bounds(&mut bench, Color::Green, &[5_000.0], 0);
    ready(&mut bench);
    assert!(bench.has(&Effect::Switch), "nothing will be judged");
}

#[test]
fn a_soak_holds_latency_unknown_loudly_and_watches_everything_else() {
    let mut bench = Bench::new(excusing());
    for second in 1..=100 {
        bench.at = second * 1_000;
        ready(&mut bench);
        bench.feed(Event::StandbyProbed { instance: 0, answer: Readiness::Ready });
        with_bounds(&mut bench, Color::Green, &[0.0, 5_000.0], second * 50);
        bench.feed(Event::Tick { skipped: 0 });
    }
    let told = bench.decisions().into_iter().filter(|told| told.message.starts_with("LATENCY IS NOT JUDGED"));
    let told: Vec<_> = told.map(|told| told.message.clone()).collect();
    let [once] = &told[..] else { panic!("{told:?}") };
    assert!(once.contains("no bucket between 250ms and 1s; its bounds are 0ms, 5s"), "{once}");
    assert!(once.ends_with("; everything else is watched"), "{once}");
    let ending = bench.machine.ending().unwrap();
    assert_eq!((ending.outcome, ending.exit_code()), (Outcome::Inconclusive, 6));
    assert!(ending.reason.starts_with("latency: http://green-1: `request_seconds` has no bucket"), "{}", ending.reason);
}

#[test]
fn what_is_judged_is_told_once_it_is_known() {
    let mut bench = Bench::new(excusing());
    assert!(!bench.message(DecisionKind::SoakStart).contains("judged at"), "nothing was read yet");
    for second in 1..=3 {
        bench.at = second * 1_000;
        with_bounds(&mut bench, Color::Green, &[300.0, 2_000.0], second * 50);
        bench.feed(Event::Tick { skipped: 0 });
    }
    assert_eq!(
        bench.message(DecisionKind::Observe),
        "latency is judged: p95 at most 500ms (judged at 300ms, the nearest bucket bound) by `request_seconds`"
    );
}
