//! What is known of the selected row: as a line, or as a pane with the course of its value.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::app::tui::UiState;
use crate::app::tui::widgets::pane::pane;
use crate::app::tui::widgets::{after, row, wrap, write, write_right};
use crate::core::fleet::{Row, Trend};
use crate::core::view::{State, Summary};
use crate::model::number::{percent, rate};

use super::cells::bars;

/// Rows of the chart: the fewest that say something, and as many as an eye needs.
const CHART: (u16, u16) = (4, 12);
/// Eighths of the chart's height below the limit; a value twice the limit is one higher, and so on.
const BELOW: f64 = 5.0;

/// Draws it; a row is one line, more are a pane.
pub fn about(buffer: &mut Buffer, area: Rect, known: &Row, ui: &UiState) {
    let summary = &known.summary;
    if area.height < 3 {
        let why = why(summary).unwrap_or_default();
        write(buffer, area, &[Span::styled(format!(" {why}"), ui.theme.dim())], ui);
        return;
    }
    let host = summary.host.as_deref().filter(|host| *host != summary.service);
    let host = host.map(|host| format!(" on {host}")).unwrap_or_default();
    let title = ui.charset.text(&format!("{}{host}", summary.service)).into_owned();
    let inside = pane(buffer, area, &title, false, ui);
    let inside = after(Rect { width: inside.width.saturating_sub(1), ..inside }, 1);
    let (word, tone) = summary.word();
    let mut spans = vec![Span::styled(word, ui.theme.tone(tone).patch(ui.theme.strong()))];
    spans.extend(numbers(summary).into_iter().map(|text| Span::raw(format!("   {text}"))));
    let taken = write(buffer, row(inside, 0), &spans, ui);
    let lines = why(summary).map(|why| wrap(why, inside.width)).unwrap_or_default();
    for (at, line) in (1..inside.height).zip(&lines) {
        write(buffer, row(inside, at), &[Span::raw(line.clone())], ui);
    }
    let used = 1 + u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let free = inside.height.saturating_sub(used);
    if let Some(soak) = summary.soak.as_ref().filter(|_| free > 0) {
        write(buffer, row(inside, inside.height - 1), &[Span::styled(format!("soak {soak}"), ui.theme.dim())], ui);
    }
    if summary.state != State::Watching {
        return;
    }
    // A space above and below, and the soak's line.
    let height = free.saturating_sub(3).min(CHART.1);
    if height >= CHART.0 {
        let chart = Rect { y: inside.y + used + 1, height, ..inside };
        self::chart(buffer, chart, &known.trend, ui);
        if let (Some(name), Some((_, limit))) = (summary.check_name(), summary.numbers()) {
            let label = format!(" {name}, limit {limit} ");
            write_right(buffer, row(chart, limit_row(height)), &[Span::styled(label, ui.theme.threshold())], ui);
        }
        return;
    }
    let rest = after(row(inside, 0), taken + 3);
    if rest.width > 8 {
        bars(buffer, rest, &known.trend, ui);
    }
}

/// Why a row is as it is, in a sentence.
fn why(summary: &Summary) -> Option<&str> {
    summary.error.as_deref().or(summary.reason.as_deref())
}

/// All numbers of a row, each with its name.
fn numbers(summary: &Summary) -> Vec<String> {
    let mut told = Vec::new();
    let color = summary.active.map(|color| color.to_string());
    told.extend(match (&summary.release, color) {
        (Some(release), Some(color)) => Some(format!("{release} on {color}")),
        (release, color) => release.clone().or(color),
    });
    if let (Some(name), Some((value, limit))) = (summary.check_name(), summary.numbers()) {
        told.push(format!("{name} {value} (limit {limit})"));
    }
    told.extend(summary.evidence.map(|share| format!("{} of a breach", percent(share.clamp(0.0, 99.0)))));
    told.extend(summary.requests_per_second.map(|requests| format!("{} requests", rate(requests))));
    told
}

/// The row in which the limit's line is, from the top.
fn limit_row(height: u16) -> u16 {
    height.saturating_sub(1).saturating_sub(height * 5 / 8)
}

/// The course as filled columns, each as wide as there is room for, with the limit's line across.
fn chart(buffer: &mut Buffer, area: Rect, trend: &Trend, ui: &UiState) {
    let area = area.intersection(buffer.area);
    if area.is_empty() {
        return;
    }
    let glyphs = ui.charset.glyphs();
    let line = row(area, limit_row(area.height));
    for x in line.x..line.right() {
        buffer.set_string(x, line.y, glyphs.threshold, ui.theme.threshold());
    }
    let points = trend.last(usize::from(area.width));
    let count = u16::try_from(points.len().max(Trend::MAX)).unwrap_or(u16::MAX);
    let width = (area.width / count).max(1);
    for (at, value) in (0..area.width).zip(points) {
        let Some(times) = value else { continue };
        let mut rest = eighths(times, area.height);
        for y in (area.y..area.bottom()).rev() {
            if rest == 0 {
                break;
            }
            let glyph = glyphs.bars[usize::from(rest.min(8)) - 1];
            // Nothing is drawn over the limit's line.
            let width = if y == line.y { 0 } else { width };
            for x in 0..width {
                let x = area.x + at * width + x;
                if x < area.right() {
                    buffer.set_string(x, y, glyph, ui.theme.against_limit(times));
                }
            }
            rest = rest.saturating_sub(8);
        }
    }
}

/// How high a value stands in a chart of so many rows, in eighths of a row; one at least.
fn eighths(times: f64, height: u16) -> u16 {
    let of_eight = if times < 1.0 { times.max(0.0) * BELOW } else { BELOW + times.log2().min(8.0 - BELOW) };
    let wanted = of_eight * f64::from(height);
    // As many as are not above it.
    (1..=height * 8).take_while(|count| f64::from(*count) <= wanted).last().unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_below_the_limit_ends_below_its_line() {
        for height in 4..=12 {
            // Eighths up to the line's own row.
            let line = (height - 1 - limit_row(height)) * 8;
            assert!(eighths(0.8, height) <= line + 8 && eighths(0.0, height) == 1, "{height}");
            assert!(eighths(1.3, height) > line, "{height}");
            assert_eq!(eighths(1e9, height), height * 8);
        }
    }
}
