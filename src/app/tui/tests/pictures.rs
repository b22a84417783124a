//! The screenshots of README and docs: `UPDATE_DOCS=1 cargo nextest run --lib pictures` draws them anew.

use std::fs;
use std::path::Path;

use super::scenes::{dashboard, drawn, ui};
use crate::app::tui::theme::Ground;
use crate::app::tui::{Charset, Depth, to_svg};

#[test]
fn the_screenshots_show_what_the_program_draws() {
    for (scene, title) in [
        ("watching", "A soak that goes well"),
        ("held", "A breach that waits for the operator"),
        ("rolled-back", "A release that was rolled back"),
        ("blind", "Metrics that cannot be read"),
    ] {
        let buffer = drawn(&dashboard(scene), &mut ui(Depth::True, Charset::Unicode), (120, 36));
        let svg = to_svg(&buffer, title, Ground::Dark);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("assets/screens/{scene}.svg"));
        if std::env::var_os("UPDATE_DOCS").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &svg).unwrap();
        }
        assert!(fs::read_to_string(&path).unwrap() == svg, "{} is out of date", path.display());
    }
}
