//! Screens as they are, to be looked at when they change.

use super::scenes::{ALL, dashboard, drawn, text, ui};
use crate::tui::{Charset, Depth};

#[test]
fn show() {
    for name in ALL {
        let buffer = drawn(&dashboard(name), &mut ui(Depth::True, Charset::Unicode), (120, 36));
        println!("=== {name}\n{}", text(&buffer));
    }
}
