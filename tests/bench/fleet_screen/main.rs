//! What the screen over many soaks costs: CPU time and bytes of a frame in which every row has changed.
//!
//! `cargo bench --bench fleet_screen -- [--rows N] [--frames N]`
//!
//! All rows are watched, their values change once a second, and a few of them change their place. A frame is what the
//! program does for it: the order of all rows, the counts, drawing, the difference to the frame before, and its bytes.
//! Beside it stands what it costs to take the list that a host sends. Prints a table in Markdown.

#![expect(clippy::cast_precision_loss, reason = "counts and times are far below 2^53")]
#![expect(clippy::expect_used, reason = "a benchmark stops at its first surprise")]

use std::time::Duration;

use jiff::tz::TimeZone;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use serde_json::{Value, json};
use support::{Counter, thread_time};
use switchback::app::tui::{Charset, Depth, FleetScreen, Theme, UiState};

/// Terminal sizes, columns and rows.
const SIZES: [(u16, u16); 4] = [(60, 15), (80, 24), (120, 36), (200, 60)];
const NAMES: [&str; 8] = ["checkout", "search", "catalog", "payments", "mail", "ledger", "profile", "basket"];
const WALL: i64 = 1_795_476_131_000;

struct Cost {
    cpu: Duration,
    most: Duration,
    taking: Duration,
    first_bytes: usize,
    mean_bytes: f64,
}

/// The list of so many services at a second.
fn services(rows: usize, second: usize) -> String {
    let service = |at: usize| {
        let wave = ((second + at * 7) % 60) as f64 / 60.0;
        json!({
            "service": format!("{}-{at:04}", NAMES[at % NAMES.len()]), "state": "watching", "soak": "20261123T140211Z-3f2a",
            "release": format!("1.{}.0", at % 9), "color": "green", "active": "green", "phase": "watching",
            "verdict": if wave > 0.95 { "unknown" } else { "healthy" }, "check": "error-rate", "title": "error rate",
            "value": 0.052 * wave, "limit": 0.05, "evidence": wave * 0.6, "requests_per_second": 900.0 * wave,
            "left_ms": 600_000_usize.saturating_sub(second * 1_000), "since_ms": WALL,
        })
    };
    Value::Array((0..rows).map(service).collect()).to_string()
}

fn measure(rows: usize, size: (u16, u16), frames: usize) -> Cost {
    let ui = UiState::new(Theme::new(Depth::True), Charset::Unicode, TimeZone::UTC);
    let mut screen = FleetScreen::new(ui, vec!["deploy-1".to_owned()]);
    let counter = Counter::default();
    let options = TerminalOptions { viewport: Viewport::Fixed(Rect::new(0, 0, size.0, size.1)) };
    let mut terminal = Terminal::with_options(CrosstermBackend::new(counter.clone()), options).expect("a terminal");
    let (mut cpu, mut most, mut taking) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let (mut first_bytes, mut bytes) = (0, 0);
    for second in 0..=frames {
        let list = services(rows, second);
        let now_ms = second as u64 * 1_000;
        let begun = thread_time();
        screen.hear(&list, now_ms).expect("the list is as the control API has it");
        let heard = thread_time();
        screen.tick(now_ms, WALL);
        terminal.draw(|frame| screen.draw(frame)).expect("bytes are counted, not written");
        let took = thread_time().saturating_sub(heard);
        let wrote = counter.take();
        if second == 0 {
            first_bytes = wrote;
            continue;
        }
        (cpu, taking, most) = (cpu + took, taking + heard.saturating_sub(begun), most.max(took));
        bytes += wrote;
    }
    let count = u32::try_from(frames).expect("few frames");
    Cost { cpu: cpu / count, most, taking: taking / count, first_bytes, mean_bytes: bytes as f64 / frames as f64 }
}

fn main() {
    let (mut rows, mut frames) = (1_000, 200);
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    while let Some(flag) = args.next() {
        let value = args.next().and_then(|value| value.parse().ok()).expect("a flag and a number");
        match flag.as_str() {
            "--rows" => rows = value,
            "--frames" => frames = value,
            _ => panic!("unknown flag {flag}"),
        }
    }
    println!(
        "| size | CPU time of a frame, mean | largest | bytes of the first | of the next, mean | taking the list |"
    );
    println!("| --- | --- | --- | --- | --- | --- |");
    for size in SIZES {
        let cost = measure(rows, size, frames);
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        println!(
            "| {}×{} | {:.2} ms | {:.2} ms | {} | {:.0} | {:.2} ms |",
            size.0,
            size.1,
            ms(cost.cpu),
            ms(cost.most),
            cost.first_bytes,
            cost.mean_bytes,
            ms(cost.taking)
        );
    }
}
