//! The decisions, newest at the bottom.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::{pane, pen};
use crate::soak::DecisionKind;
use crate::tui::{Pane, UiState};
use crate::view::{Dashboard, Decided, Tone, clock};

/// Columns of the word.
const WORD: usize = 15;

/// Draws them with a frame; the selected one stays in sight.
pub fn decisions(buffer: &mut Buffer, area: Rect, dashboard: &Dashboard, ui: &UiState) {
    let list = &ui.decisions;
    let title = match (list.filter.is_empty(), list.typing) {
        (true, false) => "decisions".to_owned(),
        (_, typing) => format!("decisions /{}{}", list.filter, if typing { ui.charset.glyphs().cursor } else { "" }),
    };
    let inside = pane::pane(buffer, area, &title, ui.focus == Pane::Decisions, ui);
    let found: Vec<&Decided> = dashboard.decisions(&list.filter).collect();
    let rows = usize::from(inside.height);
    if rows == 0 {
        return;
    }
    if found.is_empty() {
        let text = if list.filter.is_empty() { "nothing decided yet" } else { "no decision contains that" };
        pen::write(buffer, inside, &[Span::styled(format!(" {text}"), ui.theme.dim())], ui);
        return;
    }
    let selected = list.selected.and_then(|number| found.iter().position(|decided| decided.number == number));
    let bottom = found.len().saturating_sub(rows);
    let from = selected.map_or(bottom, |at| at.saturating_sub(rows / 2).min(bottom));
    for (row, (at, decided)) in (0..inside.height).zip(found.iter().enumerate().skip(from)) {
        one(buffer, pen::row(inside, row), decided, Some(at) == selected, ui);
    }
}

fn one(buffer: &mut Buffer, row: Rect, decided: &Decided, selected: bool, ui: &UiState) {
    let decision = &decided.decision;
    let tone = tone(decision.decision);
    let plain = if selected { ui.theme.selected() } else { Style::new() };
    if selected {
        buffer.set_style(row.intersection(buffer.area), ui.theme.selected());
    }
    let spans = [
        Span::styled(format!(" {} ", clock(decided.wall_ms, &ui.zone)), ui.theme.dim().patch(plain)),
        Span::styled(format!("{:WORD$} ", decision.decision.name()), ui.theme.tone(tone).patch(plain)),
        Span::styled(decision.message.clone(), plain),
    ];
    pen::write(buffer, row, &spans, ui);
}

/// How a decision of this kind is meant.
pub fn tone(kind: DecisionKind) -> Tone {
    match kind {
        DecisionKind::Breach
        | DecisionKind::Rollback
        | DecisionKind::RollbackFailed
        | DecisionKind::RollbackUndone
        | DecisionKind::SwitchFailed => Tone::Bad,
        DecisionKind::Blind
        | DecisionKind::Hold
        | DecisionKind::Pause
        | DecisionKind::Abort
        | DecisionKind::Inconclusive
        | DecisionKind::Superseded
        | DecisionKind::SwitchRefused
        | DecisionKind::NotRecovered
        | DecisionKind::Resumed
        | DecisionKind::Repaired
        | DecisionKind::Freeze => Tone::Warning,
        DecisionKind::Retain
        | DecisionKind::Recovered
        | DecisionKind::RolledBack
        | DecisionKind::Sighted
        | DecisionKind::Keep
        | DecisionKind::Unfreeze => Tone::Good,
        DecisionKind::Switching
        | DecisionKind::Switch
        | DecisionKind::SoakStart
        | DecisionKind::Observe
        | DecisionKind::Resume
        | DecisionKind::Extend
        | DecisionKind::Skip => Tone::Plain,
    }
}
