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

/// The rows of the help: all keys of this context and of what can open above its panes. A row without keys is a heading;
/// keys that do the same share a row.
pub fn help(scope: Scope) -> Vec<HelpRow> {
    let reachable = reachable(scope.context);
    // After the end every order but a rollback is answered with why it comes too late: that is no use of a key.
    let late = |binding: &&Binding| {
        scope.context == Context::Over && binding.command.orders() && binding.command != Command::RollBack
    };
    let all = BINDINGS.iter().filter(|binding| scope.has(binding.command) && !late(binding));
    let all: Vec<_> = all.filter(|binding| binding.within.iter().any(|within| reachable.contains(within))).collect();
    let mut rows = Vec::new();
    for section in [Section::Orders, Section::Panes, Section::Above] {
        let mut bindings = all.iter().filter(|binding| section == Section::of(binding, scope.context)).peekable();
        if bindings.peek().is_some() {
            rows.push(HelpRow { keys: String::new(), text: section.heading().to_owned() });
        }
        rows.extend(grouped(bindings.copied()));
    }
    rows
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Orders,
    Panes,
    Above,
}

impl Section {
    fn of(binding: &Binding, context: Context) -> Self {
        match binding.within.contains(&context) {
            true if binding.command.orders() => Self::Orders,
            true => Self::Panes,
            false => Self::Above,
        }
    }

    const fn heading(self) -> &'static str {
        match self {
            Self::Orders => "Orders",
            Self::Panes => "Screen",
            Self::Above => "Above the panes",
        }
    }
}

/// The contexts that can be come to from this one.
const fn reachable(context: Context) -> &'static [Context] {
    match context {
        Context::Over => {
            &[Context::Over, Context::Help, Context::Detail, Context::Filter, Context::Dialog, Context::Confirm]
        }
        Context::Replay => &[Context::Replay, Context::Help, Context::Detail, Context::Filter],
        _ => &[
            Context::Live,
            Context::Help,
            Context::Detail,
            Context::Filter,
            Context::Weather,
            Context::Dialog,
            Context::Confirm,
            Context::Quit,
        ],
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
