//! What lies above the panes, one at a time, in the middle of the screen.
//!
//! | file | holds |
//! | --- | --- |
//! | `detail` | one row of a pane with all that is known of it |
//! | `dialog` | an operator's dialog |
//! | `help` | all keys |
//! | `log` | the end of the log |
//! | `soaks` | the past soaks of the service |
//! | `faults` | the demo's faults menu |

mod detail;
mod dialog;
mod faults;
mod help;
mod log;
mod soaks;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::{pane, pen};
use crate::app::tui::{Overlay, UiState};
use crate::core::view::Dashboard;

/// What can be pointed at above the panes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Above {
    /// Rows that can be chosen, by their place.
    pub items: Vec<(usize, Rect)>,
    /// Buttons, by their place.
    pub buttons: Vec<(usize, Rect)>,
}

/// Draws what lies above the panes, and returns where what is.
pub fn overlay(buffer: &mut Buffer, area: Rect, dashboard: &Dashboard, ui: &UiState, now_ms: u64) -> Option<Above> {
    match ui.overlay.as_ref()? {
        Overlay::Help { .. } | Overlay::Dialog(_) => return above(buffer, area, ui),
        Overlay::Detail(subject) => detail::detail(buffer, area, dashboard, subject, ui, now_ms),
        Overlay::Soaks(view) => return Some(soaks::soaks(buffer, area, view, ui)),
        Overlay::Log(view) => log::log(buffer, area, view, ui),
        Overlay::Faults(faults) => return Some(faults::faults(buffer, area, faults, ui)),
    }
    Some(Above::default())
}

/// The same of what needs no run: help and dialogs.
pub fn above(buffer: &mut Buffer, area: Rect, ui: &UiState) -> Option<Above> {
    match ui.overlay.as_ref()? {
        Overlay::Help { rows, scroll } => help::help(buffer, area, rows, *scroll, ui),
        Overlay::Dialog(dialog) => return Some(dialog::dialog(buffer, area, dialog, ui)),
        _ => return None,
    }
    Some(Above::default())
}

type Row = Vec<Span<'static>>;

/// A box in the middle of the screen.
struct Boxed<'a> {
    title: &'a str,
    /// The keys that lead further, where they are not obvious.
    foot: &'a str,
    style: Style,
    /// Columns, with the frame.
    width: u16,
    rows: &'a [Row],
    /// The first row that is shown; past the end the last ones are.
    from: usize,
}

impl Boxed<'_> {
    /// Clears its place in an area and draws it.
    fn draw(&self, buffer: &mut Buffer, area: Rect, ui: &UiState) -> Drawn {
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
        let bottom = Rect { y: inside.bottom(), height: 1, ..inside };
        if !self.foot.is_empty() && inside.height > 0 {
            pen::write(buffer, pen::after(bottom, 1), &[Span::styled(format!(" {} ", self.foot), ui.theme.dim())], ui);
        }
        let hidden = self.rows.len().saturating_sub(from + usize::from(inside.height));
        if hidden > 0 && inside.height > 0 {
            let text = format!(" {hidden} more: Down ");
            pen::write_right(buffer, bottom, &[Span::styled(text, ui.theme.strong())], ui);
        }
        Drawn { inside, from }
    }
}

/// Where a box was drawn.
struct Drawn {
    inside: Rect,
    /// The first row that is shown.
    from: usize,
}

impl Drawn {
    /// The place of a row, if it is shown.
    fn row(&self, at: usize) -> Option<Rect> {
        let row = at.checked_sub(self.from).and_then(|row| u16::try_from(row).ok())?;
        (row < self.inside.height).then(|| pen::row(self.inside, row))
    }
}

/// A box of this size in the middle, smaller where there is less room.
fn centered(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}

/// The first of so many rows, for a box in which the selected one is in sight.
fn around(selected: usize, rows: usize, area: Rect) -> usize {
    let inside = usize::from(area.height.saturating_sub(2)).max(1);
    selected.saturating_sub(inside / 2).min(rows.saturating_sub(inside))
}

/// Columns of a box that holds sentences.
fn roomy(area: Rect) -> u16 {
    area.width.saturating_sub(4).clamp(1, 76)
}
