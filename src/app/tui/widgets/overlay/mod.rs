//! What lies above the panes, one at a time, in the middle of the screen.
//!
//! | file | holds |
//! | --- | --- |
//! | `detail` | one row of a pane with all that is known of it |
//! | `dialog` | an operator's dialog |
//! | `help` | all keys |
//! | `weather` | the demo's weather menu |

mod detail;
mod dialog;
mod help;
mod weather;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::{pane, pen};
use crate::app::tui::{Overlay, UiState};
use crate::core::view::Dashboard;

pub fn overlay(buffer: &mut Buffer, area: Rect, dashboard: &Dashboard, ui: &UiState, now_ms: u64) {
    match &ui.overlay {
        None => {}
        Some(Overlay::Help { rows, scroll }) => help::help(buffer, area, rows, *scroll, ui),
        Some(Overlay::Detail(subject)) => detail::detail(buffer, area, dashboard, subject, ui, now_ms),
        Some(Overlay::Dialog(dialog)) => dialog::dialog(buffer, area, dialog, ui),
        Some(Overlay::Weather(weather)) => weather::weather(buffer, area, weather, ui),
    }
}

type Row = Vec<Span<'static>>;

/// A box in the middle of the screen.
struct Boxed<'a> {
    title: &'a str,
    style: Style,
    /// Columns, with the frame.
    width: u16,
    rows: &'a [Row],
    /// The first row that is shown; past the end the last ones are.
    from: usize,
}

impl Boxed<'_> {
    /// Clears its place in an area and draws it.
    fn draw(&self, buffer: &mut Buffer, area: Rect, ui: &UiState) {
        let wanted = u16::try_from(self.rows.len()).unwrap_or(u16::MAX).saturating_add(2);
        let here = centered(area.intersection(buffer.area), self.width, wanted);
        for y in here.y..here.bottom() {
            for x in here.x..here.right() {
                buffer[(x, y)].reset();
            }
        }
        let title = [Span::styled(format!(" {} ", self.title), self.style.patch(ui.theme.strong()))];
        let inside = pane::framed(buffer, here, &title, self.style, ui);
        let from = self.from.min(self.rows.len().saturating_sub(usize::from(inside.height)));
        for (row, spans) in (0..inside.height).zip(self.rows.iter().skip(from)) {
            let line = pen::after(pen::row(inside, row), 1);
            pen::write(buffer, Rect { width: line.width.saturating_sub(1), ..line }, spans, ui);
        }
    }
}

/// A box of this size in the middle, smaller where there is less room.
fn centered(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}

/// Columns of a box that holds sentences.
fn roomy(area: Rect) -> u16 {
    area.width.saturating_sub(4).clamp(1, 76)
}
