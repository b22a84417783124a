//! A frame with a title.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::pen;
use crate::app::tui::UiState;

/// Draws a frame around an area and returns what is inside. An area too small for a frame has nothing inside.
pub fn pane(buffer: &mut Buffer, area: Rect, title: &str, focused: bool, ui: &UiState) -> Rect {
    framed(buffer, area, &[name(title, focused, ui)], ui.theme.dim(), ui)
}

/// The title of a pane; the one with the focus is pointed at.
pub fn name(title: &str, focused: bool, ui: &UiState) -> Span<'static> {
    if focused {
        Span::styled(format!("{}{title} ", ui.charset.glyphs().pointer), ui.theme.focus())
    } else {
        Span::styled(format!(" {title} "), ui.theme.strong())
    }
}

/// The first row that is shown of a list in which one is selected: the selected one is in sight.
pub const fn first_row(selected: usize, rows: usize) -> usize {
    (selected + 1).saturating_sub(if rows > 0 { rows } else { 1 })
}

/// ` 3 more ` on the lower edge of a frame, where rows are left out.
pub fn more(buffer: &mut Buffer, inside: Rect, hidden: usize, ui: &UiState) {
    if hidden > 0 && inside.height > 0 {
        let last = Rect { y: inside.bottom(), height: 1, ..inside };
        pen::write_right(buffer, last, &[Span::styled(format!(" {hidden} more "), ui.theme.dim())], ui);
    }
}

/// Writes onto a frame, whose own style does not shine through.
fn on_frame(buffer: &mut Buffer, row: Rect, text: &[Span<'_>], ui: &UiState) {
    let width = u16::try_from(text.iter().map(Span::width).sum::<usize>()).unwrap_or(u16::MAX);
    buffer.set_style(Rect { width: width.min(row.width), ..row }.intersection(buffer.area), Style::reset());
    pen::write(buffer, row, text, ui);
}

/// Writes into the upper right of a frame, where its title leaves room.
pub fn right_title(buffer: &mut Buffer, area: Rect, title: &[Span<'_>], text: &[Span<'_>], ui: &UiState) {
    let width = |spans: &[Span<'_>]| spans.iter().map(Span::width).sum::<usize>();
    let taken = u16::try_from(width(text)).unwrap_or(u16::MAX);
    if width(title) + width(text) + 3 <= usize::from(area.width) {
        on_frame(buffer, Rect { x: area.right() - 2 - taken, width: taken, height: 1, ..area }, text, ui);
    }
}

/// The same with a title of several parts and a style for the frame.
pub fn framed(buffer: &mut Buffer, area: Rect, title: &[Span<'_>], style: Style, ui: &UiState) -> Rect {
    let area = area.intersection(buffer.area);
    if area.width < 2 || area.height < 2 {
        return Rect { width: 0, height: 0, ..area };
    }
    let glyphs = ui.charset.glyphs();
    let [top_left, top_right, bottom_left, bottom_right] = glyphs.corners;
    let [horizontal, vertical] = glyphs.sides;
    let (right, bottom) = (area.right() - 1, area.bottom() - 1);
    for x in area.x + 1..right {
        buffer.set_string(x, area.y, horizontal, style);
        buffer.set_string(x, bottom, horizontal, style);
    }
    for y in area.y + 1..bottom {
        buffer.set_string(area.x, y, vertical, style);
        buffer.set_string(right, y, vertical, style);
    }
    for (x, y, corner) in [
        (area.x, area.y, top_left),
        (right, area.y, top_right),
        (area.x, bottom, bottom_left),
        (right, bottom, bottom_right),
    ] {
        buffer.set_string(x, y, corner, style);
    }
    on_frame(buffer, Rect { x: area.x + 1, width: area.width - 2, height: 1, ..area }, title, ui);
    Rect { x: area.x + 1, y: area.y + 1, width: area.width - 2, height: area.height - 2 }
}
