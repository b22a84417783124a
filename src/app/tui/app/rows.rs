//! Moving over panes and rows.

use crate::app::tui::Pane;
use crate::app::tui::keys::{Command, Key};

use super::state::{App, Layer};

/// Rows of a page.
const PAGE: usize = 10;

/// The row that a command leads to, from 0 to `last`; none for one that closes what the rows are in.
pub(super) fn moved(command: Option<Command>, row: usize, last: usize) -> Option<usize> {
    let to = match command {
        Some(Command::Close) => return None,
        Some(Command::Up) => row.saturating_sub(1),
        Some(Command::Down) => row.saturating_add(1),
        Some(Command::PageUp) => row.saturating_sub(PAGE),
        Some(Command::PageDown) => row.saturating_add(PAGE),
        Some(Command::Top) => 0,
        Some(Command::Bottom) => last,
        _ => row,
    };
    Some(to.min(last))
}

/// The first row that is shown of so many; none for a command that closes.
pub(super) fn scrolled(command: Option<Command>, first: usize, rows: usize) -> Option<usize> {
    moved(command, first, rows.saturating_sub(1))
}

impl App {
    pub(super) fn move_on_panes(&mut self, command: Command, key: Key) {
        let dashboard = self.dashboard.as_ref();
        let checks = dashboard.map_or(0, |dashboard| dashboard.machine().checks().len());
        let shown = dashboard.map_or(0, |dashboard| self.ui.shown_check(dashboard));
        match command {
            Command::Next => self.focus(1),
            Command::Previous => self.focus(Pane::ALL.len() - 1),
            Command::NextCheck if checks > 0 => self.ui.check = Some((shown + 1) % checks),
            Command::PreviousCheck if checks > 0 => self.ui.check = Some((shown + checks - 1) % checks),
            Command::Check => {
                // The keyboard's order: 0 comes after 9.
                let place = (usize::from(key.digit().unwrap_or(0)) + 9) % 10;
                if place < checks {
                    self.ui.check = Some(place);
                }
            }
            _ => match self.ui.focus {
                Pane::Checks => {
                    self.ui.check = moved(Some(command), shown, checks.saturating_sub(1));
                }
                Pane::Instances => self.scroll_instances(command),
                Pane::Decisions => self.select_decision(command),
            },
        }
    }

    fn focus(&mut self, by: usize) {
        let at = Pane::ALL.iter().position(|pane| *pane == self.ui.focus).unwrap_or(0);
        self.ui.focus = Pane::ALL[(at + by) % Pane::ALL.len()];
    }

    fn scroll_instances(&mut self, command: Command) {
        let Some(dashboard) = &self.dashboard else { return };
        let instances = dashboard.instances(dashboard.shown_color()).len();
        self.ui.instances_from = scrolled(Some(command), self.ui.instances_from, instances).unwrap_or(0);
    }

    /// The numbers of the decisions that are listed, oldest first.
    fn listed(&self) -> Vec<u64> {
        let shown = self.frozen.as_ref().map(|(dashboard, _)| dashboard).or(self.dashboard.as_ref());
        let Some(dashboard) = shown else { return Vec::new() };
        dashboard.decisions(&self.ui.decisions.filter).map(|decided| decided.number).collect()
    }

    /// Selects another decision; from the last one down, and at the end, the list follows the newest again.
    fn select_decision(&mut self, command: Command) {
        let listed = self.listed();
        let place = self.ui.decisions.selected.and_then(|number| listed.iter().position(|it| *it == number));
        let row = place.unwrap_or(listed.len());
        let to = moved(Some(command), row, listed.len()).unwrap_or(row);
        self.ui.decisions.selected = listed.get(to).copied();
    }

    /// Opens the selected decision, or the newest.
    pub(super) fn open_decision(&mut self) {
        let listed = self.listed();
        let selected = self.ui.decisions.selected.filter(|number| listed.contains(number));
        if let Some(number) = selected.or(listed.last().copied()) {
            self.layer = Some(Layer::Detail { number });
        }
    }

    /// Up and down lead to the decisions around this one.
    pub(super) fn on_detail(&mut self, command: Option<Command>, number: u64) -> Option<Layer> {
        if matches!(command, Some(Command::Close | Command::Enter)) {
            return None;
        }
        let listed = self.listed();
        let place = listed.iter().position(|it| *it == number)?;
        let number = listed.get(moved(command, place, listed.len() - 1)?).copied()?;
        self.ui.decisions.selected = Some(number);
        Some(Layer::Detail { number })
    }
}
