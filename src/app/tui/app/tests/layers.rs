//! What opens above the panes, and what comes of it.

use super::*;
use crate::app::tui::{DialogState, DialogView};
use crate::core::soak::testing::FAILING;

fn dialog(desk: &mut Desk) -> DialogView {
    match desk.overlay() {
        Some(Overlay::Dialog(dialog)) => dialog,
        other => panic!("no dialog but {other:?}"),
    }
}

fn order(order: u64, action: &str, reason: Option<&str>) -> Effect {
    Effect::Order { order, action: action.parse().unwrap(), reason: reason.map(str::to_owned) }
}

#[test]
fn a_rollback_takes_two_keys_and_shows_the_monitor_s_answer() {
    let mut desk = Desk::live();
    assert_eq!(desk.keys("R"), []);
    assert_eq!(desk.asks().as_deref(), Some("Roll back to blue?"));
    assert_eq!(desk.keys("y"), []);
    desk.now_ms += 500;
    assert_eq!(desk.at(UiEvent::Tick), [order(1, "rollback", None)]);
    assert_eq!(dialog(&mut desk).state, DialogState::Waiting);
    desk.at(UiEvent::Answered { order: 1, answer: Ok(()) });
    assert!(matches!(dialog(&mut desk).state, DialogState::Done(_)));
    desk.wait(2_000);
    assert_eq!(desk.overlay(), None);
}

#[test]
fn a_refusal_is_shown_in_the_dialog() {
    let mut desk = Desk::live();
    desk.keys("Ry\n");
    desk.at(UiEvent::Answered { order: 1, answer: Err("the rollback has already begun".to_owned()) });
    assert_eq!(dialog(&mut desk).state, DialogState::Failed("the rollback has already begun".to_owned()));
}

#[test]
fn an_answer_to_a_dialog_that_was_closed_is_told_all_the_same() {
    let mut desk = Desk::live();
    desk.keys("Kshop\n\x1b");
    assert_eq!(desk.overlay(), None);
    desk.keys("E\n\n");
    desk.at(UiEvent::Answered { order: 1, answer: Err("too late".to_owned()) });
    assert_eq!(desk.message().as_deref(), Some("too late"));
    assert_eq!(dialog(&mut desk).state, DialogState::Waiting, "that was not the answer to this one");
    desk.keys("\x1b");
    desk.at(UiEvent::Answered { order: 2, answer: Ok(()) });
    assert_eq!(desk.message().as_deref(), Some("done: it is in the journal"));
}

#[test]
fn orders_go_out_with_what_was_typed() {
    for (keys, wanted) in [
        ("Ashop\tbad plan\n\n", order(1, "abort", Some("bad plan"))),
        ("Kshop\n", order(1, "keep", None)),
        ("Pshop\n", order(1, "pause", None)),
        ("E→→\n\n", order(1, "extend 10m", None)),
    ] {
        assert_eq!(Desk::live().keys(keys), [wanted], "{keys:?}");
    }
}

#[test]
fn a_sentence_typed_into_the_wrong_window_orders_nothing() {
    for sentence in [
        "Really? Yes, try it: PLEASE KEEP going\n",
        "Ryan says: APPLY it, EVERYTHING looks fine\n",
        "git commit -m 'Retry Payments, Keep Errors'\n",
        "DONE\n",
    ] {
        let mut desk = Desk::live();
        let ordered = |effect: &Effect| matches!(effect, Effect::Order { .. });
        assert!(!desk.keys(sentence).iter().any(ordered), "{sentence:?}");
        desk.now_ms += 500;
        assert!(!desk.at(UiEvent::Tick).iter().any(ordered), "{sentence:?}");
    }
    let mut desk = Desk::live();
    desk.keys("Re");
    assert_eq!(desk.overlay(), None);
    assert_eq!(desk.message().as_deref(), Some("closed, nothing was ordered: `e` is not an answer"));
}

#[test]
fn the_footer_shows_only_what_the_phase_accepts() {
    let mut desk = Desk::live();
    assert_eq!(desk.hints(), "ARPEKSpaceTab?q");
    desk.ordered("pause");
    let shown = desk.app.shown().unwrap();
    let labels: Vec<_> = shown.ui.hints.iter().map(|hint| hint.label.as_str()).collect();
    assert!(labels.contains(&"resume") && !labels.contains(&"pause"), "{labels:?}");
    let mut rolling = Desk::live();
    rolling.seconds(10, FAILING);
    assert_eq!(rolling.hints(), "SpaceTab?q");
    let mut over = Desk::live();
    over.ordered("abort");
    assert_eq!(over.hints(), "SpaceTab?q");
    over.keys("R");
    let next = "not now: the soak is over; next: start another soak: switchback soak --service shop";
    assert_eq!(over.message().as_deref(), Some(next), "no order is passed over in silence");
}

#[test]
fn an_order_that_is_answered_after_the_end_has_moved_nothing_since() {
    let mut desk = Desk::live();
    desk.app.way_back = true;
    assert_eq!(desk.keys("Ry\n"), [order(1, "rollback", None)]);
    desk.ordered("abort");
    desk.at(UiEvent::Answered { order: 1, answer: Ok(()) });
    let summary = desk.app.summary(&places());
    assert!(summary[0].contains("ABORTED") && !summary[0].contains("ROLLED BACK"), "{summary:?}");
}

#[test]
fn what_was_kept_can_be_rolled_back_after_the_end() {
    let mut desk = Desk::new(App::new(ui(), None).with_a_way_back());
    desk.ordered("abort");
    assert_eq!(desk.hints(), "RSpaceTab?q");
    desk.keys("R");
    assert_eq!(desk.asks().as_deref(), Some("Roll back to blue?"));
    assert_eq!(desk.keys("y\n"), [order(1, "rollback", None)]);
    desk.at(UiEvent::Answered { order: 1, answer: Err("blue is not ready".to_owned()) });
    assert!(desk.app.summary(&places())[0].contains("ABORTED"));
    desk.keys("\nRy\n");
    desk.at(UiEvent::Answered { order: 2, answer: Ok(()) });
    let summary = desk.app.summary(&places());
    assert_eq!(summary[0], "outcome         ROLLED BACK: blue is active again (the soak ended aborted, exit code 5)");
    assert!(!summary.iter().any(|line| line.starts_with("next")), "{summary:?}");
    let shown = desk.app.shown().unwrap();
    assert_eq!(shown.dashboard.headline(shown.now_ms).word, "ROLLED BACK");
}

#[test]
fn pasted_text_never_gives_an_order() {
    let mut desk = Desk::live();
    assert_eq!(desk.at(UiEvent::Paste("Ry".to_owned())), []);
    assert_eq!(desk.overlay(), None);
    desk.keys("A");
    desk.at(UiEvent::Paste("shop\n".to_owned()));
    assert_eq!(dialog(&mut desk).fields[0].text, "shop");
    desk.keys("\x1b/");
    desk.at(UiEvent::Paste("switch".to_owned()));
    assert_eq!(desk.app.ui().decisions.filter, "switch");
}

#[test]
fn what_cannot_be_ordered_is_answered_at_once() {
    let mut desk = Desk::live();
    desk.seconds(10, FAILING);
    desk.keys("E");
    assert_eq!(desk.overlay(), None);
    assert_eq!(desk.message().as_deref(), Some("not now: the rollback has already begun"));
}

#[test]
fn a_dialog_closes_when_it_is_void() {
    let mut desk = Desk::live();
    desk.keys("A");
    desk.ordered("pause");
    assert_eq!(desk.overlay(), None);
    assert_eq!(desk.message().as_deref(), Some("closed: automatic rollback is paused now"));
    desk.keys("A");
    desk.wait(30_000);
    assert_eq!(desk.overlay(), None);
    assert_eq!(desk.message().as_deref(), Some("closed unanswered after 30s"));
    desk.wait(6_000);
    assert_eq!(desk.message(), None, "a message goes by itself");
}

#[test]
fn leaving_asks_while_a_soak_runs() {
    let mut desk = Desk::live();
    assert_eq!(desk.keys("q"), []);
    assert_eq!(desk.asks().as_deref(), Some("Leave shop while its soak runs?"));
    assert_eq!(desk.keys("s"), []);
    assert_eq!(desk.overlay(), None);
    assert_eq!(desk.keys("q\n"), [Effect::Leave], "detaching is the default");
    assert_eq!(desk.keys("qd"), [Effect::Leave]);
    assert_eq!(desk.keys("q→→\n"), [], "the last one stays");
    assert_eq!(desk.keys("qa"), []);
    assert_eq!(desk.asks().as_deref(), Some("Abort the soak?"), "that takes the net away: asked again");
}

#[test]
fn leaving_asks_nothing_where_nothing_could_be_lost() {
    let mut over = Desk::live();
    over.ordered("abort");
    assert_eq!(over.keys("q"), [Effect::Leave]);
    let only_reads = App::new(UiState { read_only: true, ..ui() }, None);
    assert_eq!(Desk::new(only_reads).keys("q"), [Effect::Leave]);
    let menu = FaultMenu { items: vec!["healthy".to_owned()], current: None };
    assert_eq!(Desk::new(App::new(ui(), None).with_faults(menu)).keys("q"), [Effect::Leave]);
    assert_eq!(replay().keys("q"), [Effect::Leave]);
    let mut silent = App::new(ui(), None);
    let q = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::NONE);
    assert_eq!(silent.handle(UiEvent::Key(q), 0), [Effect::Leave], "the monitor has not said a word");
}

#[test]
fn the_question_goes_when_the_soak_is_over() {
    let mut desk = Desk::live();
    desk.keys("q");
    desk.ordered("abort");
    assert_eq!(desk.overlay(), None);
}

#[test]
fn control_c_is_q_and_twice_at_once_detaches() {
    let mut desk = Desk::live();
    assert_eq!(desk.ctrl('c'), []);
    assert!(desk.asks().is_some());
    desk.now_ms += 2_000;
    assert_eq!(desk.ctrl('c'), [Effect::Leave]);
    let mut desk = Desk::live();
    desk.keys("A");
    desk.ctrl('c');
    assert_eq!(desk.asks().as_deref(), Some("Leave shop while its soak runs?"), "whatever was open");
    desk.keys("\x1b");
    desk.now_ms += 2_001;
    assert_eq!(desk.ctrl('c'), [], "too late for twice");
}

#[test]
fn escape_closes_the_top_layer_and_never_the_program() {
    for opens in ["?", "\n", "/", ":", "H", "L", "q", "A", "R", "P", "E", "K"] {
        let mut desk = Desk::live();
        let effects = desk.keys(opens);
        assert!(effects.iter().all(|effect| matches!(effect, Effect::Read(_))), "{effects:?}");
        assert_eq!(desk.keys("\x1b"), [], "{opens:?}");
        assert_eq!(desk.overlay(), None, "{opens:?}");
        assert!(!desk.app.ui().decisions.typing);
        assert_eq!(desk.keys("\x1b\x1b\x1b"), [], "{opens:?}");
    }
}

#[test]
fn a_client_that_only_reads_orders_nothing() {
    let mut desk = Desk::new(App::new(UiState { read_only: true, ..ui() }, None));
    assert_eq!(desk.keys("RyAKPE\x1b"), []);
    assert!(!desk.hints().contains('R'));
}

#[test]
fn the_help_scrolls_and_closes() {
    let mut desk = Desk::live();
    desk.keys("?");
    let Some(Overlay::Help { rows, scroll: 0 }) = desk.overlay() else { panic!("no help") };
    desk.keys("jj↑");
    assert!(matches!(desk.overlay(), Some(Overlay::Help { scroll: 1, .. })));
    desk.keys("G⇟⇟");
    assert!(matches!(desk.overlay(), Some(Overlay::Help { scroll, .. }) if scroll == rows.len() - 1));
    desk.keys("⇞g");
    assert!(matches!(desk.overlay(), Some(Overlay::Help { scroll: 0, .. })));
    desk.keys("?");
    assert_eq!(desk.overlay(), None);
}

#[test]
fn the_demo_s_faults_can_be_changed() {
    let items = ["healthy", "8% errors", "outage"].map(str::to_owned).to_vec();
    let mut desk = Desk::new(App::new(ui(), None).with_faults(FaultMenu { items, current: Some(0) }));
    desk.keys("w");
    assert!(matches!(desk.overlay(), Some(Overlay::Faults(view)) if view.selected == 0 && view.current == Some(0)));
    assert_eq!(desk.keys("jjj\n"), [Effect::ChangeFault(2)]);
    assert_eq!(desk.overlay(), None);
    desk.keys("w");
    assert!(matches!(desk.overlay(), Some(Overlay::Faults(view)) if view.selected == 2 && view.current == Some(2)));
    desk.keys("q");
    assert_eq!(desk.overlay(), None);
    assert_eq!(desk.keys("w9"), [], "there are three");
    assert_eq!(desk.keys("2"), [Effect::ChangeFault(1)], "by its number, at once");
    assert_eq!(desk.overlay(), None);
    let mut elsewhere = Desk::live();
    elsewhere.keys("w");
    assert_eq!(elsewhere.overlay(), None);
}
