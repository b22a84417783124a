use std::collections::BTreeSet;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::bindings::BINDINGS;
use super::*;
use crate::app::tui::HelpRow;

const fn scope(context: Context) -> Scope {
    Scope { context, read_only: false, demo: true }
}

fn key(code: KeyCode, modifiers: KeyModifiers) -> Option<Key> {
    Key::of(KeyEvent::new(code, modifiers))
}

#[test]
fn keys_mean_what_the_design_says() {
    use Context::{Confirm, Dialog, Filter, Help, Live, Over, Quit, Replay};
    for (context, pressed, wanted) in [
        (Live, Key::Char('R'), Some(Command::RollBack)),
        (Live, Key::Char('A'), Some(Command::Abort)),
        (Live, Key::Char('K'), Some(Command::Keep)),
        (Live, Key::Char('P'), Some(Command::Pause)),
        (Live, Key::Char('E'), Some(Command::Extend)),
        (Live, Key::Char('a'), None),
        (Live, Key::Char('r'), None),
        (Live, Key::Char(' '), Some(Command::Freeze)),
        (Live, Key::Char('2'), Some(Command::Check)),
        (Live, Key::Tab, Some(Command::Next)),
        (Live, Key::Char('w'), Some(Command::Faults)),
        (Live, Key::Char('t'), Some(Command::Theme)),
        (Over, Key::Char('t'), Some(Command::Theme)),
        (Replay, Key::Char('t'), Some(Command::Theme)),
        (Filter, Key::Char('t'), None),
        (Live, Key::Esc, Some(Command::Back)),
        (Live, Key::Char(':'), Some(Command::Order)),
        (Context::Order, Key::Tab, Some(Command::Complete)),
        (Context::Order, Key::Char('q'), None),
        (Context::Faults, Key::Char('3'), Some(Command::Choose)),
        (Live, Key::Ctrl('c'), Some(Command::Interrupt)),
        (Over, Key::Char('R'), Some(Command::RollBack)),
        (Over, Key::Char('q'), Some(Command::Leave)),
        (Replay, Key::Char(' '), Some(Command::PlayPause)),
        (Replay, Key::Char('0'), Some(Command::Seek)),
        (Replay, Key::Tab, Some(Command::NextCheck)),
        (Replay, Key::Left, Some(Command::SeekBack)),
        (Replay, Key::Char('A'), None),
        (Confirm, Key::Char('y'), Some(Command::Yes)),
        (Confirm, Key::Char('Y'), None),
        (Dialog, Key::Char('y'), None),
        (Dialog, Key::Char('q'), None),
        (Dialog, Key::Ctrl('z'), Some(Command::Suspend)),
        (Filter, Key::Char('?'), None),
        (Filter, Key::Enter, Some(Command::Enter)),
        (Help, Key::Char('q'), Some(Command::Close)),
        (Quit, Key::Enter, Some(Command::Enter)),
        (Quit, Key::Char('d'), Some(Command::Detach)),
    ] {
        assert_eq!(command(scope(context), pressed), wanted, "{context:?} {pressed}");
    }
}

#[test]
fn no_two_bindings_clash_where_both_are_meant() {
    for context in Context::ALL {
        let here: Vec<_> = BINDINGS.iter().filter(|binding| binding.within.contains(&context)).collect();
        for (at, binding) in here.iter().enumerate() {
            for other in &here[at + 1..] {
                let clash = binding.key.takes(other.key) || other.key.takes(binding.key);
                assert!(!clash, "{context:?}: {} is {:?} and {:?}", binding.key, binding.command, other.command);
            }
        }
    }
}

#[test]
fn every_context_has_a_way_out() {
    for context in Context::ALL {
        let here = BINDINGS.iter().filter(|binding| binding.within.contains(&context));
        let out = here.filter(|row| matches!(row.command, Command::Close | Command::Leave | Command::Interrupt));
        assert!(out.count() >= 2, "{context:?}");
    }
}

#[test]
fn the_help_lists_every_key_of_the_panes_and_no_other() {
    let listed: BTreeSet<(String, String)> = [Context::Live, Context::Over, Context::Replay]
        .into_iter()
        .flat_map(|context| help(scope(context)))
        .flat_map(|row| row.keys.split(", ").map(|key| (key.to_owned(), row.text.clone())).collect::<Vec<_>>())
        .collect();
    let panes = [Context::Live, Context::Over, Context::Replay];
    for binding in BINDINGS {
        let row = (binding.key.to_string(), binding.help.to_owned());
        let wanted = binding.within.iter().any(|within| panes.contains(within));
        assert_eq!(listed.contains(&row), wanted, "{row:?}");
    }
    let rows = help(Scope { demo: false, ..scope(Context::Live) }).len();
    assert!(rows <= 30, "{rows} rows are no short help");
}

#[test]
fn the_help_shows_orders_first_and_only_what_can_be_done() {
    let live = help(scope(Context::Live));
    assert_eq!(live[0], HelpRow { keys: String::new(), text: "Orders".to_owned() });
    assert_eq!(live[1].keys, "A");
    assert!(live.iter().any(|row| row.keys == "Up, k, Down, j"), "{live:?}");
    let over = help(scope(Context::Over));
    assert_eq!(
        (over[1].keys.as_str(), over[2].keys.as_str(), over[3].text.as_str()),
        ("R", ":", "Screen"),
        "the others come too late after the end"
    );
    let replay = help(scope(Context::Replay));
    assert_eq!(replay[0].text, "Screen");
    assert!(!replay.iter().any(|row| row.keys == "R" || row.keys == "y"), "{replay:?}");
}

#[test]
fn the_page_of_the_terminal_ui_lists_every_key_of_the_panes() {
    let page = include_str!("../../../../docs/backend/terminal.md");
    for context in [Context::Live, Context::Replay] {
        let rows = help(Scope { demo: false, ..scope(context) });
        for row in rows.iter().filter(|row| !row.keys.is_empty()) {
            let line = format!("| `{}` | {} |", row.keys, row.text);
            assert!(page.lines().any(|known| known == line), "docs/backend/terminal.md lacks this row:\n{line}");
        }
    }
}

#[test]
fn the_footer_shows_the_orders_then_the_view_then_the_way_out() {
    let shown = |scope| {
        let texts = hints(scope, |_, label| Some(label)).into_iter().map(|hint| format!("{} {}", hint.key, hint.label));
        texts.collect::<Vec<_>>().join("   ")
    };
    let live = Scope { demo: false, ..scope(Context::Live) };
    assert_eq!(
        shown(live),
        "A abort   R roll back   P pause   E extend   K keep now   Space pause view   Tab panes   ? help   \
         q leave"
    );
    assert_eq!(shown(Scope { read_only: true, ..live }), "Space pause view   Tab panes   ? help   q leave");
    assert!(shown(scope(Context::Live)).contains("w faults"));
    assert_eq!(
        shown(scope(Context::Replay)),
        "Space pause   0..9 seek   Left back   Right forward   - slower   + faster   Tab checks   ? help   q leave"
    );
}

#[test]
fn a_client_that_only_reads_has_no_orders() {
    let only_reads = Scope { read_only: true, ..scope(Context::Live) };
    assert!(!help(only_reads).iter().any(|row| row.keys == ":"));
    for pressed in ['A', 'R', 'P', 'E', 'K'] {
        assert_eq!(command(only_reads, Key::Char(pressed)), None, "{pressed}");
        assert!(!help(only_reads).iter().any(|row| row.keys == pressed.to_string()), "{pressed}");
    }
}

#[test]
fn keys_of_a_keyboard_have_their_names() {
    for (code, modifiers, name) in [
        (KeyCode::Char('R'), KeyModifiers::SHIFT, Some("R")),
        (KeyCode::Char(' '), KeyModifiers::NONE, Some("Space")),
        (KeyCode::Char('Z'), KeyModifiers::CONTROL, Some("Ctrl-Z")),
        (KeyCode::Char('c'), KeyModifiers::ALT, None),
        (KeyCode::Up, KeyModifiers::NONE, Some("Up")),
        (KeyCode::Down, KeyModifiers::NONE, Some("Down")),
        (KeyCode::Left, KeyModifiers::NONE, Some("Left")),
        (KeyCode::Right, KeyModifiers::NONE, Some("Right")),
        (KeyCode::PageUp, KeyModifiers::NONE, Some("PgUp")),
        (KeyCode::PageDown, KeyModifiers::NONE, Some("PgDn")),
        (KeyCode::Home, KeyModifiers::NONE, Some("Home")),
        (KeyCode::End, KeyModifiers::NONE, Some("End")),
        (KeyCode::Tab, KeyModifiers::NONE, Some("Tab")),
        (KeyCode::BackTab, KeyModifiers::SHIFT, Some("Shift-Tab")),
        (KeyCode::Enter, KeyModifiers::NONE, Some("Enter")),
        (KeyCode::Esc, KeyModifiers::NONE, Some("Esc")),
        (KeyCode::Backspace, KeyModifiers::NONE, Some("Backspace")),
        (KeyCode::F(1), KeyModifiers::NONE, None),
    ] {
        let name = name.map(str::to_owned);
        assert_eq!(key(code, modifiers).map(|key| key.to_string()), name, "{code:?}");
    }
    assert_eq!(Key::AnyDigit.to_string(), "0..9");
}

#[test]
fn only_digits_are_digits() {
    assert_eq!(Key::Char('7').digit(), Some(7));
    assert_eq!(Key::Char('x').digit(), None);
    assert_eq!(Key::Up.digit(), None);
}
