use super::*;
use crate::config::Method;
use crate::core::soak::Judging;

const BOUNDS: [f64; 4] = [100.0, 250.0, 500.0, 1000.0];
const WALL: i64 = 1_795_476_145_183;

const fn now(at_ms: u64) -> Now {
    Now { at_ms, run_wall_ms: WALL, patience_ms: 10_000, judging: Judging::Everything }
}

fn check(threshold_ms: f64, instances: usize) -> LatencyCheck {
    let error_rate = ErrorRateSettings {
        threshold: Ratio(0.05),
        min_requests: 20,
        method: Method::Evidence,
        false_alarm: Ratio(0.01),
        baseline: Baseline::Warn,
        metered: None,
        required: true,
    };
    let settings = LatencySettings {
        threshold_ms,
        quantile: Ratio(0.99),
        excuse: Excuse::None,
        near: true,
        metered: None,
        required: true,
    };
    let names = (0..instances).map(|at| format!("http://green-{at}")).collect();
    LatencyCheck::new(settings, &error_rate, 60_000, 1_000, names, 1)
}

/// A page of a process that has answered so many requests in 80ms and so many in 700ms.
fn page(fast: u64, slow: u64) -> Sample {
    let counts = vec![fast, fast, fast, fast + slow, fast + slow];
    sample(Latency::Buckets(Buckets { bounds_ms: BOUNDS.to_vec(), counts }))
}

fn sample(latency: Latency) -> Sample {
    Sample::Good(Reading { latency: Some(latency), started_ms: Some(WALL - 1_000), ..Reading::default() })
}

/// A watch of so many seconds, each with so many requests of which every nth is slow.
fn watch(check: &mut LatencyCheck, seconds: u64, a_second: u64, every: Option<u64>) {
    check.read(&now(0), 0, &page(0, 0));
    check.begin(&now(0));
    for second in 1..=seconds {
        let all = second * a_second;
        let slow = every.map_or(0, |every| all / every);
        check.read(&now(second * 1_000), 0, &page(all - slow, slow));
        check.tick(&now(second * 1_000), 0);
    }
}

#[test]
fn a_fast_release_is_healthy_and_a_slow_one_is_breached() {
    let mut fast = check(500.0, 1);
    watch(&mut fast, 60, 50, Some(1_000));
    let (verdict, message) = fast.close(&now(60_000), 0).unwrap();
    assert_eq!(verdict, Verdict::Healthy, "{message}");
    assert!(message.starts_with("3 of 3,000 requests took longer than 500ms (0.1%) since the switch"), "{message}");
    assert!(message.ends_with("; p99 now 99.2ms"), "{message}");

    let mut slow = check(500.0, 1);
    watch(&mut slow, 6, 50, Some(10));
    let seen = slow.observe(&now(6_000));
    assert_eq!((seen.verdict, seen.check.as_str(), seen.errors), (Verdict::Breached, "latency", 30));
    assert!(seen.message.contains("requests took longer than 500ms"), "{}", seen.message);
    assert!(seen.message.contains("against a rate of 1% or less"), "{}", seen.message);
    let (value, threshold) = (seen.value.unwrap(), seen.threshold);
    assert!((value - 0.95).abs() < 1e-9 && (threshold - 0.5).abs() < 1e-9, "seconds: {value} {threshold}");
}

#[test]
fn few_requests_clear_nothing_and_condemn_nobody_by_chance() {
    let mut few = check(500.0, 1);
    watch(&mut few, 60, 1, Some(30));
    let (verdict, message) = few.close(&now(60_000), 0).unwrap();
    assert_eq!(verdict, Verdict::Unknown, "two slow ones of 60 are no proof: {message}");
    assert!(message.contains("299 requests are needed to clear 1%"), "{message}");
}

#[test]
fn the_nearest_bound_judges_and_is_named() {
    let mut between = check(700.0, 1);
    watch(&mut between, 2, 50, None);
    assert_eq!(between.describe(), "p99 at most 700ms (judged at 500ms, the nearest bucket bound)");
    assert!(between.observe(&now(2_000)).message.contains("took longer than 500ms"));
    assert_eq!(check(500.0, 1).describe(), "p99 at most 500ms");
    let mut above = check(60.0, 1);
    watch(&mut above, 2, 50, None);
    assert_eq!(above.describe(), "p99 at most 60ms (judged at 100ms, the nearest bucket bound)");
}

#[test]
fn a_threshold_far_from_every_bound_is_not_known_and_never_judged() {
    for (threshold_ms, expected) in [(40.0, "no bucket between 20ms and 80ms"), (5_000.0, "between 2.5s and 10s")] {
        let mut far = check(threshold_ms, 1);
        watch(&mut far, 60, 50, Some(1));
        let (verdict, message) = far.close(&now(60_000), 0).unwrap();
        assert_eq!(verdict, Verdict::Unknown);
        assert!(message.contains(expected), "{message}");
        assert!(message.ends_with("its bounds are 100ms, 250ms, 500ms, 1s"), "{message}");
        assert_eq!(far.unfit().unwrap(), message);
    }
}

#[test]
fn recordings_from_before_are_judged_by_the_next_bound_below_however_far() {
    let mut old = check(5_000.0, 1);
    old.settings.near = false;
    watch(&mut old, 6, 50, Some(2));
    assert_eq!(old.bound_ms, Some(1_000.0));
    assert_eq!(old.unfit(), None);
}

#[test]
fn a_page_without_a_histogram_is_not_known_and_says_why() {
    let mut none = check(500.0, 1);
    none.begin(&now(0));
    let unknown = || sample(Latency::Unknown("no known latency histogram on the page".to_owned()));
    for second in 1..=60 {
        none.read(&now(second * 1_000), 0, &unknown());
        none.tick(&now(second * 1_000), 0);
    }
    let (verdict, message) = none.close(&now(60_000), 0).unwrap();
    assert_eq!(verdict, Verdict::Unknown);
    assert!(message.contains("no known latency histogram on the page"), "{message}");

    // What it shows first was counted since.
    none.read(&now(61_000), 0, &page(100, 0));
    none.tick(&now(61_000), 0);
    assert_eq!(none.observe(&now(61_000)).requests, 100);
    // One that had it and cannot show it any more is blind, not at zero.
    none.read(&now(62_000), 0, &unknown());
    none.tick(&now(62_000), 0);
    let message = none.observe(&now(80_000)).message;
    assert!(message.starts_with("no metrics of http://green-0 for "), "{message}");
}

#[test]
fn instances_are_judged_together_and_a_restart_is_no_step_back() {
    let mut two = check(500.0, 2);
    for instance in 0..2 {
        two.read(&now(0), instance, &page(1_000, 0));
    }
    two.begin(&now(0));
    two.read(&now(1_000), 0, &page(1_060, 0));
    two.read(&now(1_000), 1, &page(1_038, 2));
    two.tick(&now(1_000), 0);
    let seen = two.observe(&now(1_000));
    assert_eq!((seen.requests, seen.errors), (100, 2));
    // 98 of 100 took 80ms, so the slowest of the hundred are between 500 and 1,000ms.
    assert!((seen.value.unwrap() - 0.75).abs() < 1e-9, "{seen:?}");

    let restarted = |counts: Vec<u64>| {
        let latency = Some(Latency::Buckets(Buckets { bounds_ms: BOUNDS.to_vec(), counts }));
        Sample::Good(Reading { latency, started_ms: Some(WALL + 1_500), ..Reading::default() })
    };
    two.read(&now(2_000), 0, &restarted(vec![10; 5]));
    two.read(&now(2_000), 1, &page(1_038, 2));
    two.tick(&now(2_000), 0);
    assert_eq!(two.observe(&now(2_000)).requests, 110);
}

#[test]
fn after_a_resume_the_counts_go_on_and_ten_seconds_later_the_quantile_is_of_now() {
    let mut resumed = check(500.0, 1);
    watch(&mut resumed, 3, 50, Some(10));
    resumed.resume(&now(20_000), &["http://green-0".to_owned()]);
    resumed.read(&now(20_000), 0, &page(335, 15));
    resumed.tick(&now(20_000), 0);
    let seen = resumed.observe(&now(20_000));
    assert_eq!((seen.requests, seen.errors), (350, 15));
    assert_eq!(seen.value, None, "nothing can be told of the last ten seconds yet");
    resumed.read(&now(21_000), 0, &page(385, 15));
    resumed.tick(&now(21_000), 0);
    assert!(resumed.observe(&now(21_000)).value.unwrap() < 0.1);
}

#[test]
fn another_histogram_than_before_makes_nobody_slow_and_is_told() {
    let by = |histogram: &str, fast, slow| match page(fast, slow) {
        Sample::Good(reading) => Sample::Good(Reading { histogram: Some(histogram.into()), ..reading }),
        failed @ Sample::Failed(_) => failed,
    };
    let mut check = check(500.0, 1);
    check.read(&now(0), 0, &by("a_seconds", 1_000, 0));
    check.begin(&now(0));
    let told = |check: &LatencyCheck| {
        let told = check.measuring(crate::model::Color::Green);
        told.into_iter().map(|told| told.sentence).collect::<Vec<_>>()
    };
    assert_eq!(told(&check), ["latency on green is measured by `a_seconds`"]);
    check.read(&now(1_000), 0, &by("a_seconds", 1_100, 0));
    check.read(&now(2_000), 0, &by("b_seconds", 9_000, 4_000));
    check.tick(&now(2_000), 0);
    assert_eq!(check.seen(), TickCounts { requests: 100, errors: 0 });
    check.read(&now(3_000), 0, &by("b_seconds", 9_050, 4_010));
    check.tick(&now(3_000), 0);
    assert_eq!(check.seen(), TickCounts { requests: 160, errors: 10 });
    assert_eq!(told(&check), ["latency on green is measured by `b_seconds`"]);
}

#[test]
fn a_page_that_never_will_have_a_histogram_is_told_before_any_traffic() {
    let mut none = check(500.0, 1);
    none.read(&now(0), 0, &sample(Latency::Unknown("`x` has no requests yet".to_owned())));
    assert_eq!(none.missing(), None, "it may come");
    none.read(&now(0), 0, &sample(Latency::Missing("`x` is a summary".to_owned())));
    assert_eq!(none.missing().as_deref(), Some("http://green-0: `x` is a summary"));
    assert_eq!(none.unjudged(), none.missing());
    none.read(&now(1_000), 0, &page(1, 0));
    assert_eq!((none.missing(), none.unjudged()), (None, None));
}

#[test]
fn the_lowest_bound_of_those_that_are_there_judges() {
    let coarse = || sample(Latency::Buckets(Buckets { bounds_ms: vec![700.0], counts: vec![0, 0] }));
    let both = || {
        let mut check = check(700.0, 2);
        check.read(&now(0), 0, &page(0, 0));
        check.read(&now(0), 1, &coarse());
        check
    };
    let names: Vec<String> = (0..2).map(|at| format!("http://green-{at}")).collect();
    let mut check = both();
    assert_eq!(check.bound_ms, Some(500.0));
    check.come_and_go(&now(1_000), &names, &Changes { joined: vec![], left: vec![0] });
    assert_eq!(check.bound_ms, Some(700.0), "one has left");
    check.come_and_go(&now(2_000), &names, &Changes { joined: vec![1], left: vec![] });
    assert_eq!(check.bound_ms, None, "the other was replaced");
    let mut check = both();
    check.resume(&now(1_000), &names[1..]);
    assert_eq!(check.bound_ms, Some(700.0), "one is no longer configured");
}
