//! Probes, told one after the other.

use super::*;
use crate::core::soak::Judging;

const fn now(at_ms: u64) -> Now {
    Now { at_ms, run_wall_ms: 0, patience_ms: 10_000, judging: Judging::Everything }
}

fn check(instances: usize) -> ReadinessCheck {
    let names = (0..instances).map(|n| format!("http://green-{n}")).collect();
    ReadinessCheck::new(ReadinessSettings { failures: 3, required: true }, names)
}

fn down() -> Readiness {
    Readiness::NotReady("answered 503".to_owned())
}

fn fail(check: &mut ReadinessCheck, instance: usize, times: &[u64]) {
    for at in times {
        check.probed(&now(*at), instance, &down());
    }
}

#[test]
fn three_failures_over_three_seconds_of_the_majority_breach() {
    let mut check = check(3);
    fail(&mut check, 0, &[1_000, 2_000, 3_000, 4_000]);
    assert_eq!(check.breach(4_000), None, "one of three is no majority");
    fail(&mut check, 2, &[1_000, 2_000, 3_000, 4_000]);
    let why = check.breach(4_000).unwrap();
    assert_eq!(why, "2 of 3 instances not ready for 3s (http://green-0: answered 503)");
}

#[test]
fn who_was_not_asked_yet_or_does_not_say_is_neither_ready_nor_failing() {
    let mut check = check(3);
    assert_eq!((check.ready(), check.failing()), (0, 0));
    check.probed(&now(0), 0, &Readiness::Unknown("answered 429".to_owned()));
    fail(&mut check, 1, &[0]);
    check.probed(&now(0), 2, &Readiness::Ready);
    assert_eq!((check.ready(), check.failing()), (1, 1));
}

#[test]
fn half_of_two_is_no_majority() {
    let mut check = check(2);
    fail(&mut check, 0, &[0, 1_000, 2_000, 9_000]);
    assert_eq!(check.breach(9_000), None);
    fail(&mut check, 1, &[0, 1_000, 2_000, 9_000]);
    assert!(check.breach(9_000).is_some());
}

#[test]
fn quick_probes_wait_for_three_seconds_and_slow_ones_for_three_failures() {
    let mut quick = check(1);
    fail(&mut quick, 0, &[0, 100, 200, 300, 2_900]);
    assert_eq!(quick.breach(2_900), None);
    fail(&mut quick, 0, &[3_000]);
    assert!(quick.breach(3_000).is_some());
    let mut slow = check(1);
    fail(&mut slow, 0, &[0, 60_000]);
    assert_eq!(slow.breach(60_000), None);
}

#[test]
fn one_good_probe_starts_the_count_anew() {
    let mut check = check(1);
    fail(&mut check, 0, &[0, 1_000, 2_000]);
    check.probed(&now(2_500), 0, &Readiness::Ready);
    fail(&mut check, 0, &[3_000, 4_000, 5_000]);
    assert_eq!(check.breach(5_000), None);
}

#[test]
fn an_instance_without_a_good_probe_for_too_long_makes_it_unknown_and_is_named() {
    let mut check = check(2);
    check.probed(&now(1_000), 0, &Readiness::Ready);
    let never = check.observe(&now(1_000));
    assert_eq!(never.verdict, Verdict::Unknown);
    assert_eq!(never.message, "http://green-1 was never seen ready: no answer yet");
    check.probed(&now(2_000), 1, &Readiness::Ready);
    assert_eq!(check.observe(&now(2_000)).verdict, Verdict::Healthy);
    check.probed(&now(13_000), 0, &Readiness::Ready);
    fail(&mut check, 1, &[13_000]);
    let late = check.observe(&now(13_000));
    assert_eq!(late.verdict, Verdict::Unknown);
    assert_eq!(late.message, "http://green-1 was last ready 11s ago: answered 503");
    assert_eq!(late.value, Some(0.5));
}

fn unsaid() -> Readiness {
    Readiness::Unknown("answered 429 Too Many Requests, so readiness is not known".to_owned())
}

#[test]
fn too_many_requests_never_count_as_a_failure_and_never_as_ready() {
    let mut check = check(1);
    for at in (0..60_000).step_by(1_000) {
        check.probed(&now(at), 0, &unsaid());
        assert_eq!(check.breach(at), None, "{at}");
    }
    assert_eq!((check.ready(), check.all_ready(1), check.only_unsaid()), (0, false, true));
    assert!(check.alive(1) && check.alive(3), "it answers");
    let seen = check.observe(&now(60_000));
    assert_eq!(seen.verdict, Verdict::Unknown);
    assert_eq!(seen.message, "http://green-0: answered 429 Too Many Requests, so readiness is not known");
}

#[test]
fn what_was_known_before_too_many_requests_stands_for_a_while() {
    let mut check = check(1);
    check.probed(&now(0), 0, &Readiness::Ready);
    check.probed(&now(1_000), 0, &unsaid());
    assert_eq!((check.observe(&now(9_000)).verdict, check.all_ready(1)), (Verdict::Healthy, false));
    assert!(check.summary().starts_with("1 of 1 instances ready, not known now: http://green-0: answered 429"));
    assert!(check.alive(1), "a standby that was ready stays one");
    let late = check.observe(&now(11_000));
    assert_eq!(late.verdict, Verdict::Unknown);
    assert!(late.message.starts_with("http://green-0 was last ready 11s ago: answered 429"), "{}", late.message);
    check.probed(&now(12_000), 0, &Readiness::Ready);
    assert_eq!(check.observe(&now(12_000)).message, "1 of 1 instances ready");
}

#[test]
fn too_many_requests_between_failures_neither_hide_nor_add_to_them() {
    let mut check = check(1);
    fail(&mut check, 0, &[0, 2_000]);
    for at in [3_000, 4_000, 5_000] {
        check.probed(&now(at), 0, &unsaid());
    }
    assert_eq!(check.breach(5_000), None, "two failures are not three");
    assert!(!check.alive(1) && !check.only_unsaid());
    fail(&mut check, 0, &[6_000]);
    assert!(check.breach(6_000).unwrap().contains("answered 503"));
    check.probed(&now(7_000), 0, &unsaid());
    assert!(check.breach(7_000).is_some(), "a limit does not make it ready");
}

#[test]
fn a_color_is_alive_while_half_of_it_answers() {
    let mut check = check(2);
    assert!(!check.alive(1), "nothing is known yet");
    assert_eq!(check.first_failure().unwrap(), "http://green-0: no answer yet");
    check.probed(&now(0), 1, &Readiness::Ready);
    assert!(check.alive(1));
    assert!(!check.alive(3));
    assert!(!check.all_ready(1));
    check.probed(&now(0), 0, &Readiness::Ready);
    assert!(check.all_ready(1));
    assert_eq!((check.ready(), check.all()), (2, 2));
    check.probed(&now(0), 7, &Readiness::Ready);
    assert_eq!(check.all(), 2, "an unknown instance is ignored");
}
