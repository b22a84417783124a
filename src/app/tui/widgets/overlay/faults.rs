//! The demo's faults menu.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::{Above, Boxed, Row};
use crate::app::tui::{FaultsView, UiState};

/// Columns of the box.
const WIDTH: u16 = 40;

pub fn faults(buffer: &mut Buffer, area: Rect, faults: &FaultsView, ui: &UiState) -> Above {
    let row = |(at, item): (usize, &String)| -> Row {
        let style = if at == faults.selected { ui.theme.selected() } else { ratatui::style::Style::new() };
        let now = if faults.current == Some(at) { ui.charset.glyphs().phase } else { " " };
        vec![Span::styled(format!(" {now} {} {item} ", at + 1), style)]
    };
    let rows: Vec<Row> = faults.items.iter().enumerate().map(row).collect();
    let style = ui.theme.focus();
    let drawn = Boxed { title: "faults of the new release", foot: "", style, width: WIDTH, rows: &rows, from: 0 }
        .draw(buffer, area, ui);
    let items = (0..rows.len()).filter_map(|at| Some((at, drawn.row(at)?))).collect();
    Above { items, ..Above::default() }
}
