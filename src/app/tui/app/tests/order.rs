//! Orders that are typed.

use super::*;
use crate::app::tui::OrderView;
use crate::core::soak::testing::FAILING;

fn line(desk: &mut Desk) -> Option<OrderView> {
    desk.app.shown().unwrap().ui.order.clone()
}

fn ordered(action: &str, reason: Option<&str>) -> Effect {
    Effect::Order { order: 1, action: action.parse().unwrap(), reason: reason.map(str::to_owned) }
}

#[test]
fn what_is_typed_is_completed_and_told_wrong_in_the_footer() {
    let mut desk = Desk::live();
    desk.keys(":");
    let offered = "abort  rollback  pause  extend  keep";
    let empty = OrderView { text: String::new(), note: offered.to_owned(), wrong: false };
    assert_eq!(line(&mut desk), Some(empty), "nothing is paused that could be resumed");
    desk.keys("ro\t");
    assert_eq!(line(&mut desk).unwrap().text, "rollback ");
    desk.keys("now\n");
    let view = line(&mut desk).unwrap();
    assert!(view.wrong && view.note.starts_with("`rollback now` is not a valid action"), "{view:?}");
    desk.keys("\x08");
    assert!(!line(&mut desk).unwrap().wrong);
    desk.keys("\x1b");
    assert_eq!(line(&mut desk), None);
    desk.keys(":a\x08\x08");
    assert_eq!(line(&mut desk), None, "nothing is left to take back");
    desk.keys(":\n");
    assert_eq!((line(&mut desk), desk.message()), (None, None));
}

#[test]
fn what_moves_traffic_or_takes_the_net_away_is_asked_again() {
    for (typed, title, confirmed, wanted) in [
        (":rollback\n", "Roll back to blue?", "y\n", ordered("rollback", None)),
        (":rollback --force\n", "Roll back to blue, up or not?", "shop\n", ordered("rollback --force", None)),
        (":abort --reason 'bad plan'\n", "Abort the soak?", "shop\n", ordered("abort", Some("bad plan"))),
        (":keep --reason=fine\n", "Keep green now?", "shop\n", ordered("keep", Some("fine"))),
        (":pause\n", "Pause automatic rollback?", "shop\n", ordered("pause", None)),
    ] {
        let mut desk = Desk::live();
        assert_eq!(desk.keys(typed), [], "{typed:?}");
        assert_eq!(desk.asks().as_deref(), Some(title), "{typed:?}");
        assert_eq!(desk.keys(confirmed), [wanted], "{typed:?}");
    }
}

#[test]
fn what_only_helps_is_ordered_at_once() {
    let mut desk = Desk::live();
    assert_eq!(desk.keys(":extend 90s --reason slow\n"), [ordered("extend 90s", Some("slow"))]);
    assert_eq!(desk.message().as_deref(), Some("ordered: waiting until the monitor has journaled it"));
    desk.at(UiEvent::Answered { order: 1, answer: Ok(()) });
    assert_eq!(desk.message().as_deref(), Some("done: it is in the journal"));
    let mut paused = Desk::live();
    paused.ordered("pause");
    assert_eq!(paused.keys(":resume\n"), [ordered("resume", None)]);
}

#[test]
fn a_resume_that_moves_traffic_is_asked_again() {
    let mut desk = Desk::live();
    desk.ordered("pause");
    desk.seconds(10, FAILING);
    assert_eq!(desk.keys(":resume\n"), []);
    assert_eq!(desk.asks().as_deref(), Some("Turn automatic rollback on again?"));
}

#[test]
fn what_cannot_be_ordered_now_is_refused_with_its_reason() {
    let mut desk = Desk::live();
    desk.seconds(10, FAILING);
    assert_eq!(desk.keys(":extend 5m\n"), []);
    assert_eq!(desk.message().as_deref(), Some("not now: the rollback has already begun"));
    let mut over = Desk::new(App::new(ui(), None).with_a_way_back());
    over.ordered("abort");
    over.keys(":");
    assert_eq!(line(&mut over).unwrap().note, "rollback");
    over.keys("keep\n");
    assert_eq!(over.message().as_deref(), Some("not now: the soak is over"));
    over.keys(":rollback --force\n");
    assert_eq!(over.asks().as_deref(), Some("Roll back to blue, up or not?"));
    assert_eq!(over.keys("shop\n"), [ordered("rollback --force", None)]);
}

#[test]
fn who_only_reads_and_who_replays_is_told_that_there_are_no_orders() {
    let mut reader = Desk::new(App::new(UiState { read_only: true, ..ui() }, None));
    reader.keys(":");
    assert_eq!(reader.message().as_deref(), Some("this screen only reads: it gives no orders"));
    assert_eq!(line(&mut reader), None);
    let mut replay = replay();
    replay.keys(":");
    assert_eq!(replay.message().as_deref(), Some("a recording takes no orders"));
}

#[test]
fn pasted_text_is_typed_and_not_ordered() {
    let mut desk = Desk::live();
    desk.keys(":");
    assert_eq!(desk.at(UiEvent::Paste("extend 5m\n".to_owned())), []);
    assert_eq!(line(&mut desk).unwrap().text, "extend 5m");
}
