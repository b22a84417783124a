//! The whole screen: which pane goes where at which size.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::app::called::as_called;
use crate::core::view::Dashboard;

use super::{Pane, UiState, widgets};

/// The smallest size with panes; below it there is one line.
pub const SMALLEST: (u16, u16) = (60, 15);

/// From this size on the numbers and the next step of an end stand in the header.
const LEADING: (u16, u16) = (80, 24);
/// From so many columns on evidence has a chart of its own, and from so many on routes and what is selected have panes.
const WIDE: u16 = 110;
const WIDEST: u16 = 170;
/// Columns of the status beside two charts.
const STATUS: std::ops::RangeInclusive<u16> = 34..=50;
/// Columns of the right side, of the left side at least, and share of the whole width of the right one.
const RIGHT: std::ops::RangeInclusive<u16> = 26..=58;
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

/// Draws the run at `now_ms` (milliseconds since it began) as the operator looks at it. Draws into the whole frame, and
/// never panics, whatever its size.
pub fn draw(frame: &mut Frame, dashboard: &Dashboard, ui: &UiState, now_ms: u64) {
    let area = frame.area();
    render(frame.buffer_mut(), area, dashboard, ui, now_ms);
}

/// The same into a part of any buffer.
pub fn render(buffer: &mut Buffer, area: Rect, dashboard: &Dashboard, ui: &UiState, now_ms: u64) {
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        tiny(buffer, area, dashboard, ui, now_ms);
    } else {
        panes(buffer, area, dashboard, ui, now_ms);
    }
    widgets::overlay(buffer, area, dashboard, ui, now_ms);
    ui.charset.enforce(buffer);
}

/// One line: the phase, the verdict, and the size that is needed. After the end what to do next as well.
fn tiny(buffer: &mut Buffer, area: Rect, dashboard: &Dashboard, ui: &UiState, now_ms: u64) {
    let headline = dashboard.headline(now_ms);
    let line = Rect { height: area.height.min(1), ..area };
    buffer.set_style(line.intersection(buffer.area), ui.theme.banner(headline.tone));
    let verdict = dashboard.view().verdict();
    let (width, height) = SMALLEST;
    let next = dashboard.next_step().map(|next| as_called(&next).into_owned());
    let text = match &next {
        Some(next) if area.height < 2 => format!("{} next: {next}", headline.word),
        _ => format!("{} {verdict} needs {width}x{height}", headline.word),
    };
    widgets::write(buffer, line, &[Span::styled(text, ui.theme.strong())], ui);
    let next = next.map(|next| widgets::wrap(&format!("next: {next}"), area.width)).unwrap_or_default();
    for (row, text) in (1..area.height).zip(next) {
        let here = Rect { y: area.y + row, height: 1, ..area };
        widgets::write(buffer, here, &[Span::raw(text)], ui);
    }
}

fn panes(buffer: &mut Buffer, area: Rect, dashboard: &Dashboard, ui: &UiState, now_ms: u64) {
    let beneath =
        if area.width < LEADING.0 || area.height < LEADING.1 { 0 } else { header_rows(dashboard, ui, area.width) };
    let (header, body) = split_rows(Rect { height: area.height - 1, ..area }, area.height - 2 - beneath);
    widgets::header(buffer, header, dashboard, ui, now_ms);
    widgets::footer(buffer, Rect { y: body.bottom(), height: 1, ..area }, ui);
    // After the end the answer stands first, and has all the rows that it wants.
    let leads = beneath > 0;
    let wanted = widgets::outcome_rows(dashboard, body.width, leads).unwrap_or(0);
    let wanted = if wanted + LEFT_OVER > body.height { body.height * wanted.min(1) } else { wanted };
    let (outcome, body) = split_rows(body, body.height.saturating_sub(wanted));
    if wanted > 0 {
        widgets::outcome(buffer, outcome, dashboard, leads, ui, now_ms);
    }
    if body.height == 0 {
        return;
    }
    if body.width >= WIDE {
        wide(buffer, body, dashboard, ui, now_ms);
        return;
    }
    let (top, bottom) = split_rows(body, decision_rows(body.height, check_rows(dashboard)));
    let right_width = (area.width * 2 / 5).clamp(*RIGHT.start(), *RIGHT.end());
    let (left, right) = split_columns(top, right_width);
    left_side(buffer, left, dashboard, ui, now_ms);
    right_side(buffer, right, dashboard, ui, now_ms);
    if bottom.height > 0 {
        widgets::decisions(buffer, bottom, dashboard, ui);
    }
}

/// Rows of the header below its first.
fn header_rows(dashboard: &Dashboard, ui: &UiState, width: u16) -> u16 {
    u16::try_from(widgets::beneath(dashboard, ui, width).len()).unwrap_or(0)
}

/// Chart, evidence and status beside each other; below them checks and instances; at the bottom the decisions.
fn wide(buffer: &mut Buffer, area: Rect, dashboard: &Dashboard, ui: &UiState, now_ms: u64) {
    let checks = dashboard.checks();
    let Some(check) = checks.get(ui.shown_check(dashboard)) else { return };
    let status_width = (area.width / 4).clamp(*STATUS.start(), *STATUS.end());
    let status_rows = widgets::status_rows(dashboard, ui, now_ms, status_width);
    let (decisions, lists) = wide_rows(area.height, status_rows.max(CHART), list_rows(dashboard));
    let (above, bottom) = split_rows(area, decisions);
    let (top, middle) = split_rows(above, lists);
    let (charts, status) = split_columns(top, status_width);
    let (chart, evidence) = split_columns(charts, charts.width * 2 / 5);
    widgets::chart(buffer, chart, dashboard, check, ui, now_ms);
    widgets::evidence(buffer, evidence, dashboard, check, ui, now_ms);
    widgets::status(buffer, status, dashboard, ui, now_ms);
    if middle.height > 0 {
        let (left, rest) = split_columns(middle, middle.width / 2);
        widgets::checks(buffer, left, dashboard, ui, now_ms);
        if area.width >= WIDEST {
            let (instances, routes) = split_columns(rest, rest.width * 2 / 5);
            widgets::instances(buffer, instances, dashboard, ui, now_ms);
            widgets::routes(buffer, routes, dashboard, ui);
        } else if ui.focus == Pane::Routes {
            widgets::routes(buffer, rest, dashboard, ui);
        } else {
            widgets::instances(buffer, rest, dashboard, ui, now_ms);
        }
    }
    if bottom.height > 0 && area.width >= WIDEST {
        let (left, right) = split_columns(bottom, bottom.width * 2 / 5);
        widgets::decisions(buffer, left, dashboard, ui);
        widgets::selected(buffer, right, dashboard, ui, now_ms);
    } else if bottom.height > 0 {
        widgets::decisions(buffer, bottom, dashboard, ui);
    }
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
    checks.saturating_add(2 + u16::from(dashboard.blame().is_some()))
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

/// The chart above the checks.
fn left_side(buffer: &mut Buffer, area: Rect, dashboard: &Dashboard, ui: &UiState, now_ms: u64) {
    let checks = dashboard.checks();
    let Some(check) = checks.get(ui.shown_check(dashboard)) else { return };
    let rows = check_rows(dashboard);
    let room = area.height.saturating_sub(CHART);
    // As many as there is room for, and one with its frame in any case; none in what the outcome has left over.
    let rows = if area.height < CHART + 4 { 0 } else { rows.min(room.max(4)) };
    let (above, below) = split_rows(area, rows);
    widgets::chart(buffer, above, dashboard, check, ui, now_ms);
    if rows > 0 {
        widgets::checks(buffer, below, dashboard, ui, now_ms);
    }
}

/// The status above the instances, which are left out where there is no room for them.
fn right_side(buffer: &mut Buffer, area: Rect, dashboard: &Dashboard, ui: &UiState, now_ms: u64) {
    let wanted = widgets::status_rows(dashboard, ui, now_ms, area.width).min(area.height);
    let instances = area.height - wanted;
    let instances = if instances < INSTANCES { 0 } else { instances };
    let (above, below) = split_rows(area, instances);
    widgets::status(buffer, above, dashboard, ui, now_ms);
    if instances > 0 && ui.focus == Pane::Routes {
        widgets::routes(buffer, below, dashboard, ui);
    } else if instances > 0 {
        widgets::instances(buffer, below, dashboard, ui, now_ms);
    }
}
