//! Frames as a terminal gets them, without a terminal.

use std::time::Duration;

use jiff::tz::TimeZone;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use support::{Counter, thread_time};
use switchback::app::tui::{Charset, Depth, Theme, UiState, draw};
use switchback::core::view::Dashboard;

use crate::soak::Soak;

/// How old the soak is when the first frame is drawn, in seconds.
const AGE: usize = 600;

/// What frames cost.
pub struct Cost {
    /// CPU time of a frame, mean: layout, drawing, the difference to the one before, and its bytes.
    pub cpu: Duration,
    /// Bytes of the first frame.
    pub first_bytes: usize,
    /// Bytes of a later frame, mean and most.
    pub mean_bytes: f64,
    pub most_bytes: usize,
}

/// Draws the first frame and so many more, a second of the soak apart.
pub fn measure(size: (u16, u16), frames: usize) -> Cost {
    let (mut soak, mut dashboard) = (Soak::new(), Dashboard::new(Soak::settings()));
    for _ in 0..AGE {
        soak.second().iter().for_each(|envelope| drop(dashboard.apply(envelope)));
    }
    let mut ui = UiState::new(Theme::new(Depth::True), Charset::Unicode, TimeZone::UTC);
    let counter = Counter::default();
    let options = TerminalOptions { viewport: Viewport::Fixed(Rect::new(0, 0, size.0, size.1)) };
    let mut terminal = Terminal::with_options(CrosstermBackend::new(counter.clone()), options).expect("a terminal");
    let mut frame = |dashboard: &Dashboard| {
        let now_ms = dashboard.view().at_ms();
        let before = thread_time();
        ui.settle(dashboard, now_ms);
        terminal.draw(|frame| draw(frame, dashboard, &ui, now_ms)).expect("bytes are counted, not written");
        (thread_time().saturating_sub(before), counter.take())
    };
    let (_, first_bytes) = frame(&dashboard);
    let (mut cpu, mut bytes, mut most_bytes) = (Duration::ZERO, 0, 0);
    for _ in 0..frames {
        soak.second().iter().for_each(|envelope| drop(dashboard.apply(envelope)));
        let (took, wrote) = frame(&dashboard);
        cpu += took;
        bytes += wrote;
        most_bytes = wrote.max(most_bytes);
    }
    let count = u32::try_from(frames).expect("so many frames take years");
    Cost { cpu: cpu / count, first_bytes, mean_bytes: bytes as f64 / frames as f64, most_bytes }
}
