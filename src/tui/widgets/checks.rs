//! The checks, a row each: verdict, history with the threshold in it, value, threshold, how far from a breach.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::{chart, meter, pane, pen, sparkline};
use crate::detect::span;
use crate::soak::READINESS;
use crate::tui::{Pane, UiState};
use crate::view::{CheckState, Dashboard, allowed, asks_for_alerts, measured, title};

/// Columns of sign and name.
const NAME: u16 = 15;
/// Columns of value and threshold.
const VALUE: u16 = 20;
/// Columns of the gauge: its label, its meter, its text.
const GAUGE: u16 = 23;
/// Columns of the gauge's meter.
const METER: u16 = 5;
/// Fewer columns than these show no history.
const SHORTEST: u16 = 8;

/// Draws the checks with a frame; the blame of a breach takes the last row.
pub fn checks(buffer: &mut Buffer, area: Rect, dashboard: &Dashboard, ui: &UiState, now_ms: u64) {
    let inside = pane::pane(buffer, area, "checks", ui.focus == Pane::Checks, ui);
    let checks = dashboard.checks();
    for (at, check) in checks.iter().enumerate() {
        let Ok(row) = u16::try_from(at) else { return };
        let chosen = at == ui.shown_check(dashboard) && checks.len() > 1;
        one(buffer, pen::row(inside, row), dashboard, check, chosen, ui, now_ms);
    }
    let last = u16::try_from(checks.len()).unwrap_or(u16::MAX);
    if let Some(blame) = dashboard.blame() {
        let style = ui.theme.tone(crate::view::Tone::Bad);
        pen::write(buffer, pen::row(inside, last), &[Span::styled(format!("  {blame}"), style)], ui);
    }
}

/// The value that was known last and its age, once that is worth telling: more than two intervals, and 3 s.
fn old(dashboard: &Dashboard, check: &CheckState<'_>, now_ms: u64) -> Option<(String, String)> {
    let known = check.series.last_known()?;
    let value = measured(&check.seen.check, known.value?);
    let age = dashboard.clock(now_ms).saturating_sub(known.at_ms);
    let worth_telling = dashboard.machine().settings().interval_ms.saturating_mul(2).max(3_000);
    (age > worth_telling && dashboard.machine().soaking()).then(|| (value, span(age)))
}

fn one(
    buffer: &mut Buffer,
    row: Rect,
    dashboard: &Dashboard,
    check: &CheckState<'_>,
    chosen: bool,
    ui: &UiState,
    now_ms: u64,
) {
    let verdict = ui.theme.verdict(check.seen.verdict);
    let pointer = if chosen && ui.focus == Pane::Checks { ui.charset.glyphs().pointer } else { " " };
    let name = if chosen { ui.theme.strong() } else { ratatui::style::Style::new() };
    let spans = [
        Span::styled(pointer, ui.theme.focus()),
        Span::styled(format!("{} ", ui.charset.sign(check.seen.verdict)), verdict),
        Span::styled(title(&check.seen.check, dashboard.machine().settings()), name),
    ];
    pen::write(buffer, Rect { width: row.width.min(NAME), ..row }, &spans, ui);
    let rest = pen::after(row, NAME);
    let gauge = if rest.width >= VALUE + GAUGE + SHORTEST { GAUGE } else { 0 };
    let history = rest.width.saturating_sub(VALUE + gauge);
    let history = if history >= SHORTEST { history } else { 0 };
    sparkline::sparkline(buffer, Rect { width: history, ..rest }, dashboard, check, ui, now_ms);
    let rest = pen::after(rest, history);
    // What was known last goes on being shown, with its age in the place of the threshold.
    let (value, threshold) = match old(dashboard, check, now_ms) {
        Some((value, age)) => (value, format!(" {age} old")),
        None if check.seen.check == READINESS || asks_for_alerts(&check.seen.check, dashboard.machine().settings()) => {
            (chart::now(dashboard, check), String::new())
        }
        None => (chart::now(dashboard, check), format!(" / {}", allowed(&check.seen.check, check.seen.threshold))),
    };
    let value = Span::styled(format!("  {value:>8}"), verdict.patch(ui.theme.strong()));
    pen::write(
        buffer,
        Rect { width: rest.width.min(VALUE), ..rest },
        &[value, Span::styled(threshold, ui.theme.threshold())],
        ui,
    );
    if let (Some(gauge), true) = (&check.gauge, gauge > 0) {
        let area = pen::after(rest, VALUE);
        pen::write(buffer, area, &[Span::styled(format!("{:<9}", gauge.label), ui.theme.dim())], ui);
        let tone = if gauge.share >= 0.5 { ui.theme.threshold() } else { ratatui::style::Style::new() };
        meter::meter(buffer, Rect { width: METER.min(area.width), ..pen::after(area, 9) }, gauge.share, tone, ui);
        pen::write(buffer, pen::after(area, 9 + METER + 1), &[Span::raw(gauge.text.clone())], ui);
    }
}
