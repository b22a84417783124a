//! What keeps a breach from being acted on for the whole service or release: a freeze, and a switch without a way back.

use super::harness::{FAILING, HEALTHY, Harness, WALL, settings};
use crate::core::soak::{Event, Frozen, RollbackResult};
use crate::model::{Cause, DecisionKind, Outcome, Phase};

fn freeze(until_ms: Option<i64>) -> Event {
    let (by, reason) = ("operator:ana@host".to_owned(), Some("migration".to_owned()));
    Event::Freeze { frozen: Some(Frozen { by, reason, until_ms }) }
}

const LIFTED: Event = Event::Freeze { frozen: None };

#[test]
fn frozen_a_breach_is_held_and_acted_on_when_the_freeze_is_over() {
    let mut harness = Harness::new(settings());
    harness.seconds(3, HEALTHY);
    harness.feed(freeze(Some(WALL + 3_600_000)));
    harness.seconds(5, FAILING);
    assert_eq!(harness.machine.phase(), Phase::Held);
    let why = harness.machine.held_because().unwrap();
    assert!(why.starts_with("automatic rollback is frozen by operator:ana@host for ") && why.ends_with(": migration"));
    assert!(harness.attempts().is_empty());
    let refused = harness.order("resume").unwrap_err();
    assert_eq!(refused, "automatic rollback is frozen for the service: `switchback unfreeze`");
    harness.feed(LIFTED);
    assert_eq!(harness.machine.phase(), Phase::RollingBack);
    harness.rollback_done(1, RollbackResult::Back);
    let ending = harness.until_over(20, HEALTHY);
    assert_eq!((ending.outcome, ending.cause), (Outcome::RolledBack, Cause::Auto));
}

#[test]
fn a_freeze_stops_a_countdown_and_is_told_once_for_each_change() {
    let mut settings = settings();
    settings.grace_ms = 30_000;
    let mut harness = Harness::new(settings);
    harness.seconds(5, FAILING);
    assert_eq!(harness.machine.phase(), Phase::Grace);
    harness.feed(freeze(None));
    harness.feed(freeze(None));
    assert_eq!(harness.machine.phase(), Phase::Held);
    let told = harness.decisions().iter().filter(|told| told.why() == Some("freeze")).count();
    assert_eq!((told, harness.message(DecisionKind::Observe).contains(" more")), (1, false));
}

#[test]
fn a_freeze_before_the_soak_begins_is_told_when_it_begins() {
    let mut harness = Harness::new(settings());
    harness.feed(freeze(None));
    harness.seconds(59, HEALTHY);
    assert_eq!(harness.machine.frozen().map(|frozen| frozen.by.as_str()), Some("operator:ana@host"));
    let ending = harness.until_over(20, HEALTHY);
    assert_eq!((ending.outcome, harness.attempts().len()), (Outcome::Retained, 0), "a healthy soak is kept as ever");
}

#[test]
fn frozen_to_the_end_of_its_time_a_breach_ends_held() {
    let mut harness = Harness::new(settings());
    harness.feed(freeze(None));
    let ending = harness.until_over(100_000, FAILING);
    assert_eq!((ending.outcome, ending.cause, ending.exit_code()), (Outcome::Held, Cause::Operator, 11));
}

#[test]
fn frozen_the_operator_rolls_back_all_the_same() {
    let mut harness = Harness::new(settings());
    harness.feed(freeze(None));
    harness.seconds(3, FAILING);
    harness.order("rollback").unwrap();
    assert_eq!(harness.machine.phase(), Phase::RollingBack);
}

#[test]
fn without_a_way_back_a_breach_is_held_and_only_force_takes_it_back() {
    let mut settings = settings();
    settings.no_rollback = true;
    let mut harness = Harness::new(settings);
    assert!(harness.message(DecisionKind::SoakStart).contains("no rollback"));
    harness.seconds(5, FAILING);
    assert_eq!(harness.machine.phase(), Phase::Held);
    assert_eq!(harness.machine.held_because().as_deref(), Some("the release was switched to with --no-rollback"));
    for action in ["resume", "rollback"] {
        let why = harness.order(action).unwrap_err();
        assert!(why.contains("rollback --force"), "{why}");
    }
    harness.feed(freeze(None));
    harness.feed(LIFTED);
    assert_eq!(harness.machine.phase(), Phase::Held, "a freeze that ends allows no rollback");
    harness.order("rollback --force").unwrap();
    assert_eq!(harness.machine.phase(), Phase::RollingBack);
}
