//! Which key does what, on the list itself. What lies above it takes keys of its own, which it shows.

use crate::app::tui::keys::Key;
use crate::app::tui::{HelpRow, Hint};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    RollBack,
    Pause,
    Abort,
    Attach,
    Mark,
    MarkAll,
    Filter,
    Up,
    Down,
    PageUp,
    PageDown,
    Top,
    Bottom,
    Back,
    Save,
    Theme,
    Mouse,
    Redraw,
    Suspend,
    Help,
    Leave,
    Interrupt,
}

impl Command {
    /// Whether it orders something from the monitors.
    pub const fn orders(self) -> bool {
        matches!(self, Self::RollBack | Self::Pause | Self::Abort)
    }
}

struct Binding {
    key: Key,
    command: Command,
    /// Its words in the footer, if it has a place there.
    hint: Option<&'static str>,
    help: &'static str,
}

const fn shown(key: Key, command: Command, hint: &'static str, help: &'static str) -> Binding {
    Binding { key, command, hint: Some(hint), help }
}

const fn bind(key: Key, command: Command, help: &'static str) -> Binding {
    Binding { key, command, hint: None, help }
}

/// In the order of the footer and of the help.
const BINDINGS: &[Binding] = &[
    shown(Key::Enter, Command::Attach, "open", "open the soak; Esc comes back"),
    shown(Key::Char('/'), Command::Filter, "filter", "show only rows with all words that are typed"),
    shown(Key::Char(' '), Command::Mark, "mark", "mark the row, or take the mark back"),
    bind(Key::Char('*'), Command::MarkAll, "mark all rows that are shown, or none"),
    shown(Key::Char('R'), Command::RollBack, "roll back", "roll back the marked soaks, or the selected one"),
    shown(Key::Char('P'), Command::Pause, "pause", "turn automatic rollback off, or on again"),
    shown(Key::Char('A'), Command::Abort, "abort", "abort the soaks: the releases stay, unjudged"),
    bind(Key::Up, Command::Up, "a row up or down"),
    bind(Key::Char('k'), Command::Up, "a row up or down"),
    bind(Key::Down, Command::Down, "a row up or down"),
    bind(Key::Char('j'), Command::Down, "a row up or down"),
    bind(Key::PageUp, Command::PageUp, "a page up or down"),
    bind(Key::PageDown, Command::PageDown, "a page up or down"),
    bind(Key::Char('g'), Command::Top, "the worst row, and stay with the worst"),
    bind(Key::Home, Command::Top, "the worst row, and stay with the worst"),
    bind(Key::Char('G'), Command::Bottom, "the last row"),
    bind(Key::End, Command::Bottom, "the last row"),
    bind(Key::Esc, Command::Back, "one step back: filter, marks, selection"),
    bind(Key::Char('m'), Command::Mouse, "mouse on or off: wheel and click"),
    bind(Key::Char('s'), Command::Save, "save the screen as SVG and text"),
    bind(Key::Char('t'), Command::Theme, "the next theme: dark, light, color-blind, mono"),
    bind(Key::Ctrl('l'), Command::Redraw, "redraw"),
    bind(Key::Ctrl('z'), Command::Suspend, "suspend this client; the monitors continue"),
    shown(Key::Char('?'), Command::Help, "help", "this help"),
    shown(Key::Char('q'), Command::Leave, "quit", "quit; all soaks continue"),
    bind(Key::Ctrl('c'), Command::Interrupt, "the same as q"),
];

fn usable(read_only: bool) -> impl Iterator<Item = &'static Binding> {
    BINDINGS.iter().filter(move |binding| !(read_only && binding.command.orders()))
}

pub fn command(key: Key, read_only: bool) -> Option<Command> {
    usable(read_only).find(|binding| binding.key == key).map(|binding| binding.command)
}

/// The key of that name, as the footer has it.
pub fn named(name: &str) -> Option<Key> {
    BINDINGS.iter().map(|binding| binding.key).find(|key| key.to_string() == name)
}

pub fn hints(read_only: bool) -> Vec<Hint> {
    let hint = |binding: &Binding| Some(Hint { key: binding.key.to_string(), label: binding.hint?.to_owned() });
    usable(read_only).filter_map(hint).collect()
}

/// Keys that do the same share a row.
pub fn help(read_only: bool) -> Vec<HelpRow> {
    let mut rows: Vec<HelpRow> = Vec::new();
    for binding in usable(read_only) {
        match rows.iter_mut().find(|row| row.text == binding.help) {
            Some(row) => row.keys = format!("{}, {}", row.keys, binding.key),
            None => rows.push(HelpRow { keys: binding.key.to_string(), text: binding.help.to_owned() }),
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_and_orders_need_the_right_to_give_them() {
        for (at, binding) in BINDINGS.iter().enumerate() {
            assert!(BINDINGS[at + 1..].iter().all(|other| other.key != binding.key), "{}", binding.key);
            assert_eq!(command(binding.key, true).is_none(), binding.command.orders(), "{}", binding.key);
            assert_eq!(named(&binding.key.to_string()), Some(binding.key));
        }
        assert_eq!(hints(true).len() + 3, hints(false).len());
    }

    #[test]
    fn the_documentation_has_every_key() {
        let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/backend/fleet.md")).unwrap();
        for row in help(false) {
            let keys = row.keys.split(", ").map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
            assert!(page.contains(&format!("| {keys} | {} |", row.text)), "{keys}: {}", row.text);
        }
    }
}
