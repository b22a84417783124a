//! A frame with a title.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::pen;
use crate::app::tui::UiState;

/// Draws a frame around an area and returns what is inside. An area too small for a frame has nothing inside.
pub fn pane(buffer: &mut Buffer, area: Rect, title: &str, focused: bool, ui: &UiState) -> Rect {
    let style = if focused { ui.theme.focus() } else { ui.theme.dim() };
    framed(
        buffer,
        area,
        &[Span::styled(format!(" {title} "), if focused { style } else { ui.theme.strong() })],
        style,
        ui,
    )
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
    pen::write(buffer, Rect { x: area.x + 1, width: area.width - 2, height: 1, ..area }, title, ui);
    Rect { x: area.x + 1, y: area.y + 1, width: area.width - 2, height: area.height - 2 }
}
