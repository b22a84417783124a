//! A bar that fills up.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::cells;
use crate::app::tui::UiState;

/// Draws a share between 0 and 1 into the first row of an area. Something above 0 shows, and only 1 fills it.
pub fn meter(buffer: &mut Buffer, area: Rect, share: f64, style: Style, ui: &UiState) {
    let area = area.intersection(buffer.area);
    if area.is_empty() {
        return;
    }
    let [full, empty] = ui.charset.glyphs().meter;
    let filled = cells::share_of(area.width, share);
    let filled = match share {
        share if share <= 0.0 => 0,
        share if share < 1.0 => filled.clamp(1, area.width.saturating_sub(1).max(1)),
        _ => area.width,
    };
    for at in 0..area.width {
        let (glyph, style) = if at < filled { (full, style) } else { (empty, ui.theme.dim()) };
        buffer.set_string(area.x + at, area.y, glyph, style);
    }
}
