//! The big chart: one check over time, filled, with its threshold, and the previous color for comparison.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::graph::{Graph, Range, Seen};
use super::{Stretch, pane};
use crate::app::tui::UiState;
use crate::core::view::{CheckState, Dashboard, Point, allowed, asks_for_alerts, measured, most, title};
use crate::model::number::{percent, whole};
use crate::model::{CheckId, Phase};

/// Two points further apart than so many intervals have a gap between them.
pub const GAP_INTERVALS: u64 = 3;

/// Draws a check of the run into an area, with a frame.
pub fn chart(
    buffer: &mut Buffer,
    area: Rect,
    dashboard: &Dashboard,
    check: &CheckState<'_>,
    ui: &UiState,
    now_ms: u64,
) {
    let settings = dashboard.machine().settings();
    let id = &check.seen.check;
    let baseline = dashboard.baseline_rate().filter(|_| *id == CheckId::ErrorRate);
    let other = settings.color.other();
    let before = baseline.map(|rate| format!("{} {other} before: {} ", ui.charset.glyphs().dot, percent(rate)));
    let name = [
        Span::styled(format!(" {} ", title(id, settings)), ui.theme.strong()),
        Span::styled(ui.charset.glyphs().dot, ui.theme.dim()),
        Span::styled(format!(" {} ", settings.color), ui.theme.color(settings.color)),
        Span::styled(before.unwrap_or_default(), ui.theme.color(other)),
    ];
    let verdict = ui.theme.verdict(check.seen.verdict);
    let inside = pane::framed(buffer, area, &name, ui.theme.dim(), ui);
    let limit = allowed(id, check.seen.threshold);
    let of = [
        Span::styled(format!(" {}", now(dashboard, check)), verdict.patch(ui.theme.strong())),
        Span::styled(format!(" of {limit} "), ui.theme.threshold()),
    ];
    pane::right_title(buffer, area, &name, &of, ui);
    let (threshold, value) = (format!(" limit {limit} "), format!(" {} ", last(dashboard, check)));
    let range =
        Range { bottom: 0.0, threshold: check.seen.threshold, top: ui.scale.top(check.seen.threshold, most(id)) };
    let apart = settings.interval_ms.saturating_mul(GAP_INTERVALS);
    let stretch = Stretch::of(dashboard, now_ms);
    let Some(graph) = Graph::layout(inside, range, &[&threshold, &value], stretch, apart, ui) else { return };
    let labels = [range.top, range.bottom, range.threshold].map(|value| (value, allowed(id, value)));
    graph.values(buffer, &labels);
    graph.marks(buffer, dashboard.marks());
    graph.threshold(buffer);
    let points = || check.series.since(stretch.from_ms).map(|point| (point.at_ms, point.value));
    let mut plot = graph.blank();
    if *id == CheckId::ErrorRate {
        if let Some(rate) = baseline {
            graph.level(&mut plot, rate, ui.theme.color(other));
        }
        graph.line(&mut plot, previous(dashboard, stretch), ui.theme.color(other));
    }
    graph.fill(&mut plot, points());
    plot.draw(buffer, graph.plot, Some(graph.axis.threshold_row()));
    graph.gaps(buffer, points());
    graph.letters(buffer, dashboard.marks());
    graph.labels(buffer, &threshold, check.seen.value, &value, verdict);
    graph.times(buffer);
}

/// The error rate of the previous color as it was seen.
fn previous(dashboard: &Dashboard, stretch: Stretch) -> impl Iterator<Item = Seen> {
    dashboard.old_color().since(stretch.from_ms).map(|point| (point.at_ms, point.value))
}

/// The value with its time, for the end of the curve: `2% now`.
fn last(dashboard: &Dashboard, check: &CheckState<'_>) -> String {
    let over = dashboard.ending().is_some() || dashboard.machine().phase() == Phase::Verifying;
    match (check.seen.value, over) {
        (Some(_), false) => format!("{} now", now(dashboard, check)),
        (Some(_), true) => format!("{} at last", now(dashboard, check)),
        (None, _) => now(dashboard, check),
    }
}

/// The value of a check now, as it is written: `0.4%`, `3 of 3`.
pub fn now(dashboard: &Dashboard, check: &CheckState<'_>) -> String {
    if check.seen.check == CheckId::Readiness {
        let (ready, all) = dashboard.machine().target_ready();
        return format!("{ready} of {all} ready");
    }
    if asks_for_alerts(&check.seen.check, dashboard.machine().settings()) {
        return check.seen.value.map_or_else(|| "no answer".to_owned(), |firing| format!("{} firing", whole(firing)));
    }
    match (check.series.last(), check.seen.value) {
        (None, _) => "not yet".to_owned(),
        (Some(Point { counts: None, value: None, .. }), _) => "no data".to_owned(),
        (_, None) => "no traffic".to_owned(),
        (_, Some(value)) => measured(&check.seen.check, value),
    }
}
