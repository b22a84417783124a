use super::*;
use crate::config::{Baseline, Method, Ratio};
use crate::detect::Reading;
use crate::soak::Verdict;

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
    let mut check = RateCheck::new("error-rate", settings, 60_000, 1_000, vec!["http://prometheus".to_owned()]);
    check.sampled(0, 0, 0, &Sample::Good(Reading::default()));
    check.tick(0, 0, 10_000);
    check.begin(0);
    check.restart(0);
    check
}

fn counted(check: &mut RateCheck, at_ms: u64, total: u64) {
    check.sampled(at_ms, 0, 0, &Sample::Good(Reading { total, ..Reading::default() }));
    check.tick(at_ms, 0, 10_000);
}

#[test]
fn a_source_with_nothing_new_between_its_scrapes_is_neither_blind_nor_missing_ticks() {
    let mut check = check();
    for second in 1..=60 {
        if second % 15 == 0 {
            counted(&mut check, second * 1_000, second * 20);
        } else {
            check.nothing_new(second * 1_000);
            check.tick(second * 1_000, 0, 10_000);
            assert_eq!(check.last_tick(), Some((second * 1_000, None)));
        }
        assert_eq!(check.blind(second * 1_000), None);
    }
    let (verdict, message) = check.close(60_000, 10_000, 0).unwrap();
    assert_eq!((verdict, check.seen().requests), (Verdict::Healthy, 1_200), "{message}");
}

#[test]
fn a_source_that_fails_is_blind_after_three_ticks() {
    let mut check = check();
    for second in 1..=4 {
        check.sampled(second * 1_000, 0, 0, &Sample::Failed("refused".to_owned()));
        check.tick(second * 1_000, 0, 10_000);
    }
    assert_eq!(check.blind(4_000), Some((4_000, "http://prometheus: refused".to_owned())));
    check.nothing_new(5_000);
    check.tick(5_000, 0, 10_000);
    assert_eq!(check.blind(5_000), None);
}
