//! The routes on which requests failed, the most failures first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::{pane, pen};
use crate::app::tui::{Pane, UiState};
use crate::core::detect::TickCounts;
use crate::core::view::Dashboard;
use crate::model::number::{percent, thousands};

/// Columns of failed requests, all requests and their share.
const NUMBERS: u16 = 24;

/// Draws them with a frame; the selected one stays in sight.
pub fn routes(buffer: &mut Buffer, area: Rect, dashboard: &Dashboard, ui: &UiState) {
    let focused = ui.focus == Pane::Routes;
    let inside = pane::pane(buffer, area, "routes with failed requests", focused, ui);
    let routes = dashboard.machine().failed_routes();
    if routes.is_empty() {
        let seen = dashboard.machine().seen();
        let why = match seen {
            TickCounts { errors: 0, requests: 0 } => "no requests yet",
            TickCounts { errors: 0, .. } => "no request has failed",
            _ => "the metrics name no route",
        };
        pen::write(buffer, inside, &[Span::styled(format!(" {why}"), ui.theme.dim())], ui);
        return;
    }
    let rows = usize::from(inside.height);
    let selected = ui.route.min(routes.len() - 1);
    let from = pane::first_row(selected, rows);
    for (row, (at, (route, counts))) in (0..inside.height).zip(routes.iter().enumerate().skip(from)) {
        let style = if focused && at == selected { ui.theme.selected() } else { Style::new() };
        one(buffer, pen::row(inside, row), route, *counts, style, ui);
    }
    pane::more(buffer, inside, routes.len().saturating_sub(from + rows), ui);
}

fn one(buffer: &mut Buffer, row: Rect, route: &str, counts: TickCounts, style: Style, ui: &UiState) {
    buffer.set_style(row.intersection(buffer.area), style);
    let numbers = NUMBERS.min(row.width);
    pen::write(buffer, Rect { width: row.width - numbers, ..row }, &[Span::styled(format!(" {route}"), style)], ui);
    let share = counts.rate().map_or_else(String::new, percent);
    let text = format!("{}/{}  {share:>6} ", thousands(counts.errors), thousands(counts.requests));
    pen::write_right(buffer, row, &[Span::styled(text, style)], ui);
}
