use proptest::prelude::*;

use crate::detect::Closing;
use crate::number::{percent_limit, thousands};

use super::*;

const END: u64 = 60 * SECOND;
const GOOD: Tick = Some((50, 1));
const SILENT: Tick = Some((0, 0));
const OUTAGE: Tick = Some((50, 50));

#[test]
fn the_end_of_the_window_is_judged() {
    let cases: [(&str, Vec<Tick>, ClosingVerdict, &str); 11] = [
        (
            "all good",
            vec![GOOD; 60],
            ClosingVerdict::Healthy,
            "60 of 3,000 requests failed (2%) since the switch, at most 2.5% with 95% confidence; \
             highest evidence against it 1×",
        ),
        (
            "an early breach",
            vec![OUTAGE; 60],
            ClosingVerdict::Breached,
            "150 of 150 requests failed (100%) in the last 3s",
        ),
        (
            "failures and then silence",
            [vec![Some((100, 50))], vec![SILENT; 59]].concat(),
            ClosingVerdict::Breached,
            "50 of 100 requests failed (50%) since the switch, and nothing since to contradict it; evidence ",
        ),
        (
            "failures, a few good requests and then silence",
            [vec![Some((100, 50)), Some((10, 0))], vec![SILENT; 58]].concat(),
            ClosingVerdict::InsufficientData,
            "no traffic for the last 58s; before that 50 of 110 requests failed (45.5%)",
        ),
        (
            "blind",
            [vec![GOOD; 29], vec![None; 31]].concat(),
            ClosingVerdict::Inconclusive,
            "31 of 60 ticks are missing; 29 of 1,450 requests failed (2%)",
        ),
        ("no request", vec![SILENT; 60], ClosingVerdict::InsufficientData, "no request reached the new color"),
        (
            "silence at the end",
            [vec![GOOD; 44], vec![SILENT; 16]].concat(),
            ClosingVerdict::InsufficientData,
            "no traffic for the last 16s; before that 44 of 2,200 requests failed (2%)",
        ),
        (
            "silence no longer than usual",
            [vec![Some((1, 0)); 2], vec![SILENT; 8]].concat().repeat(6),
            ClosingVerdict::InsufficientData,
            "0 of 12 requests failed (0%); 59 requests are needed to clear 5%",
        ),
        (
            "just enough requests",
            [vec![Some((1, 0)); 59], vec![SILENT]].concat(),
            ClosingVerdict::Healthy,
            "0 of 59 requests failed (0%) since the switch, at most 5% with 95% confidence",
        ),
        (
            "a rate too near to the threshold",
            [Some((25, 1)), Some((25, 1)), Some((25, 1)), Some((25, 2))].repeat(15),
            ClosingVerdict::Inconclusive,
            "75 of 1,500 requests failed (5%) since the switch, at most 6% with 95% confidence: cannot be distinguished from 5%; ",
        ),
        (
            "a good average with evidence still standing against it",
            [vec![GOOD; 56], vec![Some((50, 10)), Some((50, 10)), Some((50, 2)), Some((50, 8))]].concat(),
            ClosingVerdict::Inconclusive,
            "cannot be distinguished from 5%; 30 of 200 requests failed (15%) in the last 4s; evidence ",
        ),
    ];
    for (what, ticks, verdict, reason) in cases {
        let closing = watch(ticks).conclude(END);
        assert_eq!(closing.verdict, verdict, "{what}: {}", closing.reason);
        assert!(closing.reason.contains(reason), "{what}: {}", closing.reason);
    }
}

#[test]
fn trouble_that_is_too_young_lets_the_soak_run_on() {
    let mut detector = watch([vec![GOOD; 58], vec![Some((100, 100)), Some((100, 100))]].concat());
    assert_eq!(detector.close(END, 0), Ending::RunOn { ticks: 1 });
    feed(&mut detector, END, [SILENT]);
    let closing = detector.conclude(END + SECOND);
    assert_eq!(closing.verdict, ClosingVerdict::Breached, "{}", closing.reason);
    assert_eq!(detector.close(END + SECOND, 1), Ending::Closed(closing));
}

#[test]
fn a_blip_at_the_very_end_is_told_from_a_breach_by_what_follows() {
    let mut detector = watch([vec![GOOD; 59], vec![Some((100, 100))]].concat());
    assert_eq!(detector.close(END, 0), Ending::RunOn { ticks: 2 });
    feed(&mut detector, END, [Some((400, 2)), Some((400, 1))]);
    assert!(detector.healthy_at(END + 2 * SECOND), "{:?}", detector.close(END + 2 * SECOND, 2));
}

#[test]
fn the_soak_never_runs_on_for_more_than_the_ticks_of_a_breach() {
    let detector = watch([vec![GOOD; 59], vec![Some((100, 100))]].concat());
    for (overtime, ticks) in [(0, 2), (1, 2), (2, 1)] {
        assert_eq!(detector.close(END, overtime), Ending::RunOn { ticks }, "after {overtime}");
    }
    let closing = detector.conclude(END);
    assert_ne!(closing.verdict, ClosingVerdict::Breached, "{}", closing.reason);
}

#[test]
fn an_extension_goes_on_with_the_same_state_and_makes_no_new_late_bets() {
    let mut detector = watch([Some((50, 2)); 30]);
    let saved = serde_json::to_value(&detector).unwrap();
    feed(&mut detector, END, [Some((50, 2)); 30]);
    let extended = serde_json::to_value(&detector).unwrap();
    let reserve = |value: &serde_json::Value| value["state"]["mixture"]["reserve_late"].as_f64().unwrap();
    assert!((reserve(&saved) - 0.1).abs() < 1e-9, "half of it is left after half of the window");
    assert_eq!(reserve(&saved).to_bits(), reserve(&extended).to_bits());
    assert_eq!(detector.seen(), TickCounts { requests: 3000, errors: 120 });
}

#[test]
fn an_extension_ends_at_the_first_tick_at_which_the_rate_is_cleared() {
    let mut detector = watch([Some((20, 1)); 60]);
    assert!(!detector.healthy_at(END));
    let cleared = (1..=60).find(|tick| {
        detector.tick(END + tick * SECOND, Some(TickCounts { requests: 20, errors: 0 }));
        detector.healthy_at(END + tick * SECOND)
    });
    assert!(cleared.is_some_and(|tick| tick > 5), "{cleared:?}");
}

#[test]
fn ticks_that_never_ran_count_as_missing() {
    let mut detector = watch([GOOD; 30]);
    detector.skip(30);
    assert_eq!(detector.conclude(31 * SECOND).verdict, ClosingVerdict::Healthy);
    detector.skip(1);
    let closing = detector.conclude(31 * SECOND);
    assert_eq!(closing.verdict, ClosingVerdict::Inconclusive, "{}", closing.reason);
    assert!(closing.reason.starts_with("31 of 61 ticks are missing"), "{}", closing.reason);
}

#[test]
fn the_least_requests_for_healthy_follow_from_the_threshold_and_the_setting() {
    for (threshold, min_requests, needed) in [(0.05, 20, 59), (0.01, 20, 299), (0.05, 12_345, 12_345)] {
        let config = EvidenceConfig { threshold, min_requests, ..CONFIG };
        let mut detector = detector(config);
        feed(&mut detector, 0, [Some((needed - 1, 0))]);
        let closing = detector.conclude(2 * SECOND);
        assert_eq!(closing.verdict, ClosingVerdict::InsufficientData);
        let sentence = format!("; {} requests are needed to clear {}", thousands(needed), percent_limit(threshold));
        assert!(closing.reason.ends_with(&sentence), "{}", closing.reason);
        feed(&mut detector, SECOND, [Some((1, 0))]);
        assert_eq!(detector.conclude(2 * SECOND).verdict, ClosingVerdict::Healthy);
    }
}

proptest! {
    #[test]
    fn what_is_asked_at_every_tick_is_what_the_end_would_say(
        ticks in proptest::collection::vec(proptest::option::weighted(0.8, (0..80_u64, 0..=20_u64)), 1..70)
    ) {
        let mut detector = watch([GOOD; 0]);
        for (at, tick) in ticks.into_iter().enumerate() {
            let counts = tick.map(|(requests, percent)| TickCounts { requests, errors: requests * percent / 100 });
            let at_ms = (at as u64 + 1) * SECOND;
            detector.tick(at_ms, counts);
            let is_healthy = |closing: &Closing| closing.verdict == ClosingVerdict::Healthy;
            prop_assert_eq!(detector.concludes_healthy(at_ms), is_healthy(&detector.conclude(at_ms)));
            let ends_so = matches!(detector.close(at_ms, 0), Ending::Closed(closing) if is_healthy(&closing));
            prop_assert_eq!(detector.healthy_at(at_ms), ends_so);
        }
    }
}
