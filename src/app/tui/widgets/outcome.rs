//! How the run ended, and what to do next. The same lines as every front end leaves behind.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::header::{NEXT, REQUESTS};
use super::{pane, pen};
use crate::app::called::as_called;
use crate::app::tui::UiState;
use crate::core::view::Dashboard;

/// Columns of the labels.
const LABEL: u16 = 12;

/// Rows that the pane wants with a frame at this width; none while the run goes on. `led`: the header has numbers and next step.
pub fn rows(dashboard: &Dashboard, width: u16, led: bool) -> Option<u16> {
    let lines = lines(dashboard, width.saturating_sub(2 + LABEL), led)?;
    Some(u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2))
}

pub fn outcome(buffer: &mut Buffer, area: Rect, dashboard: &Dashboard, led: bool, ui: &UiState, now_ms: u64) {
    let tone = dashboard.headline(now_ms).tone;
    let title = [Span::styled(" outcome ", ui.theme.tone(tone).patch(ui.theme.strong()))];
    let inside = pane::framed(buffer, area, &title, ui.theme.tone(tone), ui);
    let mut lines = lines(dashboard, inside.width.saturating_sub(LABEL), led).unwrap_or_default();
    if lines.len() > usize::from(inside.height) {
        lines.truncate(usize::from(inside.height));
        if let Some((_, last)) = lines.last_mut() {
            *last = cut(last, inside.width.saturating_sub(LABEL));
        }
    }
    let mut part = "";
    for (row, (label, text)) in (0..inside.height).zip(lines) {
        let here = pen::row(inside, row);
        if !label.is_empty() {
            part = label;
        }
        let style = match part {
            "outcome" => ui.theme.tone(tone).patch(ui.theme.strong()),
            "next" => ui.theme.strong(),
            _ => ratatui::style::Style::new(),
        };
        pen::write(buffer, here, &[Span::styled(format!(" {label}"), ui.theme.dim())], ui);
        pen::write(buffer, pen::after(here, LABEL), &[Span::styled(text, style)], ui);
    }
}

/// The last row that is shown of more than there is room for.
fn cut(last: &str, width: u16) -> String {
    let kept: String = last.chars().take(usize::from(width.saturating_sub(2))).collect();
    format!("{kept} …")
}

fn lines(dashboard: &Dashboard, width: u16, led: bool) -> Option<Vec<(&'static str, String)>> {
    let wrapped = |(label, text): (&'static str, String)| {
        let rows = pen::wrap(&as_called(&text), width).into_iter().enumerate();
        rows.map(|(at, text)| (if at == 0 { label } else { "" }, text)).collect::<Vec<_>>()
    };
    let mut lines = dashboard.outcome_lines()?;
    lines.retain(|(label, _)| !led || !matches!(*label, REQUESTS | NEXT));
    Some(lines.into_iter().flat_map(wrapped).collect())
}
