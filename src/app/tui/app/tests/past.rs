//! Past soaks and the log: what is asked for, what is shown of it, and the run that goes on behind it.

use super::*;
use crate::app::tui::records::{Found, LogLine, LogTail, PastSoak, PastSoaks, Read, Recorded};
use crate::app::tui::{LogView, Mode, SoaksView};
use crate::core::soak::testing::FAILING;
use crate::model::Outcome;

const NEW: &str = "20261124T090000Z-0001";
const OLD: &str = "20261123T140211Z-3f2a";

fn soak(id: &str, is_recorded: bool) -> PastSoak {
    PastSoak {
        id: id.parse().unwrap(),
        began: None,
        color: None,
        release: None,
        outcome: Some(Outcome::Retained),
        length_ms: None,
        is_recorded,
    }
}

fn view(desk: &mut Desk) -> SoaksView {
    match desk.overlay() {
        Some(Overlay::Soaks(view)) => view,
        other => panic!("no list but {other:?}"),
    }
}

/// Somebody who looks at the list.
fn listing() -> Desk {
    let mut desk = Desk::live();
    assert_eq!(desk.keys("H"), [Effect::Read(Read::Soaks)]);
    let note = view(&mut desk).note;
    assert_eq!(note.as_deref(), Some("reading the journal …"));
    let found = PastSoaks { soaks: vec![soak(NEW, true), soak(OLD, false)], note: None };
    assert_eq!(desk.at(UiEvent::Found(Found::Soaks(Ok(found)))), []);
    desk
}

fn recorded() -> Box<Recorded> {
    let mut harness = Harness::new(settings());
    harness.seconds(60, HEALTHY);
    Box::new(Recorded { header: header(), events: harness.log })
}

/// Somebody who looks at a past soak.
fn visiting() -> Desk {
    let mut desk = listing();
    let id = || NEW.parse().unwrap();
    assert_eq!(desk.keys("\n"), [Effect::Read(Read::Recording(id()))]);
    assert_eq!(view(&mut desk).note, Some(format!("reading {NEW} …")));
    desk.at(UiEvent::Found(Found::Recording(id(), Ok(recorded()))));
    assert_eq!(desk.overlay(), None);
    desk
}

fn is_replay(desk: &mut Desk) -> bool {
    matches!(desk.app.shown().unwrap().ui.mode, Mode::Replay(_))
}

/// The message that is shown, whatever is looked at.
fn said(desk: &mut Desk) -> Option<String> {
    desk.app.shown().unwrap().ui.message.clone().map(|message| message.text)
}

#[test]
fn past_soaks_are_listed_and_one_without_a_recording_says_so() {
    let mut desk = listing();
    assert_eq!((view(&mut desk).selected, view(&mut desk).note), (0, None));
    assert_eq!(desk.keys("jjj\n"), []);
    let shown = view(&mut desk);
    assert_eq!(shown.selected, 1);
    assert_eq!(shown.note, Some(format!("the recording of {OLD} is not there any more")));
    desk.keys("\x1b");
    assert_eq!(desk.overlay(), None);
}

#[test]
fn an_empty_list_and_one_that_cannot_be_read_say_why() {
    let mut desk = Desk::live();
    desk.keys("H");
    desk.at(UiEvent::Found(Found::Soaks(Err("none are here".to_owned()))));
    assert_eq!(view(&mut desk).note.as_deref(), Some("none are here"));
    assert_eq!(desk.keys("\nj"), [], "there is nothing to open");
}

#[test]
fn a_past_soak_is_played_and_left_for_the_run_that_went_on() {
    for leave in ["\x1b", "q"] {
        let mut desk = visiting();
        assert!(is_replay(&mut desk) && desk.app.is_playing());
        desk.seconds(3, HEALTHY);
        assert_eq!(desk.app.shown().unwrap().now_ms, 3_000, "it plays");
        assert_eq!(desk.keys("R"), [], "a recording takes no orders");
        assert_eq!(desk.app.shown().unwrap().ui.hints.last().unwrap().label, "back");
        assert_eq!(desk.keys(leave), [], "{leave:?} leaves the recording, not the program");
        assert!(!is_replay(&mut desk) && !desk.app.is_playing());
        assert_eq!(desk.app.shown().unwrap().dashboard.view().at_ms(), 8_000, "the run went on");
        assert!(desk.app.ending().is_none());
    }
}

#[test]
fn who_looks_at_a_past_soak_is_told_what_becomes_of_the_run() {
    let mut desk = visiting();
    assert_eq!(said(&mut desk), Some(format!("playing {NEW}; q or Esc goes back")));
    desk.seconds(10, FAILING);
    let told = said(&mut desk).unwrap();
    assert!(told.starts_with("the live run: ROLLING BACK") && told.ends_with("; q returns to it"), "{told}");
    desk.wait(60_000);
    assert_eq!(said(&mut desk), Some(told), "bad news stays");
    desk.keys("q");
    assert!(!is_replay(&mut desk));
}

#[test]
fn what_was_opened_and_closed_again_does_not_open_by_itself() {
    let mut desk = listing();
    desk.keys("\n\x1b");
    desk.at(UiEvent::Found(Found::Recording(NEW.parse().unwrap(), Ok(recorded()))));
    assert!(!is_replay(&mut desk));
    let mut refused = listing();
    refused.keys("\n");
    refused.at(UiEvent::Found(Found::Recording(NEW.parse().unwrap(), Err("it is damaged".to_owned()))));
    assert_eq!(view(&mut refused).note.as_deref(), Some("it is damaged"));
}

#[test]
fn from_a_past_soak_the_list_opens_again_and_control_c_asks_about_the_run() {
    let mut desk = visiting();
    assert_eq!(desk.keys("H"), [Effect::Read(Read::Soaks)]);
    assert!(!is_replay(&mut desk));
    let mut desk = visiting();
    assert_eq!(desk.ctrl('c'), []);
    assert_eq!(desk.asks().as_deref(), Some("Leave shop while its soak runs?"));
    assert_eq!(desk.ctrl('c'), [Effect::Leave]);
    let mut first = visiting();
    assert_eq!(first.keys("s"), [Effect::Save], "what concerns the screen is handed on");
    first.at(UiEvent::Told(Ok("saved".to_owned())));
    assert_eq!(said(&mut first).as_deref(), Some("saved"));
}

fn log(desk: &mut Desk) -> LogView {
    match desk.overlay() {
        Some(Overlay::Log(view)) => view,
        other => panic!("no log but {other:?}"),
    }
}

fn logged(lines: usize) -> UiEvent {
    let line = |at| LogLine { at: None, level: "INFO".to_owned(), text: format!("line {at}") };
    UiEvent::Found(Found::Log(Ok(LogTail { path: "/srv/log/a.jsonl".into(), lines: (0..lines).map(line).collect() })))
}

#[test]
fn the_log_is_followed_until_it_is_scrolled() {
    let mut desk = Desk::live();
    assert_eq!(desk.keys("L"), [Effect::Read(Read::Log)]);
    assert_eq!(log(&mut desk).note.as_deref(), Some("reading the log …"));
    desk.at(logged(3));
    assert_eq!((log(&mut desk).lines.len(), log(&mut desk).up, desk.app.due_ms()), (3, 0, Some(1_000)));
    desk.now_ms += 1_000;
    assert_eq!(desk.at(UiEvent::Tick), [Effect::Read(Read::Log)], "once a second");
    assert_eq!(desk.at(UiEvent::Tick), [], "not again while it is read");
    desk.at(logged(20));
    desk.keys("kk");
    assert_eq!((log(&mut desk).up, desk.app.due_ms()), (2, None), "what is looked at stands still");
    desk.at(logged(30));
    assert_eq!(log(&mut desk).lines.len(), 20);
    desk.keys("gk");
    assert_eq!(log(&mut desk).up, 19);
    desk.keys("G");
    assert_eq!((log(&mut desk).up, desk.app.due_ms()), (0, Some(1_000)));
    desk.keys("L");
    assert_eq!(desk.overlay(), None);
    assert_eq!(desk.at(logged(1)), [], "nobody waits for it any more");
}

#[test]
fn a_log_that_cannot_be_read_and_an_empty_one_say_so() {
    let mut desk = Desk::live();
    desk.keys("L");
    desk.at(UiEvent::Found(Found::Log(Err("no log yet in `/srv`".to_owned()))));
    assert_eq!(log(&mut desk).note.as_deref(), Some("no log yet in `/srv`"));
    desk.at(logged(0));
    assert_eq!(log(&mut desk).note.as_deref(), Some("nothing was logged yet"));
    assert_eq!(log(&mut desk).path, Some("/srv/log/a.jsonl".into()));
}
