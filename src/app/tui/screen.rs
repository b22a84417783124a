//! The whole screen: every part in its place.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::app::called::as_called;
use crate::core::view::Dashboard;

use super::layout::Layout;
use super::{UiState, widgets};

/// The smallest size with panes; below it there is one line.
pub const SMALLEST: (u16, u16) = (60, 15);

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
    let _ = widgets::overlay(buffer, area, dashboard, ui, now_ms);
    ui.charset.enforce(buffer);
}

/// One line: the phase, the verdict, and the size from which on there are panes. After the end what to do next as well.
fn tiny(buffer: &mut Buffer, area: Rect, dashboard: &Dashboard, ui: &UiState, now_ms: u64) {
    let headline = dashboard.headline(now_ms);
    let line = Rect { height: area.height.min(1), ..area };
    buffer.set_style(line.intersection(buffer.area), ui.theme.banner(headline.tone));
    let verdict = dashboard.view().verdict();
    let (width, height) = SMALLEST;
    let next = dashboard.next_step().map(|next| as_called(&next).into_owned());
    let text = match &next {
        Some(next) if area.height < 2 => format!("{} next: {next}", headline.word),
        _ => format!("{}, {verdict} ({width}x{height} shows more)", headline.word),
    };
    widgets::write(buffer, line, &[Span::styled(text, ui.theme.strong())], ui);
    let next = next.map(|next| widgets::wrap(&format!("next: {next}"), area.width)).unwrap_or_default();
    for (row, text) in (1..area.height).zip(next) {
        let here = Rect { y: area.y + row, height: 1, ..area };
        widgets::write(buffer, here, &[Span::raw(text)], ui);
    }
}

fn panes(buffer: &mut Buffer, area: Rect, dashboard: &Dashboard, ui: &UiState, now_ms: u64) {
    let at = Layout::of(area, dashboard, ui, now_ms);
    widgets::header(buffer, at.header, dashboard, ui, now_ms);
    let _ = widgets::footer(buffer, at.footer, ui);
    if !at.outcome.is_empty() {
        widgets::outcome(buffer, at.outcome, dashboard, at.header.height > 1, ui, now_ms);
    }
    if let Some(check) = dashboard.checks().get(ui.shown_check(dashboard)) {
        widgets::chart(buffer, at.chart, dashboard, check, ui, now_ms);
        if !at.evidence.is_empty() {
            widgets::evidence(buffer, at.evidence, dashboard, check, ui, now_ms);
        }
    }
    widgets::status(buffer, at.status, dashboard, ui, now_ms);
    widgets::checks(buffer, at.checks, dashboard, ui, now_ms);
    widgets::instances(buffer, at.instances, dashboard, ui, now_ms);
    widgets::routes(buffer, at.routes, dashboard, ui);
    widgets::decisions(buffer, at.decisions, dashboard, ui);
    if !at.selected.is_empty() {
        widgets::selected(buffer, at.selected, dashboard, ui, now_ms);
    }
}
