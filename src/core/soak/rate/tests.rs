use super::*;
use crate::config::{Baseline, Method, Ratio};
use crate::core::detect::{Reading, Requests};
use crate::core::soak::{Check, Judging, Now, Sample};
use crate::model::{CheckId, Verdict};

const fn now(at_ms: u64) -> Now {
    Now { at_ms, run_wall_ms: 0, patience_ms: 10_000, judging: Judging::Everything }
}

fn check() -> RateCheck {
    let settings = ErrorRateSettings {
        threshold: Ratio(0.05),
        min_requests: 20,
        method: Method::Evidence,
        false_alarm: Ratio(0.01),
        baseline: Baseline::Off,
        metered: Some("http://prometheus".to_owned()),
        required: true,
    };
    let mut check = RateCheck::new(CheckId::ErrorRate, settings, 60_000, 1_000, vec!["http://prometheus".to_owned()]);
    check.read(&now(0), 0, &Sample::Good(Reading::default()));
    check.tick(&now(0), 0);
    check.begin(&now(0));
    check.restart(&now(0));
    check
}

fn counted(check: &mut RateCheck, at_ms: u64, total: u64) {
    check.read(&now(at_ms), 0, &Sample::Good(Reading { total, ..Reading::default() }));
    check.tick(&now(at_ms), 0);
}

#[test]
fn a_source_with_nothing_new_between_its_scrapes_is_neither_blind_nor_missing_ticks() {
    let mut check = check();
    for second in 1..=60 {
        if second % 15 == 0 {
            counted(&mut check, second * 1_000, second * 20);
        } else {
            check.nothing_new(&now(second * 1_000));
            check.tick(&now(second * 1_000), 0);
            assert_eq!(check.last_tick(), Some((second * 1_000, None)));
        }
        assert_eq!(check.blind(second * 1_000), None);
    }
    let (verdict, message) = check.close(&now(60_000), 0).unwrap();
    assert_eq!((verdict, check.seen().requests), (Verdict::Healthy, 1_200), "{message}");
}

#[test]
fn a_source_that_fails_is_blind_after_three_ticks() {
    let mut check = check();
    for second in 1..=4 {
        check.read(&now(second * 1_000), 0, &Sample::Failed("refused".to_owned()));
        check.tick(&now(second * 1_000), 0);
    }
    assert_eq!(check.blind(4_000), Some((4_000, "http://prometheus: refused".to_owned())));
    check.nothing_new(&now(5_000));
    check.tick(&now(5_000), 0);
    assert_eq!(check.blind(5_000), None);
}

/// A check of one instance without route labels, of which `counted` requests and errors came in a second beside one probe.
fn second(check: &mut RateCheck, page: &mut Reading, counted: TickCounts, probe_failed: bool) {
    let at_ms = page.took_ms * 1_000;
    page.took_ms += 1;
    let asked = page.asked.get_or_insert_default();
    let failed = u64::from(probe_failed);
    asked.scrapes = asked.scrapes.plus(Requests { least: 1, most: 1, failed: 0 });
    asked.probes = asked.probes.plus(Requests { least: 1, most: 1, failed });
    page.total += counted.requests;
    page.errors += counted.errors;
    page.unrouted = Some(TickCounts { requests: page.total, errors: page.errors });
    check.read(&now(at_ms), 0, &Sample::Good(page.clone()));
    check.tick(&now(at_ms), 0);
}

#[test]
fn failing_probes_breach_nothing_and_retain_nothing() {
    let (mut check, mut page) = (check(), Reading::default());
    for _ in 0..60 {
        second(&mut check, &mut page, TickCounts { requests: 2, errors: 1 }, true);
    }
    assert_eq!(check.breach(false), None);
    assert_eq!(check.recent_at_best().errors, 0);
    let (verdict, why) = check.close(&now(60_000), 0).unwrap();
    assert_eq!(verdict, Verdict::Unknown, "{why}");
    assert!(why.contains("119 of the 120 counted requests may be probes and scrapes of this monitor"), "{why}");
}

#[test]
fn failures_of_users_breach_whatever_is_counted_beside_them() {
    let (mut check, mut page) = (check(), Reading::default());
    for _ in 0..30 {
        second(&mut check, &mut page, TickCounts { requests: 12, errors: 5 }, false);
    }
    assert!(check.breach(false).unwrap().contains("requests failed"));
}

#[test]
fn the_judgement_of_a_case_that_is_ruled_out_is_dropped() {
    let (mut check, mut page) = (check(), Reading::default());
    for _ in 0..60 {
        second(&mut check, &mut page, TickCounts { requests: 2, errors: 0 }, false);
    }
    assert_eq!(check.close(&now(60_000), 0).unwrap().0, Verdict::Unknown);
    assert!(check.wants_trial() || check.wants_trial(), "it is tried at every other tick");
    for _ in 0..3 {
        second(&mut check, &mut page, TickCounts { requests: 1, errors: 0 }, false);
        for _ in 0..5 {
            page.asked.as_mut().unwrap().probes.least += 1;
            page.asked.as_mut().unwrap().probes.most += 1;
        }
    }
    second(&mut check, &mut page, TickCounts { requests: 1, errors: 0 }, false);
    // That scrapes alone are counted is still possible.
    let (verdict, why) = check.close(&now(64_000), 0).unwrap();
    assert_eq!((verdict, check.seen().requests), (Verdict::Healthy, 61), "{why}");
}
