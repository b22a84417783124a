//! The mouse on the screen as it is drawn.

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect};

use super::*;
use crate::app::tui::mouse::{Deed, Pointer};
use crate::app::tui::records::{Found, PastSoak, PastSoaks, Read};
use crate::app::tui::screen::render;
use crate::app::tui::{Pane, SoaksView, Subject};

const SCREEN: Rect = Rect { x: 0, y: 0, width: 120, height: 36 };

/// Where a text is on the screen.
fn place_of(desk: &mut Desk, text: &str) -> Position {
    let shown = desk.app.shown().unwrap();
    let mut buffer = Buffer::empty(SCREEN);
    render(&mut buffer, SCREEN, shown.dashboard, shown.ui, shown.now_ms);
    for (y, row) in (0..).zip(buffer.content.chunks(usize::from(SCREEN.width))) {
        let line: String = row.iter().map(Cell::symbol).collect();
        if let Some(at) = line.find(text) {
            return Position { x: u16::try_from(line[..at].chars().count()).unwrap(), y };
        }
    }
    panic!("`{text}` is not on the screen");
}

fn does(desk: &mut Desk, deed: Deed, text: &str) -> Vec<Effect> {
    let at = place_of(desk, text);
    desk.at(UiEvent::Mouse { pointer: Pointer { deed, at }, screen: SCREEN })
}

fn click(desk: &mut Desk, text: &str) -> Vec<Effect> {
    does(desk, Deed::Click, text)
}

fn ordered(action: &str) -> Effect {
    Effect::Order { order: 1, action: action.parse().unwrap(), reason: None }
}

#[test]
fn the_mouse_is_followed_only_when_asked_for_and_says_how_to_select_text() {
    let mut desk = Desk::live();
    assert_eq!(desk.keys("m"), [Effect::FollowMouse(true)]);
    assert!(desk.message().unwrap().contains("to select text hold Shift"));
    assert_eq!(desk.keys("m"), [Effect::FollowMouse(false)]);
}

#[test]
fn a_click_focuses_a_pane_and_chooses_a_row() {
    let mut desk = Desk::live();
    for (text, pane) in [("instances", Pane::Instances), ("decisions", Pane::Decisions), ("checks", Pane::Checks)] {
        click(&mut desk, text);
        assert_eq!(desk.app.ui().focus, pane, "{text}");
    }
    click(&mut desk, "✓ readiness");
    assert_eq!(desk.app.ui().check, Some(1));
    click(&mut desk, "soak_start");
    let number = desk.app.ui().decisions.selected.unwrap();
    assert_eq!((desk.app.ui().focus, desk.overlay()), (Pane::Decisions, None));
    click(&mut desk, "soak_start");
    assert_eq!(desk.overlay(), Some(Overlay::Detail(Subject::Decision(number))), "a second click opens it");
    desk.keys("\x1b");
    click(&mut desk, "green-2");
    assert_eq!((desk.app.ui().focus, desk.app.ui().instance, desk.overlay()), (Pane::Instances, 1, None));
    click(&mut desk, "green-2");
    assert_eq!(desk.overlay(), Some(Overlay::Detail(Subject::Instance("http://green-2".to_owned()))));
}

#[test]
fn the_wheel_moves_in_the_pane_under_it_and_leaves_the_focus() {
    let mut desk = Desk::live();
    does(&mut desk, Deed::WheelDown, "✓ error rate");
    assert_eq!(desk.app.ui().check, Some(1));
    does(&mut desk, Deed::WheelUp, "soak_start");
    assert!(desk.app.ui().decisions.selected.is_some());
    does(&mut desk, Deed::WheelDown, "instances");
    assert_eq!((desk.app.ui().instance, desk.app.ui().focus), (1, Pane::Checks));
    does(&mut desk, Deed::WheelDown, "deploy:status");
    assert_eq!(desk.overlay(), None);
}

#[test]
fn a_click_presses_hints_and_buttons() {
    let mut desk = Desk::live();
    click(&mut desk, "R roll back");
    assert_eq!(desk.asks().as_deref(), Some("Roll back to blue?"));
    does(&mut desk, Deed::WheelDown, "[ Esc: Cancel ]");
    click(&mut desk, "deploy:status");
    assert!(desk.asks().is_some(), "beside it nothing is pressed");
    click(&mut desk, "[ Esc: Cancel ]");
    assert_eq!(desk.overlay(), None);
    desk.keys("R");
    assert_eq!(click(&mut desk, "[ y: Roll back ]"), [ordered("rollback")]);

    let mut abort = Desk::live();
    click(&mut abort, "A abort");
    assert_eq!(click(&mut abort, "[ Abort ]"), [], "the name is not typed yet");
    abort.keys("shop");
    assert_eq!(click(&mut abort, "[ Abort ]"), [ordered("abort")]);

    let mut leaving = Desk::live();
    click(&mut leaving, "q leave");
    assert_eq!(click(&mut leaving, "[ s: Stay ]"), []);
    assert_eq!(leaving.overlay(), None);
    leaving.keys("q");
    assert_eq!(click(&mut leaving, "[ d: Detach ]"), [Effect::Leave]);
}

#[test]
fn rows_of_lists_are_chosen_by_a_click_and_opened_by_another() {
    let items = ["healthy", "8% errors", "outage"].map(str::to_owned).to_vec();
    let mut desk = Desk::new(App::new(ui(), None).with_faults(FaultMenu { items, current: None }));
    desk.keys("w");
    assert_eq!(click(&mut desk, "3 outage"), []);
    assert_eq!(click(&mut desk, "3 outage"), [Effect::ChangeFault(2)]);

    let soak = |id: &str| PastSoak {
        id: id.parse().unwrap(),
        began: None,
        color: None,
        release: Some(id.to_owned()),
        outcome: None,
        length_ms: None,
        is_recorded: true,
    };
    let ids = ["20261121T090000Z-0003", "20261120T090000Z-0002", "20261119T090000Z-0001"];
    desk.keys("H");
    let found = PastSoaks { soaks: ids.map(soak).to_vec(), note: Some("the journal is damaged".to_owned()) };
    desk.at(UiEvent::Found(Found::Soaks(Ok(found))));
    assert_eq!(click(&mut desk, ids[1]), []);
    assert!(matches!(desk.overlay(), Some(Overlay::Soaks(SoaksView { selected: 1, .. }))));
    does(&mut desk, Deed::WheelDown, ids[0]);
    assert!(matches!(desk.overlay(), Some(Overlay::Soaks(SoaksView { selected: 2, .. }))));
    let recording = Effect::Read(Read::Recording(ids[2].parse().unwrap()));
    assert_eq!(click(&mut desk, ids[2]), [recording]);
}

#[test]
fn while_something_is_typed_a_click_types_nothing() {
    for keys in ["/pau", ":ab"] {
        let mut desk = Desk::live();
        desk.keys(keys);
        click(&mut desk, "checks");
        let ui = desk.app.shown().unwrap().ui;
        let typed = ui.order.as_ref().map_or(ui.decisions.filter.as_str(), |order| order.text.as_str());
        assert_eq!(typed, &keys[1..]);
    }
}
