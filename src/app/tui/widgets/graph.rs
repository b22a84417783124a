//! What charts are made of: a plot beside its value axis and above its time axis, with a threshold that nothing covers.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::axis::Axis;
use super::plot::Plot;
use super::{Stretch, cells, pen};
use crate::app::tui::UiState;
use crate::core::view::{Mark, MarkKind, Tone};
use crate::model::number::span;

/// Columns of the value axis and its labels.
const AXIS: u16 = 7;
/// Fewer columns than these have no room for a plot.
const NARROWEST: u16 = 6;
/// Columns from one time to the next at least.
const BETWEEN_TIMES: u16 = 12;
/// Seconds from one time to the next.
const TIMES_S: [u64; 17] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400];

/// What a plot shows of values.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    pub bottom: f64,
    pub threshold: f64,
    pub top: f64,
}

/// A value at a time; none where there was none to see.
pub type Seen = (u64, Option<f64>);

pub struct Graph<'a> {
    ui: &'a UiState,
    pub axis: Axis,
    pub plot: Rect,
    inside: Rect,
    /// Where the labels end.
    right: u16,
    stretch: Stretch,
    /// Two values further apart than this have a gap between them, in milliseconds.
    apart_ms: u64,
}

impl<'a> Graph<'a> {
    /// Lays out a graph inside a frame, with labels beside the plot where there is room for them; none where there is no room at all.
    pub fn layout(
        inside: Rect,
        range: Range,
        labels: &[&str],
        stretch: Stretch,
        apart_ms: u64,
        ui: &'a UiState,
    ) -> Option<Self> {
        if inside.width <= AXIS + NARROWEST || inside.height < 2 {
            return None;
        }
        // The last row is the time axis, where there is room for one.
        let rows = if inside.height > 3 { inside.height - 1 } else { inside.height };
        let body = Rect { x: inside.x + AXIS, width: inside.width - AXIS, height: rows, ..inside };
        let plot = Rect { width: body.width - gutter(labels, body.width), ..body };
        let (_, dots) = Plot::resolution(ui.charset);
        let Range { bottom, threshold, top } = range;
        let axis = Axis { bottom, top, threshold, rows, dots };
        Some(Self { ui, axis, plot, inside, right: body.right(), stretch, apart_ms })
    }

    /// An empty plot of this graph's size.
    pub fn blank(&self) -> Plot {
        Plot::new(self.plot.width, self.plot.height, self.ui.charset)
    }

    /// The axis, with a label at each of these values; the threshold's is last.
    pub fn values(&self, buffer: &mut Buffer, labels: &[(f64, String)]) {
        let glyphs = self.ui.charset.glyphs();
        for row in 0..self.plot.height {
            buffer.set_string(self.plot.x - 1, self.plot.y + row, glyphs.axis, self.ui.theme.dim());
        }
        for (value, label) in labels {
            let is_threshold = value.total_cmp(&self.axis.threshold).is_eq();
            let row = if is_threshold { self.axis.threshold_row() } else { self.axis.dot(*value) / self.axis.dots };
            let style = if is_threshold { self.ui.theme.threshold() } else { self.ui.theme.dim() };
            let area = Rect { width: AXIS - 2, ..pen::row(self.inside, row) };
            pen::write_right(buffer, area, &[Span::styled(label.replace(' ', ""), style)], self.ui);
        }
    }

    /// The threshold's line, which nothing is drawn over.
    pub fn threshold(&self, buffer: &mut Buffer) {
        let (y, glyph) = (self.plot.y + self.axis.threshold_row(), self.ui.charset.glyphs().threshold);
        for x in self.plot.x..self.plot.right() {
            buffer.set_string(x, y, glyph, self.ui.theme.threshold());
        }
    }

    /// A vertical line for each mark.
    pub fn marks(&self, buffer: &mut Buffer, marks: &[Mark]) {
        for mark in marks {
            let Some(x) = self.column(mark.at_ms) else { continue };
            for y in self.plot.y..self.plot.bottom() {
                buffer.set_string(self.plot.x + x, y, self.ui.charset.glyphs().mark, self.ui.theme.dim());
            }
        }
    }

    /// The letters of the marks, which only labels may cover.
    pub fn letters(&self, buffer: &mut Buffer, marks: &[Mark]) {
        for mark in marks {
            let Some(x) = self.column(mark.at_ms) else { continue };
            let (letter, style) = match mark.kind {
                MarkKind::Switch => ("S", self.ui.theme.strong()),
                MarkKind::Breach => ("B", self.ui.theme.tone(Tone::Bad)),
                MarkKind::Rollback => ("R", self.ui.theme.tone(Tone::Bad)),
                MarkKind::Back => ("b", self.ui.theme.tone(Tone::Good)),
            };
            let cell = (self.plot.x + x, self.plot.y);
            buffer.set_style(Rect { x: cell.0, y: cell.1, width: 1, height: 1 }, Style::reset());
            buffer.set_string(cell.0, cell.1, letter, style);
        }
    }

    /// The area below values, each row colored by how near to the threshold it is.
    pub fn fill(&self, plot: &mut Plot, seen: impl Iterator<Item = Seen>) {
        let (across, _) = Plot::resolution(self.ui.charset);
        let mut tops: Vec<Option<u16>> = vec![None; usize::from(self.plot.width * across)];
        self.steps(seen, |from, to| {
            let width = f64::from(to.0.abs_diff(from.0).max(1));
            for x in from.0..=to.0 {
                let way = f64::from(x - from.0) / width;
                let top = f64::from(from.1) + (f64::from(to.1) - f64::from(from.1)) * way;
                let top = cells::share_of(u16::MAX, top / f64::from(u16::MAX));
                if let Some(known) = tops.get_mut(usize::from(x)) {
                    *known = Some(known.map_or(top, |known| known.min(top)));
                }
            }
        });
        let bottom = self.plot.height * self.axis.dots;
        for (x, top) in (0..).zip(tops) {
            let Some(top) = top else { continue };
            for y in top..bottom {
                plot.fill(x, y, self.ui.theme.against_limit(self.axis.share(y / self.axis.dots)));
            }
        }
    }

    /// A line through values.
    pub fn line(&self, plot: &mut Plot, seen: impl Iterator<Item = Seen>, style: Style) {
        self.steps(seen, |from, to| plot.line(from, to, style));
    }

    /// A line at one value, from the switch until now.
    pub fn level(&self, plot: &mut Plot, value: f64, style: Style) {
        let Stretch { from_ms, to_ms, origin_ms, .. } = self.stretch;
        let ends = [from_ms.max(origin_ms), to_ms].map(|at_ms| self.across(at_ms).map(|x| (x, self.axis.dot(value))));
        if let [Some(from), Some(to)] = ends {
            plot.line(from, to, style);
        }
    }

    /// From one dot to the next, in the order of time; a dot with a gap before it stands for itself.
    fn steps(&self, seen: impl Iterator<Item = Seen>, mut step: impl FnMut((u16, u16), (u16, u16))) {
        let mut before: Option<(u64, (u16, u16))> = None;
        for (at_ms, value) in seen {
            let here = value.and_then(|value| Some((self.across(at_ms)?, self.axis.dot(value))));
            if let Some(here) = here {
                let from = before.filter(|(before_ms, _)| at_ms.saturating_sub(*before_ms) <= self.apart_ms);
                step(from.map_or(here, |(_, dot)| dot), here);
            }
            before = here.map(|here| (at_ms, here));
        }
    }

    /// A tick without data is shown as one, on the bottom row.
    pub fn gaps(&self, buffer: &mut Buffer, seen: impl Iterator<Item = Seen>) {
        let y = self.plot.bottom() - 1;
        for (at_ms, _) in seen.filter(|(_, value)| value.is_none()) {
            let Some(x) = self.column(at_ms) else { continue };
            if buffer[(self.plot.x + x, y)].symbol() == " " {
                buffer.set_string(self.plot.x + x, y, self.ui.charset.glyphs().gap, self.ui.theme.dim());
            }
        }
    }

    /// The threshold's label on its line, and a value's at its height, both at the right end.
    pub fn labels(&self, buffer: &mut Buffer, threshold: &str, value: Option<f64>, text: &str, style: Style) {
        let row = self.axis.threshold_row();
        let last = value.map_or(self.plot.height - 1, |value| self.axis.dot(value) / self.axis.dots);
        if last != row {
            self.label(buffer, last, text, style.patch(self.ui.theme.strong()));
        }
        self.label(buffer, row, threshold, self.ui.theme.threshold());
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

    /// `0s     15s     30s`: times since the switch.
    pub fn times(&self, buffer: &mut Buffer) {
        if self.plot.bottom() >= self.inside.bottom() {
            return;
        }
        let row = Rect { y: self.plot.bottom(), height: 1, ..self.plot };
        let Stretch { from_ms, length_ms, origin_ms, .. } = self.stretch;
        let place = |at_ms: u64| {
            let share = cells::ms(at_ms - from_ms) / cells::ms(length_ms.max(1));
            cells::share_of(row.width.saturating_sub(1), share)
        };
        let fits = |step: &u64| place(from_ms + (step * 1_000).min(length_ms)) >= BETWEEN_TIMES;
        let step = TIMES_S.into_iter().find(fits).unwrap_or(TIMES_S[TIMES_S.len() - 1]) * 1_000;
        let first = from_ms.saturating_sub(origin_ms).div_ceil(step);
        for passed in (first..).map(|number| number * step).take_while(|ms| origin_ms + ms <= from_ms + length_ms) {
            let label = span(passed);
            let x = place(origin_ms + passed);
            if usize::from(x) + label.len() <= usize::from(row.width) {
                let area = Rect { x: row.x + x, width: row.width - x, ..row };
                pen::write(buffer, area, &[Span::styled(label, self.ui.theme.dim())], self.ui);
            }
        }
    }

    /// The column of a time; none outside of the stretch.
    fn column(&self, at_ms: u64) -> Option<u16> {
        let (across, _) = Plot::resolution(self.ui.charset);
        self.across(at_ms).map(|dot| dot / across)
    }

    fn across(&self, at_ms: u64) -> Option<u16> {
        let (across, _) = Plot::resolution(self.ui.charset);
        let last = (self.plot.width * across).saturating_sub(1);
        self.stretch.share(at_ms).map(|share| cells::share_of(last, share))
    }
}

/// Columns beside the plot for labels alone, where there is room: then they hide nothing of the last seconds.
fn gutter(labels: &[&str], width: u16) -> u16 {
    let widest = labels.iter().map(|label| Span::raw(*label).width()).max().unwrap_or(0);
    let widest = u16::try_from(widest).unwrap_or(u16::MAX);
    if widest.saturating_mul(4) <= width { widest } else { 0 }
}
