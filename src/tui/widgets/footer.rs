//! The last row: the keys that matter now, or a message.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::pen;
use crate::tui::UiState;

/// Draws it into the first row of an area. Hints that do not fit whole are left out from the end.
pub fn footer(buffer: &mut Buffer, area: Rect, ui: &UiState) {
    if let Some(message) = &ui.message {
        let text = format!(" {}", message.text);
        pen::write(buffer, area, &[Span::styled(text, ui.theme.tone(message.tone).patch(ui.theme.strong()))], ui);
        return;
    }
    let mut area = area;
    for hint in &ui.hints {
        let spans = [
            Span::styled(format!(" {}", hint.key), ui.theme.strong()),
            Span::styled(format!(" {} ", hint.label), ui.theme.dim()),
        ];
        let width: usize = spans.iter().map(Span::width).sum();
        if width > usize::from(area.width) {
            return;
        }
        let taken = pen::write(buffer, area, &spans, ui);
        area = pen::after(area, taken);
    }
}
