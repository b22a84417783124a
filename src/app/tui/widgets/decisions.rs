//! The decisions, newest at the bottom.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::{pane, pen};
use crate::app::tui::{Pane, UiState};
use crate::core::view::{Dashboard, Decided, Tone, clock};
use crate::model::DecisionKind;

/// Columns of the time of day.
const CLOCK: usize = 10;
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

/// The sentence; the clause with its numbers comes first where it would be cut off.
fn message(sentence: &str, room: usize) -> String {
    let counted = |clause: &&str| clause.starts_with(|c: char| c.is_ascii_digit()) && clause.contains(" of ");
    let numbers = sentence.split("; ").filter_map(|clause| clause.rsplit(": ").next()).find(counted);
    let end = |numbers: &str| sentence.find(numbers).map_or(0, |at| sentence[..at + numbers.len()].chars().count());
    match numbers.filter(|numbers| end(numbers) > room) {
        Some(numbers) => {
            let rest = sentence.replacen(numbers, "", 1).replace(": ; ", "; ").replace("; ; ", "; ");
            format!("{numbers}; {}", rest.trim_end_matches([' ', ';', ':']))
        }
        None => sentence.to_owned(),
    }
}

fn one(buffer: &mut Buffer, row: Rect, decided: &Decided, selected: bool, ui: &UiState) {
    let decision = &decided.decision;
    let tone = tone(decision.decision);
    let plain = if selected { ui.theme.selected() } else { Style::new() };
    if selected {
        buffer.set_style(row.intersection(buffer.area), ui.theme.selected());
    }
    let room = usize::from(row.width).saturating_sub(CLOCK + WORD + 1);
    let spans = [
        Span::styled(format!(" {} ", clock(decided.wall_ms, &ui.zone)), ui.theme.dim().patch(plain)),
        Span::styled(format!("{:WORD$} ", decision.decision.name()), ui.theme.tone(tone).patch(plain)),
        Span::styled(message(&decision.message, room), plain),
    ];
    pen::write(buffer, row, &spans, ui);
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_that_is_cut_keeps_its_numbers() {
        let counted = "60 of 300 requests failed (20%) in the last 3s";
        let breach = format!("error-rate breached: {counted}; evidence 2,480×");
        let hold = format!("held, not rolled back: the policy on_breach asks to wait; {counted}; evidence 2,480×");
        let rollback = format!("rolling back from green to blue: {counted}");
        for (sentence, room, wanted) in [
            (breach.as_str(), 52, format!("{counted}; error-rate breached; evidence 2,480×")),
            (&breach, 80, breach.clone()),
            (
                &hold,
                52,
                format!("{counted}; held, not rolled back: the policy on_breach asks to wait; evidence 2,480×"),
            ),
            (&rollback, 52, format!("{counted}; rolling back from green to blue")),
            ("blue → green by operator:ana@deploy-1", 10, "blue → green by operator:ana@deploy-1".to_owned()),
        ] {
            assert_eq!(message(sentence, room), wanted);
        }
    }
}
