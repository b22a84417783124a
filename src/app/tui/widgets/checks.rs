//! The checks, a row each: verdict, history with the threshold in it, value, threshold, how far from a breach.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::{chart, meter, pane, pen, sparkline};
use crate::app::tui::{Pane, UiState};
use crate::core::view::{CheckState, Dashboard, Tone, allowed, asks_for_alerts, measured, title};
use crate::model::number::span;
use crate::model::{CheckId, Verdict};

/// Columns of sign and name, where no name is longer.
const NAME: u16 = 15;
/// Columns of value and threshold.
const VALUE: u16 = 20;
/// Columns of the gauge: its label, its meter, its text.
const GAUGE: u16 = 23;
/// Columns of the gauge's meter.
const METER: u16 = 5;
/// Fewer columns than these show no history.
const MIN: u16 = 8;

/// Draws the checks with a frame; the attribution of a breach takes the last row.
pub fn checks(buffer: &mut Buffer, area: Rect, dashboard: &Dashboard, ui: &UiState, now_ms: u64) {
    let inside = pane::pane(buffer, area, "checks", ui.focus == Pane::Checks, ui);
    let checks = dashboard.checks();
    let attribution = dashboard.attribution();
    let rows = inside.height.saturating_sub(u16::from(attribution.is_some())).max(1);
    let shown = ui.shown_check(dashboard);
    let name = name_columns(&checks, dashboard, inside.width);
    // The one with the chart is always among those that are seen.
    let from = (shown + 1).saturating_sub(usize::from(rows));
    let mut row = 0;
    for (at, check) in checks.iter().enumerate().skip(from).take(usize::from(rows)) {
        let chosen = at == shown && checks.len() > 1;
        one(buffer, pen::row(inside, row), name, dashboard, check, chosen, ui, now_ms);
        row += 1;
    }
    if let Some(attribution) = attribution {
        let style = ui.theme.tone(Tone::Bad);
        pen::write(buffer, pen::row(inside, row), &[Span::styled(format!("  {attribution}"), style)], ui);
    }
    let hidden = checks.iter().take(from).chain(checks.iter().skip(from + usize::from(rows)));
    more(buffer, Rect { y: inside.bottom(), height: 1, ..inside }, hidden, ui);
}

/// ` 3 more, 1 not healthy `: what there is no room for.
fn more<'a>(buffer: &mut Buffer, area: Rect, hidden: impl Iterator<Item = &'a CheckState<'a>>, ui: &UiState) {
    let verdicts: Vec<Verdict> = hidden.map(|check| check.seen.verdict).collect();
    if verdicts.is_empty() {
        return;
    }
    let unwell = verdicts.iter().filter(|verdict| **verdict != Verdict::Healthy).count();
    let (text, style) = match unwell {
        0 => (format!(" {} more ", verdicts.len()), ui.theme.dim()),
        _ => (format!(" {} more, {unwell} not healthy ", verdicts.len()), ui.theme.tone(Tone::Warning)),
    };
    pen::write_right(buffer, area, &[Span::styled(text, style)], ui);
}

/// As many columns as the longest name takes, but no more than a third of the row.
fn name_columns(checks: &[CheckState<'_>], dashboard: &Dashboard, width: u16) -> u16 {
    let settings = dashboard.machine().settings();
    let longest = checks.iter().map(|check| title(&check.seen.check, settings).chars().count()).max().unwrap_or(0);
    // The pointer, the sign with a blank, and a blank behind the name.
    let wanted = u16::try_from(longest).unwrap_or(u16::MAX).saturating_add(4);
    wanted.clamp(NAME, NAME.max(width / 3))
}

/// The value that was known last and its age, once that is worth telling: more than two intervals, and 3s.
fn old(dashboard: &Dashboard, check: &CheckState<'_>, now_ms: u64) -> Option<(String, String)> {
    let known = check.series.last_known()?;
    let value = measured(&check.seen.check, known.value?);
    let age = dashboard.clock(now_ms).saturating_sub(known.at_ms);
    let worth_telling = dashboard.machine().settings().interval_ms.saturating_mul(2).max(3_000);
    (age > worth_telling && dashboard.machine().soaking()).then(|| (value, span(age)))
}

#[expect(clippy::too_many_arguments, reason = "where it is drawn, and what")]
fn one(
    buffer: &mut Buffer,
    row: Rect,
    columns: u16,
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
    pen::write(buffer, Rect { width: row.width.min(columns), ..row }, &spans, ui);
    let rest = pen::after(row, columns);
    let gauge = if rest.width >= VALUE + GAUGE + MIN { GAUGE } else { 0 };
    let history = rest.width.saturating_sub(VALUE + gauge);
    let history = if history >= MIN { history } else { 0 };
    sparkline::sparkline(buffer, Rect { width: history, ..rest }, dashboard, check, ui, now_ms);
    let rest = pen::after(rest, history);
    // What was known last goes on being shown, with its age in the place of the threshold.
    let (value, threshold) = match old(dashboard, check, now_ms) {
        Some((value, age)) => (value, format!(" {age} old")),
        None if check.seen.check == CheckId::Readiness
            || asks_for_alerts(&check.seen.check, dashboard.machine().settings()) =>
        {
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
        let tone = ui.theme.against_limit(gauge.toward);
        meter::meter(buffer, Rect { width: METER.min(area.width), ..pen::after(area, 9) }, gauge.toward, tone, ui);
        pen::write(buffer, pen::after(area, 9 + METER + 1), &[Span::raw(gauge.text.clone())], ui);
    }
}
