use super::*;
use crate::detect::{ClosingVerdict, RecentCounts, TickCounts};

mod bound;
mod endings;
mod outlooks;

pub(super) const SECOND: u64 = 1000;

pub(super) const CONFIG: EvidenceConfig =
    EvidenceConfig { threshold: 0.05, false_alarm: 0.01, min_requests: 20, window_ms: 60 * SECOND, tick_ms: SECOND };

/// Requests and errors of one tick; `None` for a missing one.
pub(super) type Tick = Option<(u64, u64)>;

pub(super) fn detector(config: EvidenceConfig) -> EvidenceDetector {
    EvidenceDetector::new(config).unwrap()
}

pub(super) fn feed(detector: &mut EvidenceDetector, from_ms: u64, ticks: impl IntoIterator<Item = Tick>) {
    for (tick, counts) in (1..).zip(ticks) {
        let counts = counts.map(|(requests, errors)| TickCounts { requests, errors });
        detector.tick(from_ms + tick * detector.config().tick_ms, counts);
    }
}

/// Feeds one tick a second, from second 1 on.
pub(super) fn watch(ticks: impl IntoIterator<Item = Tick>) -> EvidenceDetector {
    let mut detector = detector(CONFIG);
    feed(&mut detector, 0, ticks);
    detector
}

#[test]
fn evidence_that_lasts_breaches_even_where_no_single_tick_is_alarming() {
    // 6% of 5% allowed, at 5,000 requests a second: the watching bet, at 2.2 times the allowed odds, loses every tick.
    let config = EvidenceConfig { window_ms: 1_800 * SECOND, ..CONFIG };
    let mut above = detector(config);
    feed(&mut above, 0, [Some((5_000, 300)); 600]);
    let reason = above.breach().expect("ten minutes of it are enough");
    assert!(reason.contains("requests failed (6%)"), "{reason}");
    let mut below = detector(config);
    feed(&mut below, 0, std::iter::repeat_n(Some((5_000, 245)), 1_800));
    assert_eq!(below.breach(), None, "4.9% is allowed for ever");
}

#[test]
fn an_outage_breaches_after_three_ticks_and_not_before() {
    assert_eq!(watch([Some((50, 50)); 2]).breach(), None);
    let detector = watch([Some((50, 50)); 3]);
    let sentence = "150 of 150 requests failed (100%) in the last 3s; evidence 2,";
    assert!(detector.breach().is_some_and(|reason| reason.starts_with(sentence)), "{:?}", detector.breach());
    assert!(detector.breach().is_some_and(|reason| reason.ends_with("against a rate of 5% or less (acts at 100×)")));
}

#[test]
fn a_late_regression_names_the_stretch_since_it_began() {
    let detector = watch([vec![Some((50, 1)); 30], vec![Some((50, 15)); 4]].concat());
    let reason = detector.breach().unwrap();
    assert!(reason.starts_with("45 of 150 requests failed (30%) in the last 3s"), "{reason}");
}

#[test]
fn a_blip_of_one_second_does_not_breach() {
    let detector = watch([vec![Some((50, 0)); 20], vec![Some((50, 50))], vec![Some((50, 0)); 39]].concat());
    assert!(detector.healthy_at(60 * SECOND), "{:?}", detector.close(60 * SECOND, 0));
}

#[test]
fn too_few_requests_or_errors_never_breach() {
    let strict = EvidenceConfig { min_requests: 1000, ..CONFIG };
    let mut many = detector(strict);
    feed(&mut many, 0, [Some((50, 50)); 19]);
    assert_eq!(many.breach(), None);
    feed(&mut many, 19 * SECOND, [Some((50, 50))]);
    assert!(many.breach().is_some());

    // Two failures do not make a breach, ample as the evidence is; a third one does.
    for (errors, verdict) in [(2, ClosingVerdict::InsufficientData), (3, ClosingVerdict::Breached)] {
        let mut few = detector(EvidenceConfig { threshold: 0.001, false_alarm: 0.05, ..CONFIG });
        feed(&mut few, 0, [Some((20, errors)), Some((0, 0)), Some((0, 0))]);
        assert!(few.state.uncapped > few.bar());
        let closing = few.conclude(60 * SECOND);
        assert_eq!(closing.verdict, verdict, "{errors} errors: {}", closing.reason);
    }
}

#[test]
fn after_a_breach_nothing_moves() {
    let mut detector = watch([Some((50, 50)); 3]);
    let breached = detector.clone();
    feed(&mut detector, 3 * SECOND, [Some((5000, 0)), None]);
    assert_eq!(detector, breached);
}

#[test]
fn a_missing_tick_adds_nothing_and_the_next_good_one_covers_the_gap() {
    let mut gap = watch([Some((50, 2)), Some((50, 3))]);
    let before = gap.clone();
    feed(&mut gap, 2 * SECOND, [None, None]);
    assert_eq!(gap.evidence().to_bits(), before.evidence().to_bits());
    assert_eq!((gap.seen(), gap.state.cusum.run()), (before.seen(), before.state.cusum.run()));
    assert_eq!((gap.state.ticks, gap.state.missed), (4, 2));

    // What follows is as if the ticks in between had never been scheduled.
    let mut never = before;
    for detector in [&mut gap, &mut never] {
        detector.tick(5 * SECOND, Some(TickCounts { requests: 150, errors: 9 }));
    }
    assert_eq!(gap.evidence().to_bits(), never.evidence().to_bits());
    assert_eq!(gap.state.mixture, never.state.mixture);
}

#[test]
fn a_broken_configuration_is_refused_also_when_read_back() {
    let error = EvidenceDetector::new(EvidenceConfig { threshold: 1.5, ..CONFIG }).unwrap_err();
    assert_eq!(error, EvidenceConfigError::Threshold(1.5));
    let saved =
        serde_json::to_string(&watch([Some((50, 2))])).unwrap().replace("\"threshold\":0.05", "\"threshold\":2.0");
    let error = serde_json::from_str::<EvidenceDetector>(&saved).unwrap_err();
    assert!(error.to_string().starts_with("threshold 2 is not above 0 and below 1"), "{error}");
}

#[test]
fn the_standing_names_the_distance_to_both_decisions() {
    let sentence = "40 of 1,000 requests failed (4%) since the switch, at most 5.2% with 95% confidence; \
                    evidence 0.54× against a rate of 5% or less (acts at 100×)";
    assert_eq!(watch([Some((50, 2)); 20]).explain(), sentence);
    let nothing = "no request was seen since the switch; evidence 1× against a rate of 5% or less (acts at 100×)";
    assert_eq!(watch([]).explain(), nothing);
}
