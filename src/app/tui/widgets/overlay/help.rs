//! All keys.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::{Boxed, Row, roomy};
use crate::app::tui::{HelpRow, UiState};

/// Columns of the keys.
const KEYS: usize = 18;

/// Draws them from a row on.
pub fn help(buffer: &mut Buffer, area: Rect, rows: &[HelpRow], scroll: usize, ui: &UiState) {
    let row = |row: &HelpRow| -> Row {
        if row.keys.is_empty() {
            return vec![Span::styled(row.text.clone(), ui.theme.focus())];
        }
        vec![Span::styled(format!("  {:KEYS$}", row.keys), ui.theme.strong()), Span::raw(row.text.clone())]
    };
    let rows: Vec<Row> = rows.iter().map(row).collect();
    let _ = Boxed { title: "keys", foot: "", style: ui.theme.focus(), width: roomy(area), rows: &rows, from: scroll }
        .draw(buffer, area, ui);
}
