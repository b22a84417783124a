//! The first row: which deployment, which phase, how far. When it matters the phase owns the row.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::{cells, meter, pen};
use crate::app::tui::{Mode, UiState};
use crate::core::view::{Dashboard, Headline, Tone};
use crate::model::number::{span, timer};

/// Where the left side may begin where there is no room for all of it: behind our own name, the service's, the colors.
const BEGINNINGS: [usize; 4] = [0, 2, 4, 9];
/// Columns of the meter.
const METER: u16 = 18;

/// Draws the header into the first row of an area.
pub fn header(buffer: &mut Buffer, area: Rect, dashboard: &Dashboard, ui: &UiState, now_ms: u64) {
    let row = pen::row(area, 0).intersection(buffer.area);
    let headline = dashboard.headline(now_ms);
    let glyphs = ui.charset.glyphs();
    if headline.alone {
        buffer.set_style(row, ui.theme.banner(headline.tone));
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
    const MOST: usize = 16;
    let is_commit = release.len() >= 40 && release.chars().all(|c| c.is_ascii_hexdigit());
    let length = release.chars().count();
    match () {
        () if is_commit => release.chars().take(8).collect(),
        () if length > MOST => format!("…{}", release.chars().skip(length - MOST + 1).collect::<String>()),
        () => release.to_owned(),
    }
}

/// `04:12 of 10:00  ━━━━━───` at the right end, where there is `room` for the bar; returns its width.
fn progress(buffer: &mut Buffer, row: Rect, room: u16, dashboard: &Dashboard, ui: &UiState, now_ms: u64) -> u16 {
    let badges = badges(dashboard, ui);
    let Some((done, whole)) = dashboard.machine().progress() else {
        let left = dashboard.machine().remaining_ms().map(|ms| ms.saturating_sub(dashboard.late_ms(now_ms)));
        let text = left.map(|ms| format!("{} left at most ", span(ms / 1000 * 1000))).unwrap_or_default();
        return pen::write_right(buffer, row, &[Span::styled(format!("{badges} {text}"), ui.theme.dim())], ui);
    };
    let done = done.saturating_add(dashboard.late_ms(now_ms)).min(whole);
    let text = format!("{badges}  {} of {}  ", timer(done), timer(whole));
    let width = u16::try_from(text.chars().count()).unwrap_or(u16::MAX).saturating_add(METER + 1);
    if room < width + 1 {
        return pen::write_right(buffer, row, &[Span::raw(format!("{} ", text.trim_end()))], ui);
    }
    let right = Rect { x: row.right() - width, width, ..row };
    pen::write(buffer, right, &[Span::raw(text)], ui);
    let share = share(done, whole);
    meter::meter(buffer, Rect { x: row.right() - METER - 1, width: METER, ..row }, share, ui.theme.strong(), ui);
    width
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
        badges.push(format!("VIEW FROZEN{still}"));
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
