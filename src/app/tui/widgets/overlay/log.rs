//! The end of the log, newest at the bottom.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::super::pen;
use super::{Boxed, Row};
use crate::app::tui::{LogView, UiState};
use crate::core::view::{Tone, clock};

/// Columns of time and level.
const MARGIN: u16 = 15;

pub fn log(buffer: &mut Buffer, area: Rect, view: &LogView, ui: &UiState) {
    let width = area.width.saturating_sub(4).max(1);
    let text = width.saturating_sub(4 + MARGIN);
    let mut rows: Vec<Row> = Vec::new();
    for line in &view.lines {
        let at = line.at.map(|at| clock(at.as_millisecond(), &ui.zone)).unwrap_or_default();
        for (row, part) in pen::wrap(&line.text, text).into_iter().enumerate() {
            let margin = if row == 0 { format!("{at:8} {:5} ", line.level) } else { " ".repeat(usize::from(MARGIN)) };
            rows.push(vec![Span::styled(margin, ui.theme.dim()), Span::styled(part, ui.theme.tone(line.tone()))]);
        }
    }
    if let Some(note) = &view.note {
        let wrapped = pen::wrap(note, width.saturating_sub(4)).into_iter();
        rows.extend(wrapped.map(|line| vec![Span::styled(line, ui.theme.tone(Tone::Warning))]));
    }
    let title = match &view.path {
        Some(path) => format!("log {} {}", ui.charset.glyphs().dot, path.display()),
        None => "log".to_owned(),
    };
    let inside = usize::from(area.height.saturating_sub(2));
    let from = rows.len().saturating_sub(inside).saturating_sub(view.up);
    let foot = if view.up > 0 { "stands still; End follows   Esc back" } else { "Esc back" };
    let _ = Boxed { title: &title, foot, style: ui.theme.focus(), width, rows: &rows, from }.draw(buffer, area, ui);
}
