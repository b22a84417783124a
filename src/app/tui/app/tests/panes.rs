//! Moving over the panes, and what changes only the view.

use super::*;
use crate::app::tui::{Mode, Pane, Playback, Subject};
use crate::core::soak::testing::FAILING;
use crate::model::CheckId;

fn playback(desk: &Desk) -> Playback {
    match desk.app.ui().mode {
        Mode::Replay(playback) => playback,
        Mode::Live => panic!("this is no replay"),
    }
}

fn selected(desk: &Desk) -> Option<u64> {
    desk.app.ui().decisions.selected
}

/// A run with five decisions, and the focus on them.
fn with_decisions() -> Desk {
    let mut desk = Desk::live();
    for action in ["pause", "resume", "pause", "extend 5m"] {
        desk.ordered(action);
    }
    desk.keys("\t\t\t");
    assert_eq!(desk.app.ui().focus, Pane::Decisions);
    desk
}

#[test]
fn tab_goes_round_the_panes() {
    let mut desk = Desk::live();
    assert_eq!(desk.app.ui().focus, Pane::Checks);
    for (keys, pane) in [
        ("\t", Pane::Instances),
        ("\t", Pane::Routes),
        ("\t\t", Pane::Checks),
        ("⇤", Pane::Decisions),
        ("⇤⇤", Pane::Instances),
    ] {
        desk.keys(keys);
        assert_eq!(desk.app.ui().focus, pane, "{keys:?}");
    }
}

#[test]
fn checks_are_chosen_by_digits_arrows_and_rows() {
    for (keys, check) in [
        ("2", 1),
        ("21", 0),
        ("9", 0),
        ("0", 0),
        ("→", 1),
        ("→→", 0),
        ("l", 1),
        ("←", 1),
        ("h", 1),
        ("↓", 1),
        ("jjj", 1),
        ("jk", 0),
    ] {
        let mut desk = Desk::live();
        desk.keys(keys);
        assert_eq!(desk.app.ui().check.unwrap_or(0), check, "{keys:?}");
    }
}

#[test]
fn instances_are_selected_as_far_as_there_are_some() {
    let mut desk = Desk::live();
    desk.keys("\t");
    for (keys, first) in [("jjjj", 1), ("k", 0), ("G", 1), ("g", 0), ("⇟", 1), ("⇞", 0)] {
        desk.keys(keys);
        assert_eq!(desk.app.ui().instance, first, "{keys:?}");
    }
}

#[test]
fn decisions_are_selected_from_the_newest_up_and_followed_below_it() {
    let mut desk = with_decisions();
    assert_eq!(selected(&desk), None);
    for (keys, number) in [
        ("k", Some(5)),
        ("k", Some(4)),
        ("↓", Some(5)),
        ("j", None),
        ("g", Some(1)),
        ("⇟", None),
        ("⇞", Some(1)),
        ("G", None),
    ] {
        desk.keys(keys);
        assert_eq!(selected(&desk), number, "{keys:?}");
    }
}

#[test]
fn enter_opens_the_selected_decision_and_rows_lead_to_its_neighbours() {
    let mut desk = with_decisions();
    desk.keys("\n");
    assert_eq!(desk.overlay(), Some(Overlay::Detail(Subject::Decision(5))), "the newest, where none is selected");
    desk.keys("k");
    assert_eq!(desk.overlay(), Some(Overlay::Detail(Subject::Decision(4))));
    desk.keys("jjj");
    assert_eq!(desk.overlay(), Some(Overlay::Detail(Subject::Decision(5))));
    assert_eq!(selected(&desk), Some(5), "the list follows");
    desk.keys("\n");
    assert_eq!(desk.overlay(), None);
}

#[test]
fn enter_opens_what_is_selected_in_every_pane() {
    let mut desk = Desk::live();
    desk.seconds(30, FAILING);
    for (keys, wanted) in [
        ("\n", Some(Subject::Check(CheckId::ErrorRate))),
        ("j", Some(Subject::Check(CheckId::Readiness))),
        ("\x1b\t\n", Some(Subject::Instance("http://green-1".to_owned()))),
        ("j", Some(Subject::Instance("http://green-2".to_owned()))),
        ("\n\t\n", None),
    ] {
        desk.keys(keys);
        assert_eq!(desk.overlay(), wanted.map(Overlay::Detail), "{keys:?}");
    }
}

#[test]
fn a_filter_is_typed_kept_and_taken_back() {
    let mut desk = with_decisions();
    desk.keys("/paux\x08s");
    assert_eq!(desk.app.ui().decisions.filter, "paus");
    assert!(desk.app.shown().unwrap().ui.decisions.typing);
    desk.keys("\n");
    assert!(!desk.app.shown().unwrap().ui.decisions.typing);
    assert_eq!(desk.app.ui().decisions.filter, "paus");
    desk.keys("g");
    assert_eq!(selected(&desk), Some(2), "only what is listed is selected");
    desk.keys("/e");
    assert_eq!(desk.app.ui().decisions.filter, "pause", "typing goes on where it was");
    desk.keys("\x1b");
    assert_eq!(desk.app.ui().decisions.filter, "");
    desk.keys("/nothing like it\n\n");
    assert_eq!(desk.overlay(), None, "there is nothing to open");
}

#[test]
fn escape_takes_back_one_thing_at_a_time() {
    let mut desk = with_decisions();
    desk.keys(" /paus\nk");
    assert!(selected(&desk).is_some());
    for (filter, has_selected, frozen) in [("", true, true), ("", false, true), ("", false, false), ("", false, false)]
    {
        assert_eq!(desk.keys("\x1b"), []);
        let ui = desk.app.ui();
        assert_eq!(
            (ui.decisions.filter.as_str(), selected(&desk).is_some(), ui.frozen),
            (filter, has_selected, frozen)
        );
    }
}

#[test]
fn a_frozen_view_stands_still_while_the_run_goes_on() {
    let mut desk = Desk::live();
    desk.keys(" ");
    let frozen_at = desk.app.shown().unwrap().now_ms;
    assert!(desk.app.is_frozen() && desk.app.ui().frozen && !desk.app.is_moving());
    desk.seconds(10, FAILING);
    let shown = desk.app.shown().unwrap();
    assert_eq!(shown.now_ms, frozen_at);
    assert_eq!(shown.dashboard.view().at_ms(), 5_000);
    desk.keys(" ");
    let shown = desk.app.shown().unwrap();
    assert_eq!(shown.dashboard.view().at_ms(), 15_000);
    assert!(!shown.ui.frozen);
}

#[test]
fn the_clock_runs_between_events() {
    let mut desk = Desk::live();
    desk.wait(700);
    assert_eq!(desk.app.shown().unwrap().now_ms, 5_700);
    assert!(desk.app.is_moving());
}

#[test]
fn keys_that_concern_the_terminal_are_handed_on() {
    let mut desk = Desk::live();
    assert_eq!(desk.ctrl('l'), [Effect::Redraw]);
    assert_eq!(desk.ctrl('z'), [Effect::Suspend]);
    assert_eq!(desk.keys("s"), [Effect::Save]);
    assert_eq!(desk.at(UiEvent::Resized), []);
    assert_eq!(desk.key(KeyCode::F(5), KeyModifiers::NONE), []);
}

#[test]
fn a_replay_plays_pauses_and_seeks() {
    let mut desk = replay();
    assert_eq!(desk.app.ui().focus, Pane::Decisions);
    desk.wait(3_000);
    assert_eq!(desk.app.shown().unwrap().dashboard.view().at_ms(), 3_000);
    desk.keys(" ");
    assert!(playback(&desk).paused && !desk.app.is_playing() && !desk.app.is_moving());
    desk.wait(3_000);
    assert_eq!(playback(&desk).position_ms, 3_000);
    for (keys, position) in [("5", 30_000), ("→", 40_000), ("l", 50_000), ("←", 40_000), ("h", 30_000), ("0", 0)] {
        desk.keys(keys);
        assert_eq!(playback(&desk).position_ms, position, "{keys:?}");
        assert_eq!(desk.app.shown().unwrap().dashboard.view().at_ms(), position, "{keys:?}");
    }
}

#[test]
fn a_replay_has_speeds_and_no_orders() {
    let mut desk = replay();
    for (keys, speed) in [("+", 2.0), ("=", 4.0), ("-", 2.0), ("--", 0.5)] {
        desk.keys(keys);
        assert!((playback(&desk).speed - speed).abs() < f64::EPSILON, "{keys:?}");
    }
    assert_eq!(desk.keys("RyAKPE"), []);
    assert_eq!(desk.overlay(), None);
    desk.keys("\t");
    assert_eq!(desk.app.ui().check, Some(1), "Tab chooses checks");
    desk.keys("⇤");
    assert_eq!(desk.app.ui().check, Some(0));
}
