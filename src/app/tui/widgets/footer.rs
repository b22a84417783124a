//! The last row: the keys that matter now, or a message.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::pen;
use crate::app::tui::{Hint, OrderView, UiState};
use crate::core::view::Tone;

/// The hints that are always there: how to find the other keys, and how to leave.
const LAST: usize = 2;

/// Draws it into the first row of an area. Hints that do not fit whole are left out, those in front of the last two first.
/// Returns where which key is.
pub fn footer(buffer: &mut Buffer, area: Rect, ui: &UiState) -> Vec<(String, Rect)> {
    if let Some(order) = &ui.order {
        self::order(buffer, area, order, ui);
        return Vec::new();
    }
    if let Some(message) = &ui.message {
        let text = format!(" {}", message.text);
        pen::write(buffer, area, &[Span::styled(text, ui.theme.tone(message.tone).patch(ui.theme.strong()))], ui);
        return Vec::new();
    }
    let hints: Vec<(&str, [Span; 2])> = ui.hints.iter().map(|hint| (hint.key.as_str(), spans(hint, ui))).collect();
    let width = |hints: &[(&str, [Span; 2])]| hints.iter().flat_map(|(_, spans)| spans).map(Span::width).sum::<usize>();
    let (others, last) = hints.split_at(hints.len().saturating_sub(LAST));
    let room = usize::from(area.width);
    let fit = (0..=others.len()).rev().find(|fit| width(&others[..*fit]) + width(last) <= room).unwrap_or(0);
    let mut area = area;
    let mut places = Vec::new();
    for hint in others[..fit].iter().chain(last) {
        if width(std::slice::from_ref(hint)) > usize::from(area.width) {
            break;
        }
        let (key, spans) = hint;
        let taken = pen::write(buffer, area, spans, ui);
        places.push(((*key).to_owned(), Rect { width: taken, ..area }));
        area = pen::after(area, taken);
    }
    places
}

/// The order that is being typed, and what can be typed next. What is wrong with it comes first where there is not room for both.
fn order(buffer: &mut Buffer, area: Rect, order: &OrderView, ui: &UiState) {
    // The end of a long line is where it is typed.
    let hidden = order.text.chars().count().saturating_sub(usize::from(area.width.saturating_sub(3)));
    let text: String = order.text.chars().skip(hidden).collect();
    let typed = Span::styled(format!(":{text}{} ", ui.charset.glyphs().cursor), ui.theme.strong());
    let note = ui.charset.text(&order.note).into_owned();
    let note = Span::styled(note, if order.wrong { ui.theme.tone(Tone::Bad) } else { ui.theme.dim() });
    let room = usize::from(area.width);
    if order.wrong && typed.width() + note.width() > room {
        pen::write(buffer, area, &[note], ui);
        return;
    }
    let taken = pen::write(buffer, area, &[typed], ui);
    pen::write(buffer, pen::after(area, taken), &[Span::raw(" "), note], ui);
}

fn spans<'a>(hint: &Hint, ui: &UiState) -> [Span<'a>; 2] {
    let key = Span::styled(format!(" {}", hint.key), ui.theme.strong());
    [key, Span::styled(format!(" {} ", hint.label), ui.theme.dim())]
}
