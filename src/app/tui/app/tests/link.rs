//! What becomes of the screen when the monitor goes, comes back, or ends.

use super::*;
use crate::core::soak::Settings;
use crate::core::soak::testing::FAILING;
use crate::model::{Cause, Ending, Outcome};

#[test]
fn nothing_is_shown_before_the_monitor_s_first_word() {
    let mut app = App::new(ui(), None);
    assert!(app.shown().is_none());
    assert!(!app.is_moving());
    assert_eq!(app.summary(&places()), Vec::<String>::new());
    let mut press = |c| app.handle(UiEvent::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)), 0);
    for key in ['R', 'j', ' ', '\u{0}', '?', 'x'] {
        assert_eq!(press(key), [], "{key:?}");
    }
}

#[test]
fn a_run_that_is_told_again_is_shown_once_it_has_come_as_far() {
    let mut desk = Desk::live();
    desk.item(Item::Header(Box::new(header())));
    let log = desk.harness.log.clone();
    let (last, before) = log.split_last().unwrap();
    for envelope in before {
        desk.item(Item::Event(Box::new(envelope.clone())));
        assert_eq!(desk.app.shown().unwrap().dashboard.view().seq(), last.seq, "nothing jumps back");
    }
    desk.seconds(1, HEALTHY);
    let shown = desk.app.shown().unwrap().dashboard.view();
    assert_eq!((shown.at_ms(), shown.seq()), (6_000, desk.harness.log.last().unwrap().seq));
    assert_eq!(shown.machine().seen(), desk.harness.machine.seen(), "nothing is counted twice");
}

#[test]
fn a_monitor_that_knows_less_than_the_one_before_it_is_believed() {
    let mut desk = Desk::live();
    let whole = desk.harness.log.clone();
    desk.item(Item::Lost("it died".to_owned()));
    desk.item(Item::Header(Box::new(header())));
    for envelope in &whole[..10] {
        desk.item(Item::Event(Box::new(envelope.clone())));
    }
    desk.item(Item::Stopped("SIGTERM".to_owned()));
    assert_eq!(desk.app.shown().unwrap().dashboard.view().seq(), 10);
}

#[test]
fn another_run_begins_anew() {
    let mut desk = Desk::live();
    let other = Settings { soak: "20261124T090000Z-0001".to_owned(), ..settings() };
    let other = RecordingHeader { settings: other, ..header() };
    desk.item(Item::Header(Box::new(other)));
    assert_eq!(desk.app.shown().unwrap().dashboard.view().seq(), 0);
}

#[test]
fn a_monitor_that_does_not_answer_is_told_until_it_does() {
    let mut desk = Desk::live();
    desk.item(Item::Lost("no socket".to_owned()));
    desk.wait(60_000);
    assert_eq!(desk.message().as_deref(), Some("the monitor does not answer: no socket"));
    desk.item(Item::Header(Box::new(header())));
    assert_eq!(desk.message().as_deref(), Some("the monitor answers again"));
}

#[test]
fn what_was_done_is_said_for_a_moment() {
    let mut desk = Desk::live();
    desk.at(UiEvent::Told(Ok("saved as a.svg".to_owned())));
    assert_eq!(desk.message().as_deref(), Some("saved as a.svg"));
    desk.at(UiEvent::Told(Err("disk full".to_owned())));
    assert_eq!(desk.message().as_deref(), Some("disk full"));
    desk.wait(6_000);
    assert_eq!(desk.message(), None);
}

#[test]
fn after_the_end_the_screen_stays_and_takes_no_orders() {
    let mut desk = Desk::live();
    desk.ordered("abort");
    assert_eq!(desk.app.ending().map(|ending| ending.outcome), Some(Outcome::Aborted));
    assert!(desk.app.is_moving(), "how long ago something was goes on");
    desk.keys(" ");
    assert!(!desk.app.is_moving(), "nothing moves in a frozen view");
    desk.keys(" ");
    assert_eq!(desk.hints(), " Tab?q".replace(' ', "Space"));
    assert_eq!(desk.keys("RAK"), []);
    assert_eq!(desk.overlay(), None);
    let summary = desk.app.summary(&places());
    assert!(summary[0].starts_with("outcome         ABORTED: "), "{summary:?}");
    assert_eq!(summary.last().unwrap(), "recording       /srv/.switchback/shop/soaks/1.jsonl");
}

#[test]
fn an_end_that_only_the_monitor_tells_is_an_end() {
    let mut desk = Desk::live();
    let ending = Ending { outcome: Outcome::Superseded, cause: Cause::External, reason: "moved".to_owned() };
    desk.item(Item::Ended(ending.clone()));
    assert_eq!(desk.app.ending(), Some(&ending));
    assert!(desk.app.summary(&places())[0].contains("SUPERSEDED"));
    assert_eq!(desk.keys("q"), [Effect::Leave]);
}

#[test]
fn a_monitor_that_was_stopped_leaves_a_soak_to_resume() {
    let mut desk = Desk::live();
    desk.item(Item::Stopped("SIGTERM".to_owned()));
    assert_eq!(desk.app.stopped(), Some("SIGTERM"));
    assert_eq!(desk.message().as_deref(), Some("the monitor was stopped (SIGTERM); the soak can be resumed"));
    assert_eq!(desk.keys("q"), [Effect::Leave]);
    let summary = desk.app.summary(&places());
    assert_eq!(summary[1], "soak            stopped (SIGTERM), to be resumed with: switchback soak --resume");
}

#[test]
fn a_summary_of_a_run_that_goes_on_says_how_to_come_back() {
    let mut desk = Desk::live();
    desk.seconds(2, FAILING);
    let summary = desk.app.summary(&places());
    assert!(summary[0].starts_with("phase           "), "{summary:?}");
    assert_eq!(summary[1], "soak            continues; to see it again: switchback attach --service shop");
    assert_eq!(summary[2], "journal         /srv/.switchback/shop/decisions.jsonl");
}

#[test]
fn a_replay_leaves_an_end_that_was_seen_and_nothing_else() {
    let mut desk = replay();
    assert_eq!(desk.app.summary(&places()), Vec::<String>::new());
    desk.wait(60_000);
    assert!(desk.app.summary(&places())[0].contains("RETAINED"), "{:?}", desk.app.summary(&places()));
}
