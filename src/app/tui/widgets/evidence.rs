//! How far the check with the big chart is from a breach, over time: a rollback is seen coming.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::chart::GAP_INTERVALS;
use super::graph::{Graph, Range};
use super::{Stretch, pane, pen};
use crate::app::tui::UiState;
use crate::core::view::{CheckState, Dashboard};

/// Evidence for the release is shown down to this part of the way to a breach: with 100× that is 0.25×.
const FOR_THE_RELEASE: f64 = -0.3;
/// The top of the chart, the breach being 1.
const TOP: f64 = 1.3;

/// Draws it with a frame.
pub fn evidence(
    buffer: &mut Buffer,
    area: Rect,
    dashboard: &Dashboard,
    check: &CheckState<'_>,
    ui: &UiState,
    now_ms: u64,
) {
    let Some(gauge) = &check.gauge else {
        let inside = pane::pane(buffer, area, "evidence of a breach", false, ui);
        let why = if dashboard.machine().soaking() { "nothing measured yet" } else { "begins with the soak" };
        pen::write(buffer, inside, &[Span::styled(format!(" {why}"), ui.theme.dim())], ui);
        return;
    };
    let is_evidence = gauge.label == "evidence";
    let name = if is_evidence { " evidence of a breach " } else { " how near to a breach " };
    let title = [Span::styled(name, ui.theme.strong())];
    let inside = pane::framed(buffer, area, &title, ui.theme.dim(), ui);
    let acts = Span::styled(format!(" acts at {} ", gauge.bar), ui.theme.threshold());
    pane::right_title(buffer, area, &title, &[acts], ui);
    // A share of what is left says less than its distance from the bar, which the chart shows.
    let value = format!(" {} ", gauge.text);
    let bottom = if is_evidence { FOR_THE_RELEASE } else { 0.0 };
    let range = Range { bottom, threshold: 1.0, top: TOP };
    let apart = dashboard.machine().settings().interval_ms.saturating_mul(GAP_INTERVALS);
    let stretch = Stretch::of(dashboard, now_ms);
    let bar = format!(" {} ", gauge.bar);
    let Some(graph) = Graph::layout(inside, range, &[&bar, &value], stretch, apart, ui) else { return };
    let none = if is_evidence { "1×" } else { "" };
    graph.values(buffer, &[(0.0, none.to_owned()), (1.0, gauge.bar.clone())]);
    graph.marks(buffer, dashboard.marks());
    graph.threshold(buffer);
    let mut plot = graph.blank();
    let points = check.series.since(stretch.from_ms).map(|point| (point.at_ms, point.toward));
    graph.fill(&mut plot, points);
    plot.draw(buffer, graph.plot, Some(graph.axis.threshold_row()));
    graph.letters(buffer, dashboard.marks());
    graph.labels(buffer, &bar, Some(gauge.toward), &value, ui.theme.against_limit(gauge.toward));
    graph.times(buffer);
}
