//! The last row: the keys that matter now, or a message.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::pen;
use crate::app::tui::{Hint, UiState};

/// The hints that are always there: how to find the other keys, and how to leave.
const LAST: usize = 2;

/// Draws it into the first row of an area. Hints that do not fit whole are left out, those in front of the last two first.
pub fn footer(buffer: &mut Buffer, area: Rect, ui: &UiState) {
    if let Some(message) = &ui.message {
        let text = format!(" {}", message.text);
        pen::write(buffer, area, &[Span::styled(text, ui.theme.tone(message.tone).patch(ui.theme.strong()))], ui);
        return;
    }
    let hints: Vec<[Span; 2]> = ui.hints.iter().map(|hint| spans(hint, ui)).collect();
    let width = |hints: &[[Span; 2]]| hints.iter().flatten().map(Span::width).sum::<usize>();
    let (others, last) = hints.split_at(hints.len().saturating_sub(LAST));
    let room = usize::from(area.width);
    let fit = (0..=others.len()).rev().find(|fit| width(&others[..*fit]) + width(last) <= room).unwrap_or(0);
    let mut area = area;
    for spans in others[..fit].iter().chain(last) {
        if width(std::slice::from_ref(spans)) > usize::from(area.width) {
            return;
        }
        let taken = pen::write(buffer, area, spans, ui);
        area = pen::after(area, taken);
    }
}

fn spans<'a>(hint: &Hint, ui: &UiState) -> [Span<'a>; 2] {
    let key = Span::styled(format!(" {}", hint.key), ui.theme.strong());
    [key, Span::styled(format!(" {} ", hint.label), ui.theme.dim())]
}
