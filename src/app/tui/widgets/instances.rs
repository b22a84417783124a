//! The instances of the color that matters now, worst first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::{pane, pen};
use crate::app::tui::{Pane, UiState};
use crate::core::view::{Dashboard, Instance, Tone};
use crate::model::number::{percent, rate, span};

/// Columns of rate, error rate and age.
const NUMBERS: u16 = 24;
/// Columns of the sign in front of the name.
const SIGN: u16 = 3;
/// Columns of the rate alone, which goes first where there are fewer columns than these.
const RATE: u16 = 7;
const ROOMY: u16 = 40;
/// An instance without a good sample for this long is old news.
const OLD_MS: u64 = 10_000;

pub fn instances(buffer: &mut Buffer, area: Rect, dashboard: &Dashboard, ui: &UiState, now_ms: u64) {
    let color = dashboard.shown_color();
    let focused = ui.focus == Pane::Instances;
    let frame = if focused { ui.theme.focus() } else { ui.theme.dim() };
    let title = [
        Span::styled(" instances ", if focused { ui.theme.focus() } else { ui.theme.strong() }),
        Span::styled(ui.charset.glyphs().dot, ui.theme.dim()),
        Span::styled(format!(" {color} "), ui.theme.color(color)),
    ];
    let inside = pane::framed(buffer, area, &title, frame, ui);
    let known = dashboard.instances(color);
    let rows = usize::from(inside.height);
    let from = ui.instances_from.min(known.len().saturating_sub(rows));
    for (row, instance) in (0..inside.height).zip(known.iter().skip(from)) {
        let reads_pages = dashboard.machine().settings().reads_pages();
        let name = name(instance, &known, inside.width);
        one(buffer, pen::row(inside, row), instance, &name, reads_pages, ui, now_ms);
    }
    let hidden = known.len().saturating_sub(from + rows);
    if hidden > 0 && inside.height > 0 {
        let text = format!(" {hidden} more ");
        let last = Rect { y: inside.bottom(), height: 1, ..inside };
        pen::write_right(buffer, last, &[Span::styled(text, ui.theme.dim())], ui);
    }
}

/// Columns of the name in a row of that width, behind its sign.
const fn name_columns(width: u16) -> u16 {
    let numbers = if width < ROOMY { NUMBERS - RATE } else { NUMBERS };
    width.saturating_sub(numbers + SIGN)
}

/// The name of an instance among others. Without room for all of it: its port where they share a host, else its end.
fn name(instance: &Instance, known: &[&Instance], width: u16) -> String {
    let room = usize::from(name_columns(width));
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

fn one(buffer: &mut Buffer, row: Rect, instance: &Instance, name: &str, reads_pages: bool, ui: &UiState, now_ms: u64) {
    let [good, unknown, bad] = ui.charset.glyphs().signs;
    let (sign, tone) = match (instance.ready(), &instance.failure) {
        (Some(false), _) => (bad, Tone::Bad),
        (_, Some(_)) => (unknown, Tone::Warning),
        (Some(true), None) => (good, Tone::Good),
        (None, None) => (unknown, Tone::Plain),
    };
    let spans = [Span::styled(format!(" {sign} "), ui.theme.tone(tone)), Span::raw(name.to_owned())];
    let numbers = if row.width < ROOMY { NUMBERS - RATE } else { NUMBERS }.min(row.width);
    let name = Rect { width: row.width - numbers, ..row };
    let taken = pen::write(buffer, name, &spans, ui);
    if let Some(why) = instance.complaint() {
        let area = pen::after(row, taken + 2);
        pen::write(buffer, area, &[Span::styled(why.to_owned(), ui.theme.tone(tone))], ui);
        return;
    }
    if !reads_pages {
        pen::write_right(buffer, row, &[Span::styled("only probed ", ui.theme.dim())], ui);
        return;
    }
    let rate = instance.requests_per_second().map_or_else(|| "-".to_owned(), rate);
    let errors = instance.error_rate().map_or_else(|| "-".to_owned(), percent);
    let age = instance.age_ms(now_ms);
    let old = if age.is_none_or(|age| age > OLD_MS) { ui.theme.tone(Tone::Warning) } else { ui.theme.dim() };
    let age = age.map_or_else(|| "never".to_owned(), span);
    let rate = if row.width < ROOMY { String::new() } else { format!("{rate:>7}") };
    let spans =
        [Span::raw(rate), Span::styled(format!("{errors:>8}"), Style::new()), Span::styled(format!("{age:>8} "), old)];
    pen::write_right(buffer, row, &spans, ui);
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
        known.iter().map(|instance| name(instance, &known, width)).collect()
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
