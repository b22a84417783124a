//! Runs as they are drawn.

use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};

use crate::app::tui::dialog::{Way, hint};
use crate::app::tui::keys::{Context, Scope, hints};
use crate::app::tui::{Charset, Depth, Theme, UiState, draw};
pub use crate::core::soak::scenes::ALL;
pub(crate) use crate::core::soak::scenes::harness;
use crate::core::soak::testing::Harness;
use crate::core::view::Dashboard;

/// The sizes that snapshots are taken at: columns and rows.
pub const SIZES: [(u16, u16); 4] = [(60, 15), (80, 24), (120, 36), (200, 50)];

/// The dashboard of a run.
pub fn dashboard(name: &str) -> Dashboard {
    fold(&harness(name))
}

/// The fold of everything that happened to a harness.
pub fn fold(harness: &Harness) -> Dashboard {
    let mut dashboard = Dashboard::new(harness.began_with().clone()).with_router_kind("haproxy");
    for envelope in &harness.log {
        dashboard.apply(envelope);
    }
    dashboard
}

/// A screen without an overlay.
pub fn ui(depth: Depth, charset: Charset) -> UiState {
    UiState::new(Theme::new(depth), charset, TimeZone::UTC)
}

/// What is drawn of a dashboard.
pub fn drawn(dashboard: &Dashboard, ui: &mut UiState, size: (u16, u16)) -> Buffer {
    let now = dashboard.view().at_ms();
    let context = if dashboard.ending().is_some() { Context::Over } else { Context::Live };
    let way = if dashboard.ending().is_some() { Way::Command } else { Way::Monitor };
    let scope = Scope { context, read_only: ui.read_only, demo: false };
    ui.hints = hints(scope, |command, label| hint(command, label, Some(dashboard.machine()), way));
    ui.settle(dashboard, now);
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
    terminal.draw(|frame| draw(frame, dashboard, ui, now)).unwrap();
    terminal.backend().buffer().clone()
}

/// The symbols of a buffer, a line each row.
pub fn text(buffer: &Buffer) -> String {
    let rows = buffer.content.chunks(usize::from(buffer.area.width.max(1)));
    rows.map(|row| row.iter().map(Cell::symbol).collect::<String>().trim_end().to_owned() + "\n").collect()
}
