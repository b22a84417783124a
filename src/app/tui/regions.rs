//! Where on the screen what is, for the mouse.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::layout::Layout;
use super::widgets::Above;
use super::{Pane, SMALLEST, UiState, widgets};
use crate::core::view::Dashboard;

/// What can be pointed at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Regions {
    pub panes: Vec<(Pane, Rect)>,
    /// The rows of checks, by their place.
    pub checks: Vec<(usize, Rect)>,
    /// The rows of decisions, by their number.
    pub decisions: Vec<(u64, Rect)>,
    /// The rows of instances and of routes, by their place.
    pub instances: Vec<(usize, Rect)>,
    pub routes: Vec<(usize, Rect)>,
    /// The hints of the footer, by their key.
    pub hints: Vec<(String, Rect)>,
    /// What lies above all that.
    pub above: Option<Above>,
}

/// Where everything is that [`draw`](super::draw) draws into this area.
pub fn regions(area: Rect, dashboard: &Dashboard, ui: &UiState, now_ms: u64) -> Regions {
    let mut scratch = Buffer::empty(area);
    let above = widgets::overlay(&mut scratch, area, dashboard, ui, now_ms);
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        return Regions { above, ..Regions::default() };
    }
    let at = Layout::of(area, dashboard, ui, now_ms);
    let hints = widgets::footer(&mut scratch, at.footer, ui);
    let panes = [
        (Pane::Checks, at.checks),
        (Pane::Instances, at.instances),
        (Pane::Routes, at.routes),
        (Pane::Decisions, at.decisions),
    ];
    Regions {
        panes: panes.into_iter().filter(|(_, area)| !area.is_empty()).collect(),
        checks: check_places(inside(at.checks), dashboard, ui),
        decisions: decision_numbers(inside(at.decisions), dashboard, ui),
        instances: listed(inside(at.instances), ui.instance, dashboard.instances(dashboard.shown_color()).len()),
        routes: listed(inside(at.routes), ui.route, dashboard.machine().failed_routes().len()),
        hints,
        above,
    }
}

/// An area without its frame.
const fn inside(area: Rect) -> Rect {
    let (width, height) = (area.width.saturating_sub(2), area.height.saturating_sub(2));
    Rect { x: area.x + 1, y: area.y + 1, width, height }
}

fn check_places(area: Rect, dashboard: &Dashboard, ui: &UiState) -> Vec<(usize, Rect)> {
    let rows = area.height.saturating_sub(u16::from(dashboard.attribution().is_some()));
    let from = (ui.shown_check(dashboard) + 1).saturating_sub(usize::from(rows.max(1)));
    (from..dashboard.checks().len()).zip(rows_of(Rect { height: rows, ..area })).collect()
}

/// The rows of a list in which one of so many is selected.
fn listed(area: Rect, selected: usize, length: usize) -> Vec<(usize, Rect)> {
    let from = widgets::first_row(selected.min(length.saturating_sub(1)), usize::from(area.height));
    (from..length).zip(rows_of(area)).collect()
}

fn decision_numbers(area: Rect, dashboard: &Dashboard, ui: &UiState) -> Vec<(u64, Rect)> {
    let list = &ui.decisions;
    let numbers: Vec<u64> = dashboard.decisions(&list.filter).map(|decided| decided.number).collect();
    let rows = usize::from(area.height);
    let bottom = numbers.len().saturating_sub(rows);
    let selected = list.selected.and_then(|number| numbers.iter().position(|known| *known == number));
    let from = selected.map_or(bottom, |at| at.saturating_sub(rows / 2).min(bottom));
    numbers.into_iter().skip(from).zip(rows_of(area)).collect()
}

fn rows_of(area: Rect) -> impl Iterator<Item = Rect> {
    (area.y..area.bottom()).map(move |y| Rect { y, height: 1, ..area })
}
