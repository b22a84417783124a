//! A recording as the screens that were seen, one after another: to be made into a picture that moves.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::core::soak::{Envelope, Settings};
use crate::core::view::Dashboard;

use super::UiState;
use super::dialog::{Way, hint};
use super::keys::{Context, Scope, hints};
use super::screen::render;

/// How long a film takes where no speed is given, in milliseconds, and how long its last screen stays.
const LENGTH_MS: u64 = 20_000;
const LAST_MS: u64 = 5_000;
/// The screen is looked at as often while it is seen, and no more often than once a second of the recording.
const STEP_MS: u64 = 250;
const SECOND_MS: u64 = 1_000;
/// However long a recording is, it has no more looks.
const LOOKS: u64 = 240;
/// How long a new phase is seen at least, which is long enough to read it, and how many of them.
const READ_MS: u64 = 1_200;
const READ: usize = 40;

/// How a recording is filmed.
#[derive(Clone, Debug)]
pub struct Camera {
    pub ui: UiState,
    /// The kind of the router, for the status pane.
    pub router_kind: Option<String>,
    /// Columns and rows.
    pub size: (u16, u16),
    /// Times real time; none is what makes it 20s long, and never slower than it was.
    pub speed: Option<u32>,
}

/// Screens, each with how long it is seen. Screens that look the same are one.
pub fn film(mut camera: Camera, settings: Settings, events: &[Envelope]) -> Vec<(Duration, Buffer)> {
    let length = events.last().map_or(0, |last| last.at_ms);
    let speed = camera.speed.map_or_else(|| length.div_ceil(LENGTH_MS), u64::from).max(1);
    let step = (STEP_MS * speed).max(SECOND_MS).max(length / LOOKS);
    let dashboard = Dashboard::new(settings);
    let mut dashboard = match camera.router_kind.take() {
        Some(kind) => dashboard.with_router_kind(kind),
        None => dashboard,
    };
    let mut film = Film::default();
    let mut events = events.iter().peekable();
    let (mut now_ms, mut read) = (0, 0);
    loop {
        while let Some(event) = events.next_if(|event| event.at_ms <= now_ms) {
            let before = phase(&dashboard, event.at_ms);
            dashboard.apply(event);
            // It is seen before anything else happens.
            if read < READ && phase(&dashboard, event.at_ms) != before {
                film.show(camera.shot(&dashboard, event.at_ms), READ_MS);
                read += 1;
            }
        }
        if now_ms == length {
            break;
        }
        film.show(camera.shot(&dashboard, now_ms), step / speed);
        now_ms = length.min(now_ms + step);
    }
    film.show(camera.shot(&dashboard, length), LAST_MS);
    film.0.into_iter().map(|(shown_ms, buffer)| (Duration::from_millis(shown_ms), buffer)).collect()
}

/// The words of the headline, without how long it has been so.
fn phase(dashboard: &Dashboard, now_ms: u64) -> String {
    dashboard.headline(now_ms).word.chars().filter(char::is_ascii_uppercase).collect()
}

impl Camera {
    /// What the operator saw.
    fn shot(&mut self, dashboard: &Dashboard, now_ms: u64) -> Buffer {
        let (context, way) = match dashboard.ending() {
            Some(_) => (Context::Over, Way::Command),
            None => (Context::Live, Way::Monitor),
        };
        let scope = Scope { context, read_only: self.ui.read_only, demo: false };
        self.ui.hints = hints(scope, |command, label| hint(command, label, Some(dashboard.machine()), way));
        self.ui.settle(dashboard, now_ms);
        let area = Rect::new(0, 0, self.size.0, self.size.1);
        let mut buffer = Buffer::empty(area);
        render(&mut buffer, area, dashboard, &self.ui, now_ms);
        buffer
    }
}

#[derive(Default)]
struct Film(Vec<(u64, Buffer)>);

impl Film {
    fn show(&mut self, buffer: Buffer, shown_ms: u64) {
        match self.0.last_mut() {
            Some((before_ms, last)) if *last == buffer => *before_ms += shown_ms,
            _ => self.0.push((shown_ms, buffer)),
        }
    }
}

#[cfg(test)]
mod tests;
