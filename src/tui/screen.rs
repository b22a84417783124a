//! The whole screen.

use ratatui::Frame;

use crate::view::Dashboard;

use super::UiState;

/// Draws the run at `now_ms` (milliseconds since it began) as the operator looks at it. Draws into the whole frame, and
/// never panics, whatever its size.
pub fn draw(frame: &mut Frame, dashboard: &Dashboard, ui: &UiState, now_ms: u64) {
    let headline = dashboard.headline(now_ms);
    let (area, buffer) = (frame.area(), frame.buffer_mut());
    buffer.set_style(area, ui.theme.banner(headline.tone));
    let word = ui.charset.text(&headline.word);
    buffer.set_stringn(area.x, area.y, word, usize::from(area.width), ui.theme.strong());
    ui.charset.enforce(buffer);
}
