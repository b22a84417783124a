//! Footer and help, generated from the bindings.

use crate::app::tui::{HelpRow, Hint};

use super::bindings::{BINDINGS, Binding, Command, Context, Scope};

/// The keys of the footer, most useful first. `label` makes a command's words of now from its usual ones; none leaves it out.
pub fn hints(scope: Scope, label: impl Fn(Command, &'static str) -> Option<&'static str>) -> Vec<Hint> {
    let here = BINDINGS.iter().filter(|binding| binding.within.contains(&scope.context) && scope.has(binding.command));
    let hint = |binding: &Binding| {
        let label = label(binding.command, binding.hint?)?.to_owned();
        Some(Hint { key: binding.key.to_string(), label })
    };
    here.filter_map(hint).collect()
}

/// The rows of the help: the keys of the panes in this context. What lies above them shows its own. A row without keys is a
/// heading; keys that do the same share a row.
pub fn help(scope: Scope) -> Vec<HelpRow> {
    let here = BINDINGS.iter().filter(|binding| binding.within.contains(&scope.context) && is_of_use(scope, binding));
    let here: Vec<_> = here.collect();
    let mut rows = Vec::new();
    for section in [Section::Orders, Section::Screen] {
        let mut bindings = here.iter().filter(|binding| section == Section::of(binding)).peekable();
        if bindings.peek().is_some() {
            rows.push(HelpRow { keys: String::new(), text: section.heading().to_owned() });
        }
        rows.extend(grouped(bindings.copied()));
    }
    rows
}

/// Whether a key does more here than to be answered with why it does nothing.
fn is_of_use(scope: Scope, binding: &Binding) -> bool {
    let takes_orders = !scope.read_only && scope.context != Context::Replay;
    let too_late = scope.context == Context::Over && binding.command.orders() && binding.command != Command::RollBack;
    scope.has(binding.command) && !too_late && (takes_orders || binding.command != Command::Order)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Orders,
    Screen,
}

impl Section {
    const fn of(binding: &Binding) -> Self {
        if binding.command.orders() || matches!(binding.command, Command::Order) { Self::Orders } else { Self::Screen }
    }

    const fn heading(self) -> &'static str {
        match self {
            Self::Orders => "Orders",
            Self::Screen => "Screen",
        }
    }
}

/// One row for all keys that do the same.
fn grouped<'a>(bindings: impl Iterator<Item = &'a Binding>) -> Vec<HelpRow> {
    let mut rows: Vec<HelpRow> = Vec::new();
    for binding in bindings {
        match rows.iter_mut().find(|row| row.text == binding.help) {
            Some(row) => row.keys = format!("{}, {}", row.keys, binding.key),
            None => rows.push(HelpRow { keys: binding.key.to_string(), text: binding.help.to_owned() }),
        }
    }
    rows
}
