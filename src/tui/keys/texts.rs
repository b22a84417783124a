//! Footer and help, generated from the bindings.

use crate::tui::{HelpRow, Hint};

use super::bindings::{BINDINGS, Binding, Context, Scope};

/// The keys of the footer, most useful first.
pub fn hints(scope: Scope) -> Vec<Hint> {
    let here = BINDINGS.iter().filter(|binding| binding.within.contains(&scope.context) && scope.has(binding.command));
    here.filter_map(|binding| Some(Hint { key: binding.key.to_string(), label: binding.hint?.to_owned() })).collect()
}

/// The rows of the help: all keys of this context and of what can open above its panes. A row without keys is a heading;
/// keys that do the same share a row.
pub fn help(scope: Scope) -> Vec<HelpRow> {
    let reachable = reachable(scope.context);
    let all = BINDINGS.iter().filter(|binding| scope.has(binding.command));
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
        Context::Over => &[Context::Over, Context::Help, Context::Detail, Context::Filter],
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
