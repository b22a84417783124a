//! One row of a pane with all that is known of it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::{decisions, selected};
use super::{Boxed, roomy};
use crate::app::tui::{Subject, UiState};
use crate::core::view::Dashboard;

pub fn detail(buffer: &mut Buffer, area: Rect, dashboard: &Dashboard, subject: &Subject, ui: &UiState, now_ms: u64) {
    let width = roomy(area);
    let Some((title, facts)) = selected::facts(subject, dashboard, ui, now_ms) else { return };
    let tone = match subject {
        Subject::Decision(number) => {
            dashboard.decision(*number).map(|decided| decisions::tone(decided.decision.decision))
        }
        _ => None,
    };
    let style = tone.map(|tone| ui.theme.tone(tone)).unwrap_or_default().patch(ui.theme.focus());
    let rows = selected::rows(&facts, width.saturating_sub(4), ui);
    Boxed { title: &title, foot: "", style, width, rows: &rows, from: 0 }.draw(buffer, area, ui);
}
