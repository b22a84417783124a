//! The past soaks of the service, newest first.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::super::pen;
use super::{Above, Boxed, Row, roomy};
use crate::app::tui::records::PastSoak;
use crate::app::tui::{SoaksView, UiState};
use crate::core::view::Tone;
use crate::model::number::span;
use crate::model::{Color, Outcome};

pub fn soaks(buffer: &mut Buffer, area: Rect, view: &SoaksView, ui: &UiState) -> Above {
    let width = roomy(area);
    let soaks = view.soaks.as_deref().unwrap_or_default();
    let mut rows: Vec<Row> = soaks.iter().enumerate().map(|(at, soak)| one(at, soak, view, ui)).collect();
    // In sight whatever is selected: the note stands in front of it.
    let selected = view.selected.min(rows.len());
    let mut noted = 0;
    if let Some(note) = &view.note {
        let wrapped = pen::wrap(note, width.saturating_sub(4));
        let note = wrapped.into_iter().map(|line| vec![Span::styled(line, ui.theme.tone(Tone::Warning))]);
        noted = note.len();
        rows.splice(selected..selected, note);
    }
    let from = super::around(view.selected, rows.len(), area);
    let title = format!("past soaks of {}", view.service);
    let foot = if soaks.is_empty() { "Esc back" } else { "Enter play   Esc back" };
    let drawn = Boxed { title: &title, foot, style: ui.theme.focus(), width, rows: &rows, from }.draw(buffer, area, ui);
    let row = |at: usize| drawn.row(if at < selected { at } else { at + noted });
    Above { items: (0..soaks.len()).filter_map(|at| Some((at, row(at)?))).collect(), ..Above::default() }
}

fn one(at: usize, soak: &PastSoak, view: &SoaksView, ui: &UiState) -> Row {
    let plain = if at == view.selected { ui.theme.selected() } else { Style::new() };
    let began = soak.began.map_or_else(|| soak.id.to_string(), |began| when(began, ui));
    let color = soak.color.map_or("-", Color::name);
    let (outcome, tone) = match soak.outcome {
        Some(outcome) => (outcome.name(), tone(outcome)),
        None if soak.id.as_str() == view.shown => ("this one", Tone::Plain),
        None => ("no end", Tone::Warning),
    };
    let length = soak.outcome.and(soak.length_ms).map_or_else(|| "-".to_owned(), span);
    let release = soak.release.as_deref().unwrap_or_default();
    let gone = if soak.is_recorded { "" } else { "not recorded  " };
    vec![
        Span::styled(format!("{began}  "), plain),
        Span::styled(format!("{color:6}"), soak.color.map_or(plain, |color| ui.theme.color(color).patch(plain))),
        Span::styled(format!("{outcome:16}"), ui.theme.tone(tone).patch(plain)),
        Span::styled(format!("{length:>7}  "), plain),
        Span::styled(format!("{gone}{release}"), plain),
    ]
}

fn when(at: Timestamp, ui: &UiState) -> String {
    at.to_zoned_datetime(ui.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
}

const fn tone(outcome: Outcome) -> Tone {
    match outcome {
        Outcome::Retained => Tone::Good,
        Outcome::RollbackFailed | Outcome::RollbackUndone | Outcome::Held => Tone::Bad,
        Outcome::RolledBack
        | Outcome::Inconclusive
        | Outcome::Aborted
        | Outcome::Superseded
        | Outcome::Refused
        | Outcome::SwitchFailed => Tone::Warning,
        Outcome::Switched => Tone::Plain,
    }
}
