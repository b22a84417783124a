//! One row: its texts, and its course.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color as Ink, Style};
use ratatui::text::Span;

use crate::app::tui::UiState;
use crate::app::tui::widgets::{height, write, write_right};
use crate::core::fleet::{Row, Trend};
use crate::core::view::{State, Tone};
use crate::model::number::{percent, rate, span};
use crate::model::{Outcome, Verdict};

use super::columns::{Column, FRONT};

/// Evidence from this share on is worth a look.
const NEAR: f64 = 0.5;

/// How a row stands on the screen.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    pub is_selected: bool,
    pub is_marked: bool,
    pub now_ms: u64,
    pub wall_ms: i64,
}

#[cfg(test)]
thread_local! {
    static FORMATTED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// How many rows this thread has formatted.
#[cfg(test)]
pub fn formatted() -> usize {
    FORMATTED.get()
}

/// Draws a row into the first line of an area.
pub fn row(buffer: &mut Buffer, area: Rect, row: &Row, columns: &[(Column, u16, u16)], at: Standing, ui: &UiState) {
    #[cfg(test)]
    FORMATTED.set(FORMATTED.get() + 1);
    let area = area.intersection(buffer.area);
    if area.is_empty() {
        return;
    }
    let glyphs = ui.charset.glyphs();
    let pointer = if at.is_selected { glyphs.pointer } else { " " };
    let mark = if at.is_marked { glyphs.dots[0] } else { " " };
    let (sign, tone) = sign(row, ui);
    let front = [
        Span::styled(pointer, ui.theme.strong()),
        Span::styled(mark, ui.theme.strong()),
        Span::styled(sign, ui.theme.tone(tone)),
    ];
    write(buffer, Rect { width: FRONT.min(area.width), ..area }, &front, ui);
    // Where there are no numbers the reason has their room.
    let told = row.summary.error.as_deref().filter(|_| row.summary.numbers().is_none());
    for (column, x, width) in columns {
        let here = part(area, *x, *width);
        if let (Some(why), Column::Trend | Column::Check | Column::Numbers) = (told, column) {
            let rest = columns
                .last()
                .filter(|(last, ..)| *last == Column::Host)
                .map_or(area.right(), |(_, x, _)| area.x + x - 1);
            let room = Rect { width: rest.saturating_sub(here.x), ..here };
            write(buffer, room, &[Span::styled(why.to_owned(), ui.theme.dim())], ui);
            if let Some((_, x, width)) = columns.last().filter(|(last, ..)| *last == Column::Host) {
                cell(buffer, part(area, *x, *width), row, Column::Host, at, ui);
            }
            break;
        }
        match column {
            Column::Trend => trend(buffer, here, row, ui),
            column => cell(buffer, here, row, *column, at, ui),
        }
    }
    if at.is_selected {
        select(buffer, area, columns, ui);
    }
}

/// Reverses a row in one color: colors of its own would be patches. The course stays as it is.
fn select(buffer: &mut Buffer, area: Rect, columns: &[(Column, u16, u16)], ui: &UiState) {
    let course =
        columns.iter().find(|(column, ..)| *column == Column::Trend).map(|(_, x, width)| part(area, *x, *width));
    for x in area.x..area.right() {
        if course.is_some_and(|course| (course.x..course.right()).contains(&x)) {
            continue;
        }
        buffer[(x, area.y)].set_fg(Ink::Reset).set_style(ui.theme.selected());
    }
}

fn part(area: Rect, x: u16, width: u16) -> Rect {
    let x = x.min(area.width);
    Rect { x: area.x + x, width: width.min(area.width - x), ..area }
}

fn cell(buffer: &mut Buffer, here: Rect, row: &Row, column: Column, at: Standing, ui: &UiState) {
    let (text, style) = text(row, column, at, ui);
    let style = if row.is_stale && column != Column::Left { ui.theme.dim() } else { style };
    let spans = [Span::styled(text, style)];
    if column.is_number() {
        write_right(buffer, here, &spans, ui)
    } else {
        write(buffer, here, &spans, ui)
    };
}

fn text(row: &Row, column: Column, at: Standing, ui: &UiState) -> (String, Style) {
    let summary = &row.summary;
    let plain = |text: Option<&str>| (text.unwrap_or("-").to_owned(), Style::new());
    match column {
        Column::Service => (summary.service.clone(), ui.theme.strong()),
        Column::Release => plain(summary.release.as_deref()),
        Column::Color => match summary.active.or(summary.color) {
            Some(color) => (color.to_string(), ui.theme.color(color)),
            None => plain(None),
        },
        Column::State => {
            let (word, tone) = summary.word();
            (word.to_owned(), ui.theme.tone(tone))
        }
        Column::Check => plain(summary.check_name()),
        Column::Numbers => match summary.numbers() {
            Some((value, limit)) => {
                let style = if summary.is_beyond() { ui.theme.tone(Tone::Bad) } else { Style::new() };
                (format!("{value} / {limit}"), style)
            }
            None => plain(None),
        },
        Column::Evidence => match summary.evidence {
            Some(share) => {
                let tone = if share >= 1.0 {
                    Tone::Bad
                } else if share >= NEAR {
                    Tone::Warning
                } else {
                    Tone::Plain
                };
                (percent(share.clamp(0.0, 99.0)), ui.theme.tone(tone))
            }
            None => plain(None),
        },
        Column::Requests => plain(summary.requests_per_second.map(rate).as_deref()),
        Column::Left => left(row, at, ui),
        Column::Host => plain(summary.host.as_deref()),
        Column::Trend => plain(None),
    }
}

/// The time left; of a soak that has ended, how long ago.
fn left(row: &Row, at: Standing, ui: &UiState) -> (String, Style) {
    let seconds = |ms: u64| span(ms / 1_000 * 1_000);
    if row.is_stale {
        return ("stale".to_owned(), ui.theme.tone(Tone::Warning));
    }
    if let Some(left) = row.left_ms(at.now_ms) {
        return (seconds(left), Style::new());
    }
    let ended = row.summary.since_ms.filter(|_| row.summary.outcome.is_some());
    let ago = ended.and_then(|at_ms| u64::try_from(at.wall_ms.saturating_sub(at_ms)).ok());
    (ago.map_or_else(|| "-".to_owned(), |ago| format!("{} ago", coarse(ago))), ui.theme.dim())
}

/// `45s`, `12m`, `3h`, `4d`: one unit, so that it fits with its `ago`.
fn coarse(ms: u64) -> String {
    let seconds = ms / 1_000;
    match seconds {
        0..60 => span(seconds * 1_000),
        60..3_600 => span(seconds / 60 * 60_000),
        3_600..172_800 => span(seconds / 3_600 * 3_600_000),
        _ => span(seconds / 86_400 * 86_400_000),
    }
}

/// The sign in front of a row: by the word where that needs attention, else by the verdict.
fn sign(row: &Row, ui: &UiState) -> (&'static str, Tone) {
    let (glyphs, summary) = (ui.charset.glyphs(), &row.summary);
    let [good, unknown, bad] = glyphs.signs;
    match (summary.word().1, summary.state) {
        (Tone::Bad, State::Error) => (bad, Tone::Bad),
        (Tone::Bad, _) => (glyphs.alarm, Tone::Bad),
        (Tone::Warning, _) if summary.outcome == Some(Outcome::RolledBack) => (glyphs.back, Tone::Warning),
        (Tone::Warning, _) => (glyphs.alarm, Tone::Warning),
        (_, State::Watching) => match summary.verdict {
            Some(Verdict::Breached) => (bad, Tone::Bad),
            Some(Verdict::Healthy) => (good, Tone::Good),
            _ if summary.is_beyond() => (glyphs.alarm, Tone::Warning),
            _ => (unknown, Tone::Plain),
        },
        (Tone::Good, _) => (good, Tone::Good),
        _ => (" ", Tone::Plain),
    }
}

/// The course of the value against its limit, the oldest first; where nothing was seen yet, the limit's line.
fn trend(buffer: &mut Buffer, here: Rect, row: &Row, ui: &UiState) {
    let here = here.intersection(buffer.area);
    if here.is_empty() {
        return;
    }
    let glyphs = ui.charset.glyphs();
    if row.summary.state != State::Watching {
        return;
    }
    bars(buffer, here, &row.trend, ui);
    for x in here.x + u16::try_from(row.trend.last(usize::from(here.width)).len()).unwrap_or(0)..here.right() {
        buffer.set_string(x, here.y, glyphs.threshold, ui.theme.threshold());
    }
}

/// The newest points as bars, one a cell.
pub fn bars(buffer: &mut Buffer, here: Rect, trend: &Trend, ui: &UiState) {
    let glyphs = ui.charset.glyphs();
    for (x, value) in (here.x..here.right()).zip(trend.last(usize::from(here.width))) {
        match value {
            Some(times) => {
                buffer.set_string(x, here.y, glyphs.bars[height(times)], ui.theme.against_limit(times));
            }
            None => {
                buffer.set_string(x, here.y, glyphs.gap, ui.theme.dim());
            }
        }
    }
}
