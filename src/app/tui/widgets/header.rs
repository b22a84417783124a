//! The first row: which deployment, which phase, how far. When it matters the phase owns the row.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::{cells, meter, pen};
use crate::app::called::as_called;
use crate::app::tui::{Mode, UiState};
use crate::core::detect::{Outlook, failed};
use crate::core::view::{Dashboard, Headline, Tone};
use crate::model::Phase;
use crate::model::number::span;

/// Where the left side may begin where there is no room for all of it: behind our own name, the service's, the colors.
const BEGINNINGS: [usize; 4] = [0, 2, 4, 9];
/// Columns of the meter.
const METER: u16 = 18;
/// The labels of the lines that stand below the first row.
pub const REQUESTS: &str = "requests";
pub const NEXT: &str = "next";

/// Draws the header into the first rows of an area, of which [`beneath`] says how many there are.
pub fn header(buffer: &mut Buffer, area: Rect, dashboard: &Dashboard, ui: &UiState, now_ms: u64) {
    let row = pen::row(area, 0).intersection(buffer.area);
    let headline = dashboard.headline(now_ms);
    if headline.alone {
        let banner = ui.theme.banner(headline.tone);
        buffer.set_style(area.intersection(buffer.area), banner);
        alone(buffer, row, dashboard, &headline, ui);
        for (at, text) in (1..area.height).zip(beneath(dashboard, ui, area.width)) {
            pen::write(buffer, pen::row(area, at), &[Span::raw(format!("   {text}"))], ui);
        }
        return;
    }
    let spans = title(dashboard, &headline, ui);
    let wanted = |from: usize| u16::try_from(spans[from..].iter().map(Span::width).sum::<usize>()).unwrap_or(u16::MAX);
    // The phase is what matters: the bar goes first, then what stands in front of the phase.
    let taken = progress(buffer, row, row.width.saturating_sub(wanted(0)), dashboard, ui, now_ms);
    let left = Rect { width: row.width.saturating_sub(taken + 1), ..row };
    let from = BEGINNINGS.into_iter().find(|from| wanted(*from) <= left.width).unwrap_or(BEGINNINGS[3]);
    pen::write(buffer, left, &spans[from..], ui);
}

/// A state that owns the row.
fn alone(buffer: &mut Buffer, row: Rect, dashboard: &Dashboard, headline: &Headline, ui: &UiState) {
    let glyphs = ui.charset.glyphs();
    let sign = match headline.tone {
        Tone::Bad | Tone::Warning => glyphs.alarm,
        Tone::Good => glyphs.signs[0],
        Tone::Plain => glyphs.phase,
    };
    let service = &dashboard.machine().settings().service;
    let text = format!(" {sign} {}   {}", headline.word, headline.detail);
    let right = format!("{}  {} ", badges(dashboard, ui), service);
    let taken = pen::write_right(buffer, row, &[Span::raw(right)], ui);
    let left = Rect { width: row.width.saturating_sub(taken + 1), ..row };
    pen::write(buffer, left, &[Span::raw(text)], ui);
}

/// What stands below the first row of a run that has ended or waits for a decision: the numbers, then what to do.
pub fn beneath(dashboard: &Dashboard, ui: &UiState, width: u16) -> Vec<String> {
    let machine = dashboard.machine();
    let settings = machine.settings();
    let (numbers, next) = if let Some(lines) = dashboard.outcome_lines() {
        let of = |wanted: &str| lines.iter().find(|(label, _)| *label == wanted).map(|(_, text)| text.clone());
        (of(REQUESTS), of(NEXT))
    } else if machine.phase() == Phase::Held {
        let (color, other) = (settings.color, settings.color.other());
        let next = if ui.read_only {
            format!("switchback ctl rollback --service {}", settings.service)
        } else {
            format!("press R to roll back to {other}, or K to keep {color}")
        };
        (Some(format!("{} on {color} during the soak", failed(machine.seen()))), Some(next))
    } else {
        (None, None)
    };
    let next = next.map(|next| format!("next: {}", as_called(&next)));
    let wrapped = |text: String| pen::wrap(&text, width.saturating_sub(4));
    numbers.into_iter().chain(next).flat_map(wrapped).collect()
}

/// The parts of the left side, the phase last; see [`BEGINNINGS`].
fn title(dashboard: &Dashboard, headline: &Headline, ui: &UiState) -> Vec<Span<'static>> {
    let settings = dashboard.machine().settings();
    let (color, other) = (settings.color, settings.color.other());
    let glyphs = ui.charset.glyphs();
    let phase = ui.theme.tone(headline.tone).patch(ui.theme.strong());
    let mut spans = vec![
        Span::styled(" switchback ", ui.theme.strong()),
        Span::styled(glyphs.dot, ui.theme.dim()),
        Span::styled(format!(" {}", settings.service), ui.theme.strong()),
        Span::raw("  "),
        Span::styled(format!(" {other}"), ui.theme.color(other)),
        Span::styled(format!(" {} ", glyphs.arrow), ui.theme.dim()),
        Span::styled(color.name().to_uppercase(), ui.theme.color(color).patch(ui.theme.strong())),
        Span::raw(settings.known_release().map(|release| format!(" {}", short(release))).unwrap_or_default()),
        Span::raw("  "),
        Span::styled(format!(" {} {}", glyphs.phase, headline.word), phase),
    ];
    if !headline.detail.is_empty() {
        spans.push(Span::styled(format!(" {}", headline.detail), ui.theme.tone(headline.tone)));
    }
    spans
}

/// A release for a narrow row: a commit by its first characters, a long name by its end, which is what differs.
fn short(release: &str) -> String {
    const MAX: usize = 16;
    let is_commit = release.len() >= 40 && release.chars().all(|c| c.is_ascii_hexdigit());
    let length = release.chars().count();
    match () {
        () if is_commit => release.chars().take(8).collect(),
        () if length > MAX => format!("…{}", release.chars().skip(length - MAX + 1).collect::<String>()),
        () => release.to_owned(),
    }
}

/// `4m12s left ━━━━━─── healthy in 25s` at the right end, where there is `room` for it; returns its width.
fn progress(buffer: &mut Buffer, row: Rect, room: u16, dashboard: &Dashboard, ui: &UiState, now_ms: u64) -> u16 {
    let machine = dashboard.machine();
    let late = dashboard.late_ms(now_ms);
    let badges = badges(dashboard, ui);
    let left = machine.remaining_ms().map(|ms| span(ms.saturating_sub(late) / 1000 * 1000));
    let Some((done, whole)) = machine.progress() else {
        let text = left.map(|left| format!("{left} left at most ")).unwrap_or_default();
        return pen::write_right(buffer, row, &[Span::styled(format!("{badges} {text}"), ui.theme.dim())], ui);
    };
    let text = format!("{badges}  {} left  ", left.unwrap_or_default());
    let (next, tone) = coming(dashboard);
    let width = |text: &str| u16::try_from(text.chars().count()).unwrap_or(u16::MAX);
    let bar = width(&text).saturating_add(METER + 1);
    if room < bar + 1 {
        return pen::write_right(buffer, row, &[Span::raw(format!("{} ", text.trim_end()))], ui);
    }
    let next = if next.is_empty() { next } else { format!("  {next} ") };
    let next = if room > bar + width(&next) { next } else { String::new() };
    let whole_width = bar + width(&next);
    let right = Rect { x: row.right() - whole_width, width: whole_width, ..row };
    pen::write(buffer, right, &[Span::raw(text)], ui);
    let share = share(done.saturating_add(late).min(whole), whole);
    meter::meter(buffer, Rect { width: METER, ..pen::after(right, bar - METER - 1) }, share, ui.theme.strong(), ui);
    pen::write(buffer, pen::after(right, bar - 1), &[Span::styled(next, ui.theme.tone(tone))], ui);
    whole_width
}

/// What comes next if nothing changes, in a few words.
fn coming(dashboard: &Dashboard) -> (String, Tone) {
    match dashboard.machine().outlook() {
        Some(Outlook { breach_in_ms: Some(ms), .. }) => (format!("breach in about {}", span(ms)), Tone::Bad),
        Some(Outlook { healthy_in_ms: Some(0), .. }) | None => (String::new(), Tone::Plain),
        Some(Outlook { healthy_in_ms: Some(ms), .. }) => (format!("healthy in about {}", span(ms)), Tone::Good),
        Some(_) => ("not healthy yet".to_owned(), Tone::Plain),
    }
}

fn share(done: u64, whole: u64) -> f64 {
    let [done, whole] = [done, whole].map(cells::ms);
    if whole > 0.0 { done / whole } else { 0.0 }
}

/// What is special about this screen.
fn badges(dashboard: &Dashboard, ui: &UiState) -> String {
    let mut badges = Vec::new();
    if let Mode::Replay(playback) = ui.mode {
        let state = if playback.paused { "paused" } else { "playing" };
        badges.push(format!("REPLAY {state} {}x", playback.speed));
    }
    if ui.frozen {
        let still = if dashboard.ending().is_none() { ", still watching" } else { "" };
        badges.push(format!("VIEW PAUSED{still}"));
    }
    if ui.read_only && !matches!(ui.mode, Mode::Replay(_)) {
        badges.push("READ-ONLY".to_owned());
    }
    badges.join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_told_from_others_in_little_room() {
        for (release, shown) in [
            ("v7", "v7"),
            ("4f2a9c0d4f2a9c0d4f2a9c0d4f2a9c0d4f2a9c0d", "4f2a9c0d"),
            ("registry.example/shop:2026.11.28", "…shop:2026.11.28"),
        ] {
            assert_eq!(short(release), shown);
        }
    }
}
