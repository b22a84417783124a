//! Which part of the screen goes where, at which size.

use std::ops::RangeInclusive;

use ratatui::layout::Rect;

use super::{Pane, UiState, widgets};
use crate::core::view::Dashboard;

/// From this size on the numbers and the next step of an end stand in the header.
const LEADING: (u16, u16) = (80, 24);
/// From so many columns on evidence has a chart of its own, and from so many on routes and what is selected have panes.
const WIDE: u16 = 110;
const WIDEST: u16 = 170;
/// Columns of the status beside two charts.
const STATUS: RangeInclusive<u16> = 34..=50;
/// Columns of the right side, of the left side at least, and share of the whole width of the right one.
const RIGHT: RangeInclusive<u16> = 26..=58;
/// Rows of the chart below which nothing else may take from it.
const CHART: u16 = 5;
/// Rows of the decisions at most, and at least where they are shown.
const DECISIONS: (u16, u16) = (14, 4);
/// Rows of a body that has room for decisions.
const ROOMY: u16 = 18;
/// Rows of a body below which nothing is shown beside the outcome.
const LEFT_OVER: u16 = 6;
/// Rows of the instances below which they are left out.
const INSTANCES: u16 = 3;

/// The place of every part; an empty one has no place. Those of the panes have their frames in them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    pub header: Rect,
    pub footer: Rect,
    /// How the run ended.
    pub outcome: Rect,
    pub chart: Rect,
    pub evidence: Rect,
    pub status: Rect,
    pub checks: Rect,
    pub instances: Rect,
    pub routes: Rect,
    pub decisions: Rect,
    /// What is known of the selected row.
    pub selected: Rect,
}

impl Layout {
    /// The places in an area that is not smaller than [`SMALLEST`](super::SMALLEST).
    pub fn of(area: Rect, dashboard: &Dashboard, ui: &UiState, now_ms: u64) -> Self {
        let (above, footer) = split_rows(area, 1);
        let beneath =
            if area.width < LEADING.0 || area.height < LEADING.1 { 0 } else { header_rows(dashboard, ui, area.width) };
        let (header, body) = split_rows(above, above.height - 1 - beneath);
        // After the end the answer stands first, and has all the rows that it wants.
        let wanted = widgets::outcome_rows(dashboard, body.width, beneath > 0).unwrap_or(0);
        let wanted = if wanted + LEFT_OVER > body.height { body.height * wanted.min(1) } else { wanted };
        let (outcome, body) = split_rows(body, body.height.saturating_sub(wanted));
        let fixed = Self { header, footer, outcome, ..Self::default() };
        match body {
            Rect { height: 0, .. } => fixed,
            Rect { width: WIDE.., .. } => fixed.wide(body, dashboard, ui, now_ms),
            _ => fixed.narrow(body, dashboard, ui, now_ms),
        }
    }

    /// Chart, evidence and status beside each other; below them checks and instances; at the bottom the decisions.
    fn wide(self, body: Rect, dashboard: &Dashboard, ui: &UiState, now_ms: u64) -> Self {
        let status_width = (body.width / 4).clamp(*STATUS.start(), *STATUS.end());
        let status_rows = widgets::status_rows(dashboard, ui, now_ms, status_width);
        let (decisions, lists) = wide_rows(body.height, status_rows.max(CHART), list_rows(dashboard));
        let (above, bottom) = split_rows(body, decisions);
        let (top, middle) = split_rows(above, lists);
        let (charts, status) = split_columns(top, status_width);
        let (chart, evidence) = split_columns(charts, charts.width * 2 / 5);
        let (checks, rest) = split_columns(middle, middle.width / 2);
        let placed = Self { chart, evidence, status, checks, ..self };
        if body.width < WIDEST {
            return Self { decisions: bottom, ..placed.with_rows(rest, ui) };
        }
        let (instances, routes) = split_columns(rest, rest.width * 2 / 5);
        let (decisions, selected) = split_columns(bottom, bottom.width * 2 / 5);
        Self { instances, routes, decisions, selected, ..placed }
    }

    /// The chart above the checks, and beside them the status above the instances; at the bottom the decisions.
    fn narrow(self, body: Rect, dashboard: &Dashboard, ui: &UiState, now_ms: u64) -> Self {
        let (top, decisions) = split_rows(body, decision_rows(body.height, check_rows(dashboard)));
        let (left, right) = split_columns(top, (body.width * 2 / 5).clamp(*RIGHT.start(), *RIGHT.end()));
        // As many checks as there is room for, and one with its frame in any case; none in what the outcome has left over.
        let room = left.height.saturating_sub(CHART);
        let rows = if left.height < CHART + 4 { 0 } else { check_rows(dashboard).min(room.max(4)) };
        let (chart, checks) = split_rows(left, rows);
        let wanted = widgets::status_rows(dashboard, ui, now_ms, right.width).min(right.height);
        let rows = right.height - wanted;
        let (status, rows) = split_rows(right, if rows < INSTANCES { 0 } else { rows });
        Self { chart, status, checks, decisions, ..self }.with_rows(rows, ui)
    }

    /// Instances and routes share a place.
    const fn with_rows(self, place: Rect, ui: &UiState) -> Self {
        match ui.focus {
            Pane::Routes => Self { routes: place, ..self },
            _ => Self { instances: place, ..self },
        }
    }
}

/// Rows of the header below its first.
fn header_rows(dashboard: &Dashboard, ui: &UiState, width: u16) -> u16 {
    u16::try_from(widgets::beneath(dashboard, ui, width).len()).unwrap_or(0)
}

/// Rows of the decisions and of the lists above them, where the top wants so many and the lists so many.
fn wide_rows(body: u16, top: u16, lists: u16) -> (u16, u16) {
    let (most, least) = DECISIONS;
    let decisions = if body < ROOMY { 0 } else { (body / 3).clamp(least, most) };
    let left = body - decisions;
    // Room beyond what they want is the charts', but for a little that keeps the lists from being a slit.
    let lists = lists.max(left / 4).min(left.saturating_sub(top).max(left / 3));
    (decisions, if lists < INSTANCES { 0 } else { lists })
}

/// Rows that checks and instances want with their frames.
fn list_rows(dashboard: &Dashboard) -> u16 {
    let instances = dashboard.instances(dashboard.shown_color()).len();
    check_rows(dashboard).max(u16::try_from(instances).unwrap_or(u16::MAX).saturating_add(2))
}

/// Rows of the decisions: none in a small body, and fewer where many checks want to be seen.
fn decision_rows(body: u16, checks: u16) -> u16 {
    let (most, least) = DECISIONS;
    let left = body.saturating_sub(CHART + checks);
    if body < ROOMY { 0 } else { (body / 3).min(left).clamp(least, most) }
}

/// Rows of all checks with their frame, and of the line that blames somebody.
fn check_rows(dashboard: &Dashboard) -> u16 {
    let checks = u16::try_from(dashboard.checks().len()).unwrap_or(u16::MAX);
    checks.saturating_add(2 + u16::from(dashboard.attribution().is_some()))
}

/// An area without its last rows, and those rows.
const fn split_rows(area: Rect, last: u16) -> (Rect, Rect) {
    let last = if last < area.height { last } else { area.height };
    let first = area.height - last;
    (Rect { height: first, ..area }, Rect { y: area.y + first, height: last, ..area })
}

/// An area without its last columns, and those columns.
const fn split_columns(area: Rect, last: u16) -> (Rect, Rect) {
    let last = if last < area.width { last } else { area.width };
    let first = area.width - last;
    (Rect { width: first, ..area }, Rect { x: area.x + first, width: last, ..area })
}
