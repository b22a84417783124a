//! The big chart: one check over time, with its threshold, the previous color for comparison, gaps and marks.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::axis::Axis;
use super::plot::Plot;
use super::{Stretch, cells, pane, pen};
use crate::app::tui::UiState;
use crate::core::view::{CheckState, Dashboard, MarkKind, Point, allowed, asks_for_alerts, measured, most, title};
use crate::model::number::{span, whole};
use crate::model::{CheckId, Phase};

/// Columns of the value axis and its labels.
const AXIS: u16 = 7;
/// Fewer columns than these have no room for a plot.
const NARROWEST: u16 = 6;
/// Two points further apart than so many intervals have a gap between them.
const GAP_INTERVALS: u64 = 3;

/// Draws a check of the run into an area, with a frame.
pub fn chart(
    buffer: &mut Buffer,
    area: Rect,
    dashboard: &Dashboard,
    check: &CheckState<'_>,
    ui: &UiState,
    now_ms: u64,
) {
    let color = dashboard.machine().settings().color;
    let title = [
        Span::styled(format!(" {} ", title(&check.seen.check, dashboard.machine().settings())), ui.theme.strong()),
        Span::styled(ui.charset.glyphs().dot, ui.theme.dim()),
        Span::styled(format!(" {color} "), ui.theme.color(color)),
    ];
    let inside = pane::framed(buffer, area, &title, ui.theme.dim(), ui);
    if inside.width <= AXIS + NARROWEST || inside.height < 2 {
        return;
    }
    // The last row is the time axis, where there is room for one.
    let rows = if inside.height > 3 { inside.height - 1 } else { inside.height };
    let labels = Labels::of(dashboard, check);
    let body = Rect { x: inside.x + AXIS, width: inside.width - AXIS, height: rows, ..inside };
    let plot = Rect { width: body.width - labels.gutter(body.width), ..body };
    let (_, dots) = Plot::resolution(ui.charset);
    let most = most(&check.seen.check);
    let axis = Axis { top: ui.scale.top(check.seen.threshold, most), threshold: check.seen.threshold, rows, dots };
    let stretch = Stretch::of(dashboard, now_ms);
    let scene = Scene { dashboard, check, ui, axis, plot, right: body.right(), labels, stretch };
    scene.values(buffer, inside);
    scene.threshold(buffer);
    scene.marks(buffer);
    scene.curves(buffer);
    scene.labels(buffer);
    if rows < inside.height {
        scene.times(buffer, pen::row(inside, rows));
    }
}

/// What is written at the right end of the chart.
struct Labels {
    threshold: String,
    value: String,
}

impl Labels {
    fn of(dashboard: &Dashboard, check: &CheckState<'_>) -> Self {
        let over = dashboard.ending().is_some() || dashboard.machine().phase() == Phase::Verifying;
        let when = match (check.seen.value, over) {
            (Some(_), false) => " now",
            (Some(_), true) => " at last",
            (None, _) => "",
        };
        let value = format!(" {}{when} ", now(dashboard, check));
        Self { threshold: format!(" threshold {} ", allowed(&check.seen.check, check.seen.threshold)), value }
    }

    /// Columns beside the plot for them alone, where there is room: then they hide nothing of the last seconds.
    fn gutter(&self, width: u16) -> u16 {
        let widest = Span::raw(&self.threshold).width().max(Span::raw(&self.value).width());
        let widest = u16::try_from(widest).unwrap_or(u16::MAX);
        if widest.saturating_mul(5) <= width.saturating_mul(2) { widest } else { 0 }
    }
}

struct Scene<'a> {
    dashboard: &'a Dashboard,
    check: &'a CheckState<'a>,
    ui: &'a UiState,
    axis: Axis,
    plot: Rect,
    /// Where the labels end.
    right: u16,
    labels: Labels,
    stretch: Stretch,
}

impl Scene<'_> {
    /// Labels and ticks of the value axis.
    fn values(&self, buffer: &mut Buffer, inside: Rect) {
        let glyphs = self.ui.charset.glyphs();
        let threshold = self.axis.threshold_row();
        for row in 0..self.plot.height {
            let label = match row {
                row if row == threshold => Some(allowed(&self.check.seen.check, self.axis.threshold)),
                0 => Some(allowed(&self.check.seen.check, self.axis.top)),
                row if row + 1 == self.plot.height => Some(allowed(&self.check.seen.check, 0.0)),
                _ => None,
            };
            let style = if row == threshold { self.ui.theme.threshold() } else { self.ui.theme.dim() };
            let area = Rect { width: AXIS - 2, ..pen::row(inside, row) };
            let label = label.map(|label| label.replace(' ', "")).unwrap_or_default();
            pen::write_right(buffer, area, &[Span::styled(label, style)], self.ui);
            buffer.set_string(inside.x + AXIS - 1, inside.y + row, glyphs.axis, self.ui.theme.dim());
        }
    }

    /// First of all layers: what lies above may cover it here and there, never all of it.
    fn threshold(&self, buffer: &mut Buffer) {
        let (y, glyph) = (self.plot.y + self.axis.threshold_row(), self.ui.charset.glyphs().threshold);
        for x in self.plot.x..self.plot.right() {
            buffer.set_string(x, y, glyph, self.ui.theme.threshold());
        }
    }

    /// A vertical line for each mark with its letter on top.
    fn marks(&self, buffer: &mut Buffer) {
        for mark in self.dashboard.marks() {
            let Some(x) = self.column(mark.at_ms) else { continue };
            let x = self.plot.x + x;
            for y in self.plot.y..self.plot.bottom() {
                if y != self.plot.y + self.axis.threshold_row() {
                    buffer.set_string(x, y, self.ui.charset.glyphs().mark, self.ui.theme.dim());
                }
            }
            let (letter, style) = match mark.kind {
                MarkKind::Switch => ("S", self.ui.theme.strong()),
                MarkKind::Breach => ("B", self.ui.theme.tone(crate::core::view::Tone::Bad)),
                MarkKind::Rollback => ("R", self.ui.theme.tone(crate::core::view::Tone::Bad)),
                MarkKind::Back => ("b", self.ui.theme.tone(crate::core::view::Tone::Good)),
            };
            buffer.set_string(x, self.plot.y, letter, style);
        }
    }

    fn curves(&self, buffer: &mut Buffer) {
        let mut plot = Plot::new(self.plot.width, self.plot.height, self.ui.charset);
        if self.check.seen.check == CheckId::ErrorRate {
            let old = self.dashboard.old_color().since(self.stretch.from_ms);
            self.curve(&mut plot, old, |_| self.ui.theme.dim());
        }
        let points = self.check.series.since(self.stretch.from_ms);
        self.curve(&mut plot, points, |point| self.ui.theme.verdict(point.verdict));
        plot.draw(buffer, self.plot);
        self.gaps(buffer);
    }

    fn curve<'a>(&self, plot: &mut Plot, points: impl Iterator<Item = &'a Point>, style: impl Fn(&Point) -> Style) {
        let apart = self.dashboard.machine().settings().interval_ms.saturating_mul(GAP_INTERVALS);
        let mut before: Option<(u64, (u16, u16))> = None;
        for point in points {
            let here = point.value.and_then(|value| Some((self.dot(point.at_ms)?, self.axis.dot(value))));
            if let Some(here) = here {
                let from = before.filter(|(at_ms, _)| point.at_ms.saturating_sub(*at_ms) <= apart).map(|(_, dot)| dot);
                plot.line(from.unwrap_or(here), here, style(point));
            }
            before = here.map(|here| (point.at_ms, here));
        }
    }

    /// A tick without data is shown as one, on the bottom row.
    fn gaps(&self, buffer: &mut Buffer) {
        let y = self.plot.bottom() - 1;
        for point in self.check.series.since(self.stretch.from_ms).filter(|point| point.value.is_none()) {
            let Some(x) = self.column(point.at_ms) else { continue };
            if buffer[(self.plot.x + x, y)].symbol() == " " {
                buffer.set_string(self.plot.x + x, y, self.ui.charset.glyphs().gap, self.ui.theme.dim());
            }
        }
    }

    /// The threshold's label on its line, and the value of now at the height of the curve's end.
    fn labels(&self, buffer: &mut Buffer) {
        let row = self.axis.threshold_row();
        self.label(buffer, row, &self.labels.threshold, self.ui.theme.threshold());
        let last = self.check.seen.value.map_or(self.plot.height - 1, |value| self.axis.dot(value) / self.axis.dots);
        // Beside the threshold's label, not over it.
        let at = if last == row { row.saturating_sub(1) } else { last };
        if at != row {
            let style = self.ui.theme.verdict(self.check.seen.verdict).patch(self.ui.theme.strong());
            self.label(buffer, at, &self.labels.value, style);
        }
    }

    /// A label at the right end of a row, on clean cells: what the layers below left there is not to shine through.
    fn label(&self, buffer: &mut Buffer, row: u16, text: &str, style: Style) {
        let gutter = self.right - self.plot.right();
        let label = Span::styled(text, style);
        let width = if gutter > 0 { gutter } else { u16::try_from(label.width()).unwrap_or(u16::MAX) };
        let width = width.min(self.right - self.plot.x);
        let area = Rect { x: self.right - width, width, ..pen::row(self.plot, row) };
        buffer.set_style(area, Style::reset());
        pen::write(buffer, area, &[label], self.ui);
    }

    /// `-4m   -3m   -2m   -1m   now`.
    fn times(&self, buffer: &mut Buffer, row: Rect) {
        let style = self.ui.theme.dim();
        let quarter = self.stretch.length_ms / 4;
        for part in 1..=4_u64 {
            let ago = quarter * part;
            let label = format!("-{}", span(ago));
            let share = 1.0 - cells::ms(ago) / cells::ms(self.stretch.length_ms);
            let x = row.x + AXIS + cells::share_of(self.plot.width.saturating_sub(1), share);
            let area = Rect { x, width: self.plot.right().saturating_sub(x), ..row };
            if self.plot.width >= 40 || part % 2 == 0 {
                pen::write(buffer, area, &[Span::styled(label, style)], self.ui);
            }
        }
        let plot = Rect { width: self.plot.right() - row.x, ..row };
        pen::write_right(buffer, plot, &[Span::styled("now", style)], self.ui);
    }

    /// The column of a time; none outside of the stretch.
    fn column(&self, at_ms: u64) -> Option<u16> {
        let (across, _) = Plot::resolution(self.ui.charset);
        self.dot(at_ms).map(|dot| dot / across)
    }

    fn dot(&self, at_ms: u64) -> Option<u16> {
        let Stretch { from_ms, to_ms, length_ms } = self.stretch;
        if !(from_ms..=to_ms).contains(&at_ms) {
            return None;
        }
        let (across, _) = Plot::resolution(self.ui.charset);
        let last = (self.plot.width * across).saturating_sub(1);
        Some(last - cells::share_of(last, cells::ms(to_ms - at_ms) / cells::ms(length_ms.max(1))))
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
