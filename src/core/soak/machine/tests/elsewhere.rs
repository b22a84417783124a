//! A router that is in other hands after a rollback.

use super::harness::{HEALTHY, Harness};
use super::verify::{last_decision, outcome, rolled_back};
use crate::core::soak::{DeploymentSeen, Event, ForeignSeen, ReadError};
use crate::model::{Cause, Color, Outcome, Phase};

/// A router in other hands.
fn see_foreign(harness: &mut Harness) {
    let what = "`route` holds `maintenance`, which is neither blue's nor green's".to_owned();
    let foreign = ForeignSeen { what: what.clone(), by_hand: "write `blue` into `route`".to_owned() };
    let state = Ok(DeploymentSeen { active: Color::Blue, last_switch: Some(harness.back) });
    let epoch = harness.epoch();
    harness.feed(Event::RouterObserved { epoch, router: Err(ReadError(what)), state, foreign: Some(foreign) });
}

#[test]
fn a_router_that_is_sent_to_neither_color_undoes_the_rollback_as_well() {
    let mut harness = rolled_back();
    harness.seconds(3, HEALTHY);
    see_foreign(&mut harness);
    assert_eq!(harness.machine.phase(), Phase::Verifying, "one reading may fall into somebody's move");
    harness.at += 1_000;
    see_foreign(&mut harness);
    let ending = harness.machine.ending().unwrap();
    assert_eq!(outcome(ending), (Outcome::RollbackUndone, Cause::External, 7));
    let begin = "ROLLBACK UNDONE: `route` holds `maintenance`, which is neither blue's nor green's, 3s after the rollback to blue. ";
    assert!(ending.reason.starts_with(begin), "{}", ending.reason);
    assert_eq!(last_decision(&harness).active_color, None, "neither has traffic");
    assert!(harness.machine.foreign().is_some(), "for the next step");

    let mut passing = rolled_back();
    passing.second(HEALTHY);
    see_foreign(&mut passing);
    assert_eq!(passing.until_over(20, HEALTHY).outcome, Outcome::RolledBack);
}
