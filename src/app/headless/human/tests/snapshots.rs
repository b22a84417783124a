//! The lines of every phase and every outcome.

use std::collections::BTreeSet;

use support::Snapshots;

use super::*;
use crate::core::soak::scenes::{ALL, TOLD, harness};
use crate::core::soak::testing::Harness;
use crate::model::DecisionKind;

/// What a machine decides; the other decisions are those of commands without one, such as `freeze`.
const MADE: [DecisionKind; 22] = [
    DecisionKind::Abort,
    DecisionKind::Blind,
    DecisionKind::Breach,
    DecisionKind::Extend,
    DecisionKind::Hold,
    DecisionKind::Inconclusive,
    DecisionKind::Keep,
    DecisionKind::NotRecovered,
    DecisionKind::Observe,
    DecisionKind::Pause,
    DecisionKind::Recovered,
    DecisionKind::Resume,
    DecisionKind::Resumed,
    DecisionKind::Retain,
    DecisionKind::Rollback,
    DecisionKind::RollbackFailed,
    DecisionKind::RollbackUndone,
    DecisionKind::Sighted,
    DecisionKind::SoakStart,
    DecisionKind::Superseded,
    DecisionKind::SwitchFailed,
    DecisionKind::SwitchRefused,
];

/// Everything that a run that began with these events prints, where no terminal is and the time is UTC.
fn printed(harness: &Harness) -> String {
    let screen = Screen::default();
    let places = Places { journal: "/srv/shop/decisions.jsonl".into(), recording: "/srv/shop/SOAK.jsonl".into() };
    let mut human = Human::new(Box::new(screen.clone()), None, places);
    human.stamps = Stamps::of(TimeZone::UTC);
    let mut view = View::new(harness.began_with().clone());
    for envelope in &harness.log {
        let news = view.apply(envelope);
        human.news(&view, &news).unwrap();
    }
    if let Some(ending) = view.machine().ending().cloned() {
        human.end(&view, &ending).unwrap();
    }
    let bytes = screen.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn the_lines_of_every_phase_and_outcome() {
    let snapshots = Snapshots::of("src/app/headless/human/snapshots");
    for name in ALL.into_iter().chain(TOLD) {
        snapshots.assert(name, &printed(&harness(name)));
    }
    snapshots.assert_no_other();
}

#[test]
fn the_lines_show_every_decision_of_the_machine() {
    let mut told = BTreeSet::new();
    for name in ALL.into_iter().chain(TOLD) {
        let harness = harness(name);
        let mut view = View::new(harness.began_with().clone());
        let printed = printed(&harness);
        for envelope in &harness.log {
            for decision in view.apply(envelope).decisions {
                let kind = decision.decision.name();
                assert!(printed.contains(&format!("  {kind:WORD$} ")), "{name} does not tell of {kind}: {printed}");
                told.insert(kind);
            }
        }
    }
    let missing: Vec<&str> = MADE.iter().map(|kind| kind.name()).filter(|name| !told.contains(name)).collect();
    assert!(missing.is_empty(), "no run shows {missing:?}");
}
