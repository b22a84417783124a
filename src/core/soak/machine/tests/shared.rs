//! A cause that both colors share.

use super::harness::{FAILING, HEALTHY, Harness, World, settings};
use crate::config::OnSharedCause;
use crate::core::soak::RollbackResult;
use crate::model::{Cause, Color, Outcome, Phase};

/// Seconds in which green is watched and blue still has requests of its own, so many of fifty of which fail.
fn seconds(harness: &mut Harness, seconds: usize, green: World, blue_errors: u64) {
    for _ in 0..seconds {
        harness.sample(Color::Blue, 0, World { errors: blue_errors, ..HEALTHY });
        harness.second(green);
    }
}

#[test]
fn while_the_standby_fails_in_the_same_way_a_breach_is_held() {
    let mut harness = Harness::new(settings());
    seconds(&mut harness, 10, HEALTHY, 0);
    seconds(&mut harness, 8, FAILING, 20);
    assert_eq!((harness.machine.phase(), harness.attempts().len()), (Phase::Held, 0));
    let why = harness.machine.held_because().unwrap();
    assert!(why.starts_with("blue fails in the same way ("), "{why}");
    assert!(why.ends_with("), a shared cause is likely (soak.on_shared_cause)"), "{why}");
    let hold = harness.decisions().into_iter().find(|told| told.why() == Some("shared-cause")).unwrap();
    assert!(hold.message.starts_with("held, not rolled back: blue fails"), "{}", hold.message);

    // Blue gets well, green does not: now a rollback helps.
    seconds(&mut harness, 11, FAILING, 0);
    assert_eq!(harness.machine.phase(), Phase::RollingBack);
    harness.rollback_done(1, RollbackResult::Back);
    assert_eq!(harness.until_over(40, HEALTHY).outcome, Outcome::RolledBack);
}

#[test]
fn if_both_get_well_it_stays_held_to_the_end() {
    let mut harness = Harness::new(settings());
    seconds(&mut harness, 8, FAILING, 20);
    seconds(&mut harness, 200, HEALTHY, 0);
    let ending = harness.machine.ending().unwrap();
    assert_eq!((ending.outcome, ending.cause), (Outcome::Held, Cause::Policy));
    assert!(ending.reason.contains("blue failed in the same way"), "{}", ending.reason);
}

#[test]
fn without_traffic_the_standby_is_not_known_to_be_well_again() {
    let mut harness = Harness::new(settings());
    seconds(&mut harness, 8, FAILING, 20);
    harness.seconds(20, FAILING);
    assert_eq!(harness.machine.phase(), Phase::Held);
    // The operator knows better.
    harness.order("resume").unwrap();
    assert_eq!(harness.machine.phase(), Phase::RollingBack);
}

#[test]
fn a_standby_that_is_well_or_without_traffic_keeps_nothing_back() {
    for blue_errors in [0, 1] {
        let mut harness = Harness::new(settings());
        seconds(&mut harness, 10, HEALTHY, blue_errors);
        seconds(&mut harness, 8, FAILING, blue_errors);
        assert_eq!(harness.machine.phase(), Phase::RollingBack);
    }
    let mut silent = Harness::new(settings());
    silent.seconds(18, FAILING);
    assert_eq!(silent.machine.phase(), Phase::RollingBack);
}

#[test]
fn a_standby_that_failed_before_and_is_well_now_shares_no_cause() {
    let mut harness = Harness::new(settings());
    seconds(&mut harness, 6, HEALTHY, 20);
    seconds(&mut harness, 15, HEALTHY, 0);
    seconds(&mut harness, 8, FAILING, 0);
    assert_eq!(harness.machine.phase(), Phase::RollingBack);
}

#[test]
fn the_policy_may_be_to_roll_back_all_the_same() {
    let mut settings = settings();
    settings.on_shared_cause = OnSharedCause::Rollback;
    let mut harness = Harness::new(settings);
    seconds(&mut harness, 8, FAILING, 20);
    assert_eq!((harness.machine.phase(), harness.machine.compares_with_standby()), (Phase::RollingBack, false));
}
