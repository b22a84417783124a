//! Moving over panes and rows.

use crate::app::tui::keys::{Command, Key};
use crate::app::tui::widgets::subject;
use crate::app::tui::{Pane, Subject};

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
                Pane::Instances => {
                    self.ui.instance =
                        moved(Some(command), self.ui.instance, self.instances().saturating_sub(1)).unwrap_or(0);
                }
                Pane::Routes => {
                    let last = self.routes().saturating_sub(1);
                    self.ui.route = moved(Some(command), self.ui.route, last).unwrap_or(0);
                }
                Pane::Decisions => self.select_decision(command),
            },
        }
    }

    fn focus(&mut self, by: usize) {
        let at = Pane::ALL.iter().position(|pane| *pane == self.ui.focus).unwrap_or(0);
        self.ui.focus = Pane::ALL[(at + by) % Pane::ALL.len()];
    }

    fn instances(&self) -> usize {
        self.dashboard.as_ref().map_or(0, |dashboard| dashboard.instances(dashboard.shown_color()).len())
    }

    fn routes(&self) -> usize {
        self.dashboard.as_ref().map_or(0, |dashboard| dashboard.machine().failed_routes().len())
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

    /// Opens all that is known of the row that is selected in the focused pane.
    pub(super) fn open_detail(&mut self) {
        let shown = self.frozen.as_ref().map(|(dashboard, _)| dashboard).or(self.dashboard.as_ref());
        let subject = shown.and_then(|dashboard| subject(dashboard, &self.ui));
        if let Some(Subject::Decision(number)) = subject {
            self.ui.decisions.selected = Some(number);
        }
        self.layer = subject.map(Layer::Detail);
    }

    /// Moving leads to the rows around this one.
    pub(super) fn on_detail(&mut self, command: Option<Command>, key: Key) {
        match command {
            Some(Command::Close | Command::Enter) => {}
            Some(command) => {
                self.move_on_panes(command, key);
                self.open_detail();
            }
            None => self.open_detail(),
        }
    }
}
