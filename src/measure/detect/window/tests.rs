use super::*;

const SECOND: u64 = 1000;

/// Requests and errors of one tick; `None` for a missing one.
type Tick = Option<(u64, u64)>;

fn detector() -> WindowDetector {
    WindowDetector::new(WindowConfig { threshold: 0.05, min_requests: 20, window_ms: 60 * SECOND })
}

/// Feeds one tick a second, from second 1 on.
fn watch(ticks: impl IntoIterator<Item = Tick>) -> WindowDetector {
    let mut detector = detector();
    for (second, counts) in (1..).zip(ticks) {
        detector.tick(second * SECOND, counts.map(|(requests, errors)| TickCounts { requests, errors }));
    }
    detector
}

#[test]
fn three_ticks_above_the_threshold_breach() {
    let good = [Some((50, 1)); 20];
    for (bad, breached) in [(2, false), (3, true)] {
        let detector = watch(good.into_iter().chain([Some((50, 40)); 3].into_iter().take(bad)));
        assert_eq!(detector.breach().is_some(), breached, "after {bad} bad ticks");
    }
}

#[test]
fn the_breach_names_its_numbers_and_stays() {
    let detector = watch([[Some((100, 13)); 3], [Some((100, 0)); 3]].concat());
    let sentence = "39 of 300 requests failed (13%) in the last 3s, above 5% for 3 ticks in a row";
    assert_eq!(detector.breach(), Some(sentence));
    assert_eq!(detector.close(6 * SECOND), Closing::new(ClosingVerdict::Breached, sentence));
}

#[test]
fn exactly_the_threshold_is_allowed() {
    let detector = watch([Some((100, 5)); 10]);
    assert_eq!(detector.streak(), 0);
    assert_eq!(detector.rate_10s(), Some(0.05));
}

#[test]
fn too_few_requests_in_ten_seconds_never_breach() {
    let detector = watch([Some((1, 1)); 30]);
    assert_eq!(detector.breach(), None);
    assert_eq!(detector.recent().counts().requests, 10);
}

#[test]
fn a_good_tick_ends_the_streak_and_a_missing_one_does_not() {
    let bad = Some((20, 20));
    assert_eq!(watch([bad, bad, None]).streak(), 2);
    assert!(watch([bad, bad, None, bad]).breach().is_some());
    assert_eq!(watch([bad, bad, Some((2000, 0))]).streak(), 0);
}

#[test]
fn ticks_longer_than_ten_seconds_are_judged_each() {
    let mut detector = detector();
    for tick in 1..=3 {
        assert_eq!(detector.breach(), None);
        detector.tick(tick * 30 * SECOND, Some(TickCounts { requests: 40, errors: 20 }));
    }
    assert!(detector.breach().is_some_and(|reason| reason.contains("20 of 40 requests failed (50%) in the last 30s")));
}

#[test]
fn the_end_of_the_window_is_judged() {
    let good = Some((50, 1));
    let bad = Some((50, 50));
    let cases: [(&str, Vec<Tick>, ClosingVerdict, &str); 9] = [
        (
            "all good",
            vec![good; 60],
            ClosingVerdict::Healthy,
            "60 of 3,000 requests failed (2%) since the switch; 10 of 500",
        ),
        ("no tick at all", vec![], ClosingVerdict::InsufficientData, "no request reached the new color"),
        ("no request", vec![Some((0, 0)); 60], ClosingVerdict::InsufficientData, "no request reached the new color"),
        (
            "19 requests",
            [vec![Some((0, 0)); 59], vec![Some((19, 0))]].concat(),
            ClosingVerdict::InsufficientData,
            "0 of 19 requests failed (0%) since the switch; at least 20 are needed",
        ),
        (
            "silence",
            [vec![good; 44], vec![Some((0, 0)); 16]].concat(),
            ClosingVerdict::InsufficientData,
            "no traffic for the last 16s; before that 44 of 2,200 requests failed (2%)",
        ),
        (
            "silence that is short enough",
            [vec![good; 45], vec![Some((0, 0)); 15]].concat(),
            ClosingVerdict::Healthy,
            "45 of 2,250 requests failed (2%) since the switch",
        ),
        (
            "blind",
            [vec![None; 31], vec![good; 29]].concat(),
            ClosingVerdict::Inconclusive,
            "31 of 60 ticks are missing; 29 of 1,450",
        ),
        (
            "a streak that is still running",
            [vec![good; 58], vec![bad; 2]].concat(),
            ClosingVerdict::Inconclusive,
            "108 of 500 requests failed (21.6%) in the last 10s, above 5% for 2 of 3 ticks; 158 of 3,000",
        ),
        (
            "failures that are too few to judge",
            [vec![good; 40], vec![Some((0, 0)); 10], vec![Some((1, 1)); 10]].concat(),
            ClosingVerdict::Inconclusive,
            "10 of 10 requests failed (100%) in the last 10s, limit 5%",
        ),
    ];
    for (what, ticks, verdict, reason) in cases {
        let closing = watch(ticks).close(60 * SECOND);
        assert_eq!(closing.verdict, verdict, "{what}: {}", closing.reason);
        assert!(closing.reason.contains(reason), "{what}: {}", closing.reason);
    }
}

#[test]
fn ticks_that_never_ran_count_as_missing() {
    let mut detector = watch([Some((50, 0)); 30]);
    assert_eq!(detector.close(30 * SECOND).verdict, ClosingVerdict::Healthy);
    detector.skip(31);
    detector.tick(61 * SECOND, Some(TickCounts { requests: 50, errors: 0 }));
    assert_eq!(detector.close(61 * SECOND).verdict, ClosingVerdict::Healthy, "31 of 62 is not more than half");
    detector.skip(2);
    assert_eq!(detector.close(62 * SECOND).verdict, ClosingVerdict::Inconclusive);
}

#[test]
fn a_saved_detector_goes_on_as_if_nothing_had_happened() {
    let mut live = watch([Some((50, 9)), None, Some((40, 0)), Some((30, 8))]);
    let mut resumed: WindowDetector = serde_json::from_str(&serde_json::to_string(&live).unwrap()).unwrap();
    for detector in [&mut live, &mut resumed] {
        detector.tick(5 * SECOND, Some(TickCounts { requests: 50, errors: 9 }));
    }
    assert_eq!(live, resumed);
    assert_eq!(live.seen(), TickCounts { requests: 170, errors: 26 });
}
