//! The instances of the color that matters now, worst first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::{cells, pane, pen};
use crate::app::tui::{Pane, UiState};
use crate::core::view::{Dashboard, Instance, Tone};
use crate::model::number::{latency, percent, rate, span};

/// Columns of error rate and age.
const ERRORS_AND_AGE: u16 = 17;
/// Columns of the sign in front of the name.
const SIGN: u16 = 3;
/// Columns of the error rate alone.
const ERRORS: u16 = 8;
/// The error rate that is a full bar.
const FULL: f64 = 0.2;
/// Columns of the rate, which is left out where there are fewer columns than these.
const RATE: u16 = 7;
const ROOMY: u16 = 40;
/// Columns of the error rate's history at most and of the latency, which are there from so many columns on.
const HISTORY: u16 = 24;
const LATENCY: u16 = 9;
const WIDE: u16 = 56;
/// An instance without a good sample for this long is old news.
const OLD_MS: u64 = 10_000;

pub fn instances(buffer: &mut Buffer, area: Rect, dashboard: &Dashboard, ui: &UiState, now_ms: u64) {
    let color = dashboard.shown_color();
    let focused = ui.focus == Pane::Instances;
    let title = [
        pane::name("instances", focused, ui),
        Span::styled(ui.charset.glyphs().dot, ui.theme.dim()),
        Span::styled(format!(" {color} "), ui.theme.color(color)),
    ];
    let inside = pane::framed(buffer, area, &title, ui.theme.dim(), ui);
    let known = dashboard.instances(color);
    if known.is_empty() {
        pen::write(buffer, inside, &[Span::styled(format!(" no instance of {color} is known"), ui.theme.dim())], ui);
        return;
    }
    let rows = usize::from(inside.height);
    let selected = ui.instance.min(known.len() - 1);
    let from = pane::first_row(selected, rows);
    let columns = Columns::of(dashboard, inside.width);
    for (row, (at, instance)) in (0..inside.height).zip(known.iter().enumerate().skip(from)) {
        let row = pen::row(inside, row);
        if focused && at == selected {
            buffer.set_style(row.intersection(buffer.area), ui.theme.selected());
        }
        let name = name(instance, &known, row.width.saturating_sub(columns.whole()));
        one(buffer, row, instance, &name, columns, ui, dashboard.clock(now_ms));
    }
    pane::more(buffer, inside, known.len().saturating_sub(from + rows), ui);
}

/// What there is room for in a row beside the name: columns of each part, 0 for what is left out.
#[derive(Clone, Copy)]
struct Columns {
    /// Whether there are pages with numbers at all.
    numbers: bool,
    rate: u16,
    history: u16,
    latency: u16,
    /// The share of requests that the latency is told for.
    quantile: f64,
}

impl Columns {
    fn of(dashboard: &Dashboard, width: u16) -> Self {
        let settings = dashboard.machine().settings();
        let latency = settings.latency.as_ref();
        let wide = width >= WIDE;
        Self {
            numbers: settings.reads_pages(),
            rate: if width >= ROOMY { RATE } else { 0 },
            history: if wide { (width / 4).min(HISTORY) } else { 0 },
            latency: if wide && latency.is_some() { LATENCY } else { 0 },
            quantile: latency.map_or(0.0, |latency| latency.quantile.0),
        }
    }

    const fn whole(self) -> u16 {
        SIGN + ERRORS_AND_AGE + self.rate + self.history + self.latency
    }
}

/// The name of an instance among others. Without room for all of it: its port where they share a host, else its end.
fn name(instance: &Instance, known: &[&Instance], room: u16) -> String {
    let room = usize::from(room);
    let fits = |instance: &Instance| instance.name().chars().count() <= room;
    let host = |instance: &Instance| instance.name().rsplit_once(':').map(|(host, _)| host.to_owned());
    let first = host(instance);
    let shared = first.is_some() && known.len() > 1 && known.iter().all(|other| host(other) == first);
    let whole = instance.name();
    match whole.rsplit_once(':') {
        Some((_, port)) if shared && !known.iter().all(|other| fits(other)) => format!(":{port}"),
        _ if fits(instance) => whole.to_owned(),
        _ => {
            let skipped = whole.chars().count().saturating_sub(room.saturating_sub(1));
            format!("…{}", whole.chars().skip(skipped).collect::<String>())
        }
    }
}

fn one(buffer: &mut Buffer, row: Rect, instance: &Instance, name: &str, columns: Columns, ui: &UiState, now_ms: u64) {
    let [good, unknown, bad] = ui.charset.glyphs().signs;
    let (sign, tone) = match (instance.ready(), &instance.failure) {
        (Some(false), _) => (bad, Tone::Bad),
        (_, Some(_)) => (unknown, Tone::Warning),
        (Some(true), None) => (good, Tone::Good),
        (None, None) => (unknown, Tone::Plain),
    };
    let spans = [Span::styled(format!(" {sign} "), ui.theme.tone(tone)), Span::raw(name.to_owned())];
    let numbers = (columns.whole() - SIGN).min(row.width);
    let taken = pen::write(buffer, Rect { width: row.width - numbers, ..row }, &spans, ui);
    if let Some(why) = instance.complaint() {
        let area = pen::after(row, taken + 2);
        pen::write(buffer, area, &[Span::styled(why.to_owned(), ui.theme.tone(tone))], ui);
        return;
    }
    if !columns.numbers {
        pen::write_right(buffer, row, &[Span::styled("only probed ", ui.theme.dim())], ui);
        return;
    }
    let mut rest = pen::after(row, row.width - numbers);
    let mut part = |width: u16| {
        let here = Rect { width: width.min(rest.width), ..rest };
        rest = pen::after(rest, width);
        here
    };
    let dash = || "-".to_owned();
    let right = |buffer: &mut Buffer, area: Rect, text: String, style: Style| {
        pen::write_right(buffer, area, &[Span::styled(text, style)], ui);
    };
    right(buffer, part(columns.rate), instance.requests_per_second().map_or_else(dash, rate), Style::new());
    let history = part(columns.history);
    history_of(buffer, pen::after(history, 2), instance, ui);
    right(buffer, part(ERRORS), instance.error_rate().map_or_else(dash, percent), Style::new());
    let known = instance.latency(columns.quantile).map_or_else(dash, latency);
    right(buffer, part(columns.latency), known, Style::new());
    let age = instance.age_ms(now_ms);
    let old = if age.is_none_or(|age| age > OLD_MS) { ui.theme.tone(Tone::Warning) } else { ui.theme.dim() };
    right(buffer, part(ERRORS_AND_AGE - ERRORS), format!("{} ", age.map_or_else(|| "never".to_owned(), span)), old);
}

/// The error rates of the last samples, a cell each, the newest at the right.
fn history_of(buffer: &mut Buffer, area: Rect, instance: &Instance, ui: &UiState) {
    let area = area.intersection(buffer.area);
    let rates = instance.rates();
    let newest = rates.iter().skip(rates.len().saturating_sub(usize::from(area.width)));
    let first = area.right() - u16::try_from(newest.len()).unwrap_or(0).min(area.width);
    for (x, rate) in (first..area.right()).zip(newest) {
        let glyphs = ui.charset.glyphs();
        let glyph = rate.map_or(glyphs.gap, |rate| glyphs.bars[usize::from(cells::share_of(7, rate / FULL))]);
        buffer.set_string(x, area.y, glyph, ui.theme.dim());
    }
}

#[cfg(test)]
mod tests {
    use crate::core::soak::testing::settings;

    use super::*;

    fn names(urls: &[&str], width: u16) -> Vec<String> {
        let mut settings = settings();
        settings.instances = urls.iter().map(|url| (*url).to_owned()).collect();
        let dashboard = Dashboard::new(settings.clone());
        let known = dashboard.instances(settings.color);
        let room = width.saturating_sub(Columns::of(&dashboard, width).whole());
        known.iter().map(|instance| name(instance, &known, room)).collect()
    }

    #[test]
    fn instances_can_be_told_apart_where_there_is_little_room() {
        let one_host = ["http://127.0.0.1:3001", "http://127.0.0.1:3002"];
        assert_eq!(names(&one_host, 44), ["127.0.0.1:3001", "127.0.0.1:3002"]);
        assert_eq!(names(&one_host, 30), [":3001", ":3002"]);
        let hosts = ["http://shop-a.internal:80", "http://shop-b.internal:80"];
        assert_eq!(names(&hosts, 34), ["…a.internal:80", "…b.internal:80"]);
        assert_eq!(names(&hosts[..1], 30), ["…ternal:80"]);
    }
}
