//! What the bound on false rollbacks rests on, computed exactly: whatever was seen before, the expected capital after the
//! next tick is at most the capital before it, as long as requests fail at most as often as allowed.

use proptest::prelude::*;

use super::*;

/// The probability of each number of failures among independent requests with these probabilities.
fn failures(probabilities: &[f64]) -> Vec<f64> {
    probabilities.iter().fold(vec![1.0], |counts, p| {
        let mut next = vec![0.0; counts.len() + 1];
        for (errors, mass) in counts.iter().enumerate() {
            next[errors] += mass * (1.0 - p);
            next[errors + 1] += mass * p;
        }
        next
    })
}

/// How the expected capital, with and without blip caps, changes over one tick in which requests fail with these
/// probabilities, and over whatever `then` adds.
fn growth(
    before: &EvidenceDetector,
    at_ms: u64,
    p: &[f64],
    then: &dyn Fn(&EvidenceDetector) -> (f64, f64),
) -> (f64, f64) {
    let requests = u64::try_from(p.len()).unwrap();
    (0..).zip(failures(p)).fold((0.0, 0.0), |sum, (errors, mass)| {
        let mut after = before.clone();
        after.state.breach = None;
        after.tick(at_ms, Some(TickCounts { requests, errors }));
        let (capped, uncapped) = then(&after);
        let grown = |after: f64, before: f64| mass * (after - before).exp();
        (
            sum.0 + capped * grown(after.evidence(), before.evidence()),
            sum.1 + uncapped * grown(after.state.uncapped, before.state.uncapped),
        )
    })
}

fn one(_: &EvidenceDetector) -> (f64, f64) {
    (1.0, 1.0)
}

/// The logarithm of a capital is rounded by its size: above 1,000 nats by more than is allowed for all else.
fn is_fair(before: &EvidenceDetector, (capped, uncapped): (f64, f64)) -> bool {
    let rounded = |nats: f64| f64::max(1e-12, 4.0 * f64::EPSILON * nats.abs());
    capped <= 1.0 + rounded(before.evidence()) && uncapped <= 1.0 + rounded(before.state.uncapped)
}

/// Ticks of healthy, bad, bursty and missing kind.
fn history() -> impl Strategy<Value = Vec<Tick>> {
    let tick = prop_oneof![
        6 => (0..200_u64, 0.0..0.1).prop_map(Some),
        2 => (0..60_u64, 0.1..1.0).prop_map(Some),
        1 => (500..50_000_u64, 0.0..1.0).prop_map(Some),
        1 => Just(None),
    ];
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "small counts"
    )]
    let counts = |tick: Option<(u64, f64)>| tick.map(|(requests, rate)| (requests, (requests as f64 * rate) as u64));
    prop::collection::vec(tick.prop_map(counts), 0..80)
}

fn config() -> impl Strategy<Value = EvidenceConfig> {
    let threshold = prop_oneof![Just(0.05), 0.000_1..0.9];
    (threshold, 0.000_01..0.2, prop::sample::select(vec![100, SECOND, 5 * SECOND]), 4..2000_u64).prop_map(
        |(threshold, false_alarm, tick_ms, ticks)| EvidenceConfig {
            threshold,
            false_alarm,
            min_requests: 20,
            window_ms: tick_ms * ticks,
            tick_ms,
        },
    )
}

fn reached(config: EvidenceConfig, history: &[Tick]) -> EvidenceDetector {
    let mut detector = detector(config);
    feed(&mut detector, 0, history.iter().copied());
    detector
}

proptest! {
    #[test]
    fn no_tick_is_expected_to_add_capital(
        config in config(), history in history(), requests in 0..14_usize, share in prop_oneof![Just(1.0), 0.0..1.0], gap in 1..5_u64,
    ) {
        let before = reached(config, &history);
        let at_ms = before.state.now_ms + gap * config.tick_ms;
        let growth = growth(&before, at_ms, &vec![share * config.threshold; requests], &one);
        prop_assert!(is_fair(&before, growth), "{growth:?}");
    }

    #[test]
    fn splitting_a_tick_is_not_expected_to_add_capital(
        config in config(), history in history(), first in 0..7_usize, second in 0..7_usize,
    ) {
        let before = reached(config, &history);
        let half = config.tick_ms / 2;
        let at_ms = before.state.now_ms + half;
        let growth = growth(&before, at_ms, &vec![config.threshold; first], &|between| {
            growth(between, at_ms + half, &vec![config.threshold; second], &one)
        });
        prop_assert!(is_fair(&before, growth), "{growth:?}");
    }

    #[test]
    fn merging_instances_of_different_rates_is_not_expected_to_add_capital(
        config in config(), history in history(), shares in prop::collection::vec(0.0..=1.0, 0..14),
    ) {
        let before = reached(config, &history);
        let rates: Vec<f64> = shares.iter().map(|share| share * config.threshold).collect();
        let growth = growth(&before, before.state.now_ms + config.tick_ms, &rates, &one);
        prop_assert!(is_fair(&before, growth), "{growth:?}");
    }

    #[test]
    fn evidence_is_always_a_number(config in config(), history in history(), extreme in any::<(u64, u64)>()) {
        let mut detector = reached(config, &history);
        feed(&mut detector, config.window_ms, [Some(extreme), Some((u64::MAX, u64::MAX)), Some((u64::MAX, 0))]);
        for nats in [detector.evidence(), detector.peak_evidence(), detector.state.uncapped] {
            prop_assert!(nats.is_finite(), "{nats}");
        }
    }

    #[test]
    fn a_saved_detector_goes_on_to_the_same_bits(config in config(), history in history(), cut in any::<prop::sample::Index>()) {
        let cut = cut.index(history.len() + 1);
        let mut live = reached(config, &history[..cut]);
        let mut resumed: EvidenceDetector = serde_json::from_str(&serde_json::to_string(&live).unwrap()).unwrap();
        prop_assert_eq!(&live, &resumed);
        let from_ms = live.state.now_ms;
        for detector in [&mut live, &mut resumed] {
            feed(detector, from_ms, history[cut..].iter().copied());
        }
        prop_assert_eq!(live.evidence().to_bits(), resumed.evidence().to_bits());
        prop_assert_eq!(live, resumed);
    }

    #[test]
    fn missing_ticks_change_no_evidence(config in config(), history in history(), missing in 1..20_usize) {
        let before = reached(config, &history);
        let mut after = before.clone();
        feed(&mut after, before.state.now_ms, vec![None; missing]);
        prop_assert_eq!(after.evidence().to_bits(), before.evidence().to_bits());
        prop_assert_eq!(&after.state.mixture, &before.state.mixture);
        prop_assert_eq!(after.seen(), before.seen());
    }
}

#[test]
fn at_exactly_the_allowed_rate_hardly_any_capital_is_lost() {
    let before = watch([Some((50, 2)); 10]);
    let (capped, uncapped) = growth(&before, 11 * SECOND, &[0.05; 12], &one);
    assert!(capped > 0.99 && uncapped > 0.99, "{capped} {uncapped}");
}

#[test]
fn above_the_allowed_rate_capital_is_expected_to_grow() {
    let before = watch([Some((50, 2)); 10]);
    let (capped, _) = growth(&before, 11 * SECOND, &[0.2; 12], &one);
    assert!(capped > 1.02, "{capped}");
}
