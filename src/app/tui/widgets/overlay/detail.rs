//! One decision with all its numbers.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::super::{decisions, pen};
use super::{Boxed, Row, roomy};
use crate::app::tui::UiState;
use crate::core::view::{Dashboard, Decided, allowed, clock, measured};
use crate::model::number::{number, span, thousands};
use crate::model::{CheckId, Decision};

/// Columns of the labels.
const LABEL: u16 = 11;

pub fn detail(buffer: &mut Buffer, area: Rect, dashboard: &Dashboard, number: u64, ui: &UiState) {
    let width = roomy(area);
    let Some(decided) = dashboard.decision(number) else { return };
    let style = ui.theme.tone(decisions::tone(decided.decision.decision)).patch(ui.theme.focus());
    let mut rows: Vec<Row> = Vec::new();
    for (label, text) in fields(decided, ui) {
        for (at, line) in pen::wrap(&text, width.saturating_sub(4 + LABEL)).into_iter().enumerate() {
            let label = if at == 0 { label } else { "" };
            rows.push(vec![Span::styled(format!("{label:<11}"), ui.theme.dim()), Span::raw(line)]);
        }
    }
    let title = decided.decision.decision.name();
    Boxed { title, style, width, rows: &rows, from: 0 }.draw(buffer, area, ui);
}

fn fields(decided: &Decided, ui: &UiState) -> Vec<(&'static str, String)> {
    let Decision { soak, actor, reason, message, check, value, threshold, requests, errors, evidence, .. } =
        &decided.decision;
    let of = check.clone().unwrap_or_else(|| CheckId::from(""));
    let value_text = |value: &f64| measured(&of, *value);
    let optional = [
        ("reason", reason.as_ref().map(ToString::to_string)),
        ("check", check.as_ref().map(ToString::to_string)),
        ("value", value.as_ref().map(value_text)),
        ("threshold", threshold.map(|threshold| allowed(&of, threshold))),
        ("requests", requests.map(thousands)),
        ("errors", errors.map(thousands)),
        ("evidence", evidence.map(|nats| format!("{} nats", number(nats)))),
        ("active", decided.decision.active_color.map(|color| color.to_string())),
        ("previous", decided.decision.previous_color.map(|color| color.to_string())),
        ("soak", soak.clone()),
    ];
    let mut fields = vec![
        ("", message.clone()),
        ("at", format!("{}  ({} into the run)", clock(decided.wall_ms, &ui.zone), span(decided.at_ms))),
        ("actor", actor.to_string()),
    ];
    fields.extend(optional.into_iter().filter_map(|(label, text)| Some((label, text?))));
    fields
}
