//! The screenshots of README and docs: `UPDATE_DOCS=1 cargo test --locked --lib pictures` draws them anew.

use std::fs;
use std::path::{Path, PathBuf};

use super::scenes::{dashboard, drawn, ui};
use crate::app::tui::{Camera, Charset, Depth, Palette, film, to_animated_svg, to_svg};
use crate::core::soak::RecordingHeader;
use crate::io::journal::RecordingReader;

/// The largest picture that moves, in bytes: it comes with every view of the README.
const MAX: usize = 400_000;

fn screens(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/screens").join(file)
}

fn is_up_to_date(file: &str, svg: &str) {
    let path = screens(file);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, svg).unwrap();
    }
    let is_same = fs::read_to_string(&path).is_ok_and(|there| there == svg);
    assert!(is_same, "{} is out of date: UPDATE_DOCS=1 cargo test --locked --lib pictures", path.display());
}

#[test]
fn the_screenshots_show_what_the_program_draws() {
    for (scene, title) in [
        ("watching", "A soak that goes well"),
        ("held", "A breach that waits for the operator"),
        ("rolled-back", "A release that was rolled back"),
        ("blind", "Metrics that cannot be read"),
    ] {
        let buffer = drawn(&dashboard(scene), &mut ui(Depth::True, Charset::Unicode), (120, 36));
        is_up_to_date(&format!("{scene}.svg"), &to_svg(&buffer, title, Palette::DARK));
    }
}

/// The recording is of `switchback demo --scenario late-breach --speed 2 --seed 7 --service checkout-api`.
#[test]
fn the_picture_that_moves_shows_the_recording_of_a_demo() {
    let (header, events) = RecordingReader::open::<RecordingHeader>(&screens("demo.jsonl")).unwrap();
    let events: Vec<_> = events.collect::<Result<_, _>>().unwrap();
    let ui = ui(Depth::True, Charset::Unicode);
    let camera = Camera { ui, router_kind: Some("state-file".to_owned()), size: (100, 30), speed: None };
    let film = film(camera, header.settings, &events);
    let svg =
        to_animated_svg(&film, "A release that breaks in the middle of its soak and is rolled back", Palette::DARK);
    assert!(svg.len() < MAX, "{} bytes", svg.len());
    is_up_to_date("demo.svg", &svg);
}
