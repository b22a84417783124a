//! A soak that also judges how long requests take.

use super::harness::{FAILING, HEALTHY, Harness, SLOW, World, resumption, settings};
use crate::config::{Excuse, Ratio};
use crate::core::soak::{LatencySettings, RollbackResult, Settings};
use crate::model::{CheckId, DecisionKind, Outcome, Phase, Verdict};

fn judging(required: bool) -> Settings {
    let latency = LatencySettings {
        threshold_ms: 500.0,
        quantile: Ratio(0.95),
        excuse: Excuse::None,
        near: true,
        metered: None,
        required,
    };
    Settings { latency: Some(latency), ..settings() }
}

#[test]
fn a_release_that_is_fast_and_does_not_fail_is_retained_with_both_numbers() {
    let mut harness = Harness::new(judging(true));
    assert!(harness.message(DecisionKind::SoakStart).contains("error rate at most 5%, p95 at most 500ms, readiness"));
    let ending = harness.until_over(70, HEALTHY);
    assert_eq!(ending.outcome, Outcome::Retained);
    assert!(ending.reason.contains("0 of 5,900 requests failed (0%)"), "{}", ending.reason);
    assert!(ending.reason.contains("0 of 5,900 requests took longer than 500ms (0%)"), "{}", ending.reason);
}

#[test]
fn a_slow_release_is_rolled_back_although_nothing_fails() {
    let mut harness = Harness::new(judging(true));
    harness.seconds(8, SLOW);
    assert_eq!(harness.machine.phase(), Phase::RollingBack);
    let breach = harness.decisions().into_iter().find(|told| told.decision == DecisionKind::Breach).unwrap().clone();
    assert_eq!((breach.check.clone(), breach.threshold), (Some(CheckId::Latency), Some(0.5)));
    assert!(breach.errors > Some(0) && breach.requests > breach.errors && breach.value > Some(0.5), "{breach:?}");
    harness.rollback_done(1, RollbackResult::Back);
    let ending = harness.until_over(20, HEALTHY);
    assert_eq!((ending.outcome, ending.exit_code()), (Outcome::RolledBack, 3));
    assert!(ending.reason.starts_with("latency: "), "{}", ending.reason);
    let told = harness.message(DecisionKind::Recovered);
    assert!(
        told.starts_with("recovered: blue after the rollback: 0 of 450 requests took longer than 500ms (0%)"),
        "{told}"
    );
    assert!(told.contains("; green before it: ") && told.ends_with("requests took longer than 500ms (20%)"), "{told}");
}

#[test]
fn a_previous_color_that_is_as_slow_did_not_help() {
    let mut harness = Harness::new(judging(true));
    harness.seconds(8, SLOW);
    harness.rollback_done(1, RollbackResult::Back);
    let ending = harness.until_over(20, SLOW);
    assert!(ending.reason.contains("the rollback did not help: blue after the rollback: "), "{}", ending.reason);
    assert_eq!(harness.machine.summary().unwrap().recovered, Some(false));
}

#[test]
fn where_it_is_not_required_it_is_told_and_nothing_more() {
    let mut harness = Harness::new(judging(false));
    let ending = harness.until_over(70, SLOW);
    assert_eq!(ending.outcome, Outcome::Retained);
    let told = harness.message(DecisionKind::Observe);
    assert!(told.starts_with("latency breached, which is not required: "), "{told}");
}

#[test]
fn without_a_histogram_nothing_is_retained() {
    let mut harness = Harness::new(judging(true));
    let mut none = judging(true);
    none.latency = None;
    // The pages of a service without one.
    let mut pages = Harness::new(none);
    for _ in 0..70 {
        pages.second(HEALTHY);
    }
    for envelope in pages.log.into_iter().skip(1) {
        harness.at = envelope.at_ms;
        harness.feed(envelope.event);
    }
    let latency = harness.machine.checks().into_iter().find(|seen| seen.check == CheckId::Latency).unwrap();
    assert_eq!((latency.verdict, harness.machine.verdict()), (Verdict::Unknown, Verdict::Unknown));
}

#[test]
fn the_warmup_forgives_slow_answers_and_the_window_does_not() {
    let mut harness = Harness::new(Settings { warmup_ms: 20_000, ..judging(true) });
    harness.seconds(19, SLOW);
    assert_eq!((harness.machine.phase(), harness.machine.verdict()), (Phase::Warmup, Verdict::Unknown));
    harness.seconds(10, SLOW);
    assert_eq!(harness.machine.phase(), Phase::RollingBack);
}

#[test]
fn a_resumed_soak_goes_on_with_what_it_knew() {
    let mut harness = Harness::new(judging(true));
    harness.seconds(2, SLOW);
    let mut resumed = harness.resumed(harness.log.len(), 4_000, resumption());
    resumed.seconds(6, SLOW);
    assert_eq!(resumed.machine.phase(), Phase::RollingBack);
    assert!(resumed.message(DecisionKind::Breach).starts_with("latency breached"));
}

#[test]
fn failures_come_before_slowness() {
    let mut harness = Harness::new(judging(true));
    harness.seconds(8, World { slow: 10, ..FAILING });
    assert!(harness.message(DecisionKind::Breach).starts_with("error-rate breached"));
}
