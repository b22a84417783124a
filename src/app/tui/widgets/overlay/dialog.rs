//! An operator's dialog.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::super::pen;
use super::{Above, Boxed, Row};
use crate::app::tui::{ButtonView, DialogState, DialogView, FieldView, UiState};
use crate::core::view::Tone;
use crate::model::number::span;

/// Columns of the box.
const WIDTH: u16 = 62;

pub fn dialog(buffer: &mut Buffer, area: Rect, dialog: &DialogView, ui: &UiState) -> Above {
    let width = WIDTH.min(area.width);
    let mut rows: Vec<Row> = Vec::new();
    for paragraph in &dialog.body {
        rows.extend(pen::wrap(paragraph, width.saturating_sub(4)).into_iter().map(|line| vec![Span::raw(line)]));
    }
    if let Some(choices) = &dialog.choices {
        let mut row = vec![Span::styled(format!("{} ", choices.label), ui.theme.dim())];
        for (at, item) in choices.items.iter().enumerate() {
            let style = match (at == choices.chosen, choices.focused) {
                (true, true) => ui.theme.selected(),
                (true, false) => ui.theme.strong(),
                _ => Style::new(),
            };
            row.extend([Span::styled(format!(" {item} "), style), Span::raw(" ")]);
        }
        rows.extend([Vec::new(), row]);
    }
    for field in &dialog.fields {
        rows.extend([Vec::new(), self::field(field, ui)]);
    }
    rows.push(Vec::new());
    let (text, tone) = state(&dialog.state);
    rows.extend(
        pen::wrap(&text, width.saturating_sub(4)).into_iter().map(|line| vec![Span::styled(line, ui.theme.tone(tone))]),
    );
    let buttons: Vec<Row> = dialog.buttons.iter().map(|button| self::button(button, ui)).collect();
    if !buttons.is_empty() {
        rows.push(buttons.concat());
    }
    let style = ui.theme.tone(dialog.tone);
    let drawn = Boxed { title: &dialog.title, foot: "", style, width, rows: &rows, from: 0 }.draw(buffer, area, ui);
    let row = drawn.row(rows.len().saturating_sub(1)).unwrap_or_default();
    let mut x = 1;
    let mut places = Vec::new();
    for (at, spans) in buttons.iter().enumerate() {
        let width =
            |spans: &[Span<'_>]| u16::try_from(spans.iter().map(Span::width).sum::<usize>()).unwrap_or(u16::MAX);
        let rest = pen::after(row, x);
        places.push((at, Rect { width: width(&spans[..1]).min(rest.width), ..rest }));
        x = x.saturating_add(width(spans));
    }
    Above { buttons: places, ..Above::default() }
}

fn field(field: &FieldView, ui: &UiState) -> Row {
    let label = if field.focused { ui.theme.strong() } else { ui.theme.dim() };
    let cursor = if field.focused { ui.charset.glyphs().cursor } else { "" };
    vec![Span::styled(format!("{}: ", field.label), label), Span::raw(format!("{}{cursor}", field.text))]
}

fn button(button: &ButtonView, ui: &UiState) -> Row {
    let style = match (button.enabled, button.focused) {
        (false, _) => ui.theme.dim(),
        (true, true) => ui.theme.selected().patch(ui.theme.strong()),
        (true, false) => ui.theme.strong(),
    };
    let key = button.key.as_ref().map(|key| format!("{key}: ")).unwrap_or_default();
    vec![Span::styled(format!("[ {key}{} ]", button.label), style), Span::raw("  ")]
}

fn state(state: &DialogState) -> (String, Tone) {
    match state {
        DialogState::Prompting { expires_in_s: Some(seconds) } => {
            (format!("closes in {}", span(seconds.saturating_mul(1000))), Tone::Plain)
        }
        DialogState::Prompting { expires_in_s: None } => (String::new(), Tone::Plain),
        DialogState::Waiting => ("waiting until the monitor has journaled it".to_owned(), Tone::Plain),
        DialogState::Done(what) => (what.clone(), Tone::Good),
        DialogState::Failed(why) => (why.clone(), Tone::Bad),
    }
}
