//! What keeps a breach from being acted on for the whole service or release: a freeze, and a switch without a way back.

use super::bench::{Bench, FAILING, HEALTHY, WALL, settings};
use crate::core::soak::{Event, Frozen, RollbackResult};
use crate::model::{Cause, DecisionKind, Outcome, Phase};

fn freeze(until_ms: Option<i64>) -> Event {
    let (by, reason) = ("operator:ana@host".to_owned(), Some("migration".to_owned()));
    Event::Freeze { frozen: Some(Frozen { by, reason, until_ms }) }
}

const LIFTED: Event = Event::Freeze { frozen: None };

#[test]
fn frozen_a_breach_is_held_and_acted_on_when_the_freeze_is_over() {
    let mut bench = Bench::new(settings());
    bench.seconds(3, HEALTHY);
    bench.feed(freeze(Some(WALL + 3_600_000)));
    bench.seconds(5, FAILING);
    assert_eq!(bench.machine.phase(), Phase::Held);
    let why = bench.machine.held_because().unwrap();
    assert!(why.starts_with("automatic rollback is frozen by operator:ana@host for ") && why.ends_with(": migration"));
    assert!(bench.attempts().is_empty());
    let refused = bench.order("resume").unwrap_err();
    assert_eq!(refused, "automatic rollback is frozen for the service: `switchback unfreeze`");
    bench.feed(LIFTED);
    assert_eq!(bench.machine.phase(), Phase::RollingBack);
    bench.rollback_done(1, RollbackResult::Back);
    let ending = bench.until_over(20, HEALTHY);
    assert_eq!((ending.outcome, ending.cause), (Outcome::RolledBack, Cause::Auto));
}

#[test]
fn a_freeze_stops_a_countdown_and_is_told_once_for_each_change() {
    let mut settings = settings();
    settings.grace_ms = 30_000;
    let mut bench = Bench::new(settings);
    bench.seconds(5, FAILING);
    assert_eq!(bench.machine.phase(), Phase::Grace);
    bench.feed(freeze(None));
    bench.feed(freeze(None));
    assert_eq!(bench.machine.phase(), Phase::Held);
    let told = bench.decisions().iter().filter(|told| told.why() == Some("freeze")).count();
    assert_eq!((told, bench.message(DecisionKind::Observe).contains(" more")), (1, false));
}

#[test]
fn a_freeze_before_the_soak_begins_is_told_when_it_begins() {
    let mut bench = Bench::new(settings());
    bench.feed(freeze(None));
    bench.seconds(59, HEALTHY);
    assert_eq!(bench.machine.frozen().map(|frozen| frozen.by.as_str()), Some("operator:ana@host"));
    let ending = bench.until_over(20, HEALTHY);
    assert_eq!((ending.outcome, bench.attempts().len()), (Outcome::Retained, 0), "a healthy soak is kept as ever");
}

#[test]
fn frozen_to_the_end_of_its_time_a_breach_ends_held() {
    let mut bench = Bench::new(settings());
    bench.feed(freeze(None));
    let ending = bench.until_over(100_000, FAILING);
    assert_eq!((ending.outcome, ending.cause, ending.exit_code()), (Outcome::Held, Cause::Operator, 11));
}

#[test]
fn frozen_the_operator_rolls_back_all_the_same() {
    let mut bench = Bench::new(settings());
    bench.feed(freeze(None));
    bench.seconds(3, FAILING);
    bench.order("rollback").unwrap();
    assert_eq!(bench.machine.phase(), Phase::RollingBack);
}

#[test]
fn without_a_way_back_a_breach_is_held_and_only_force_takes_it_back() {
    let mut settings = settings();
    settings.no_rollback = true;
    let mut bench = Bench::new(settings);
    assert!(bench.message(DecisionKind::SoakStart).contains("no rollback"));
    bench.seconds(5, FAILING);
    assert_eq!(bench.machine.phase(), Phase::Held);
    assert_eq!(bench.machine.held_because().as_deref(), Some("the release was switched to with --no-rollback"));
    for action in ["resume", "rollback"] {
        let why = bench.order(action).unwrap_err();
        assert!(why.contains("rollback --force"), "{why}");
    }
    bench.feed(freeze(None));
    bench.feed(LIFTED);
    assert_eq!(bench.machine.phase(), Phase::Held, "a freeze that ends allows no rollback");
    bench.order("rollback --force").unwrap();
    assert_eq!(bench.machine.phase(), Phase::RollingBack);
}
