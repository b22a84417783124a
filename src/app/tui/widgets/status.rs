//! The mirror of `deploy:status`, kept current.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::{pane, pen};
use crate::app::tui::UiState;
use crate::core::view::{Dashboard, StatusLine, Tone};
use crate::model::Color;

/// Columns of the labels.
const LABEL: u16 = 11;
/// Fewer columns than these get shorter labels.
const ROOMY: u16 = 30;

/// Rows that the pane wants with a frame, at this width.
pub fn rows(dashboard: &Dashboard, ui: &UiState, now_ms: u64, width: u16) -> u16 {
    let text = width.saturating_sub(2 + label_width(width));
    let lines = dashboard.status(now_ms, &ui.zone);
    let rows: usize = lines.iter().map(|line| wrapped(line, text).len()).sum();
    u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(2)
}

pub fn status(buffer: &mut Buffer, area: Rect, dashboard: &Dashboard, ui: &UiState, now_ms: u64) {
    let inside = pane::pane(buffer, area, "deploy:status", false, ui);
    let label = label_width(area.width);
    let mut row = 0;
    for line in dashboard.status(now_ms, &ui.zone) {
        for (at, text) in wrapped(&line, inside.width.saturating_sub(label)).into_iter().enumerate() {
            let here = pen::row(inside, row);
            if at == 0 {
                pen::write(buffer, here, &[Span::styled(format!(" {}", line.label), ui.theme.dim())], ui);
            }
            pen::write(buffer, pen::after(here, label), &[Span::styled(text, style(&line, ui))], ui);
            row += 1;
        }
    }
}

const fn label_width(width: u16) -> u16 {
    if width >= ROOMY { LABEL + 1 } else { LABEL }
}

/// Sentences are wrapped; what is short stays on its row and is clipped.
fn wrapped(line: &StatusLine, width: u16) -> Vec<String> {
    match line.label {
        "reason" | "trouble" | "verdict" | "router" | "ends" | "leader" => pen::wrap(&line.text, width),
        _ => vec![line.text.clone()],
    }
}

fn style(line: &StatusLine, ui: &UiState) -> ratatui::style::Style {
    let named = Color::ALL.into_iter().find(|color| line.text == color.name());
    match (line.tone, named) {
        (Tone::Plain, Some(color)) => ui.theme.color(color).patch(ui.theme.strong()),
        (tone, _) => ui.theme.tone(tone),
    }
}
