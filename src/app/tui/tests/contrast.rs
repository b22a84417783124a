//! Whole screens can be read in every theme, whatever a widget puts on whatever ground.

use ratatui::buffer::Cell;
use ratatui::style::{Color as Ink, Modifier};

use super::scenes::{ALL, dashboard, drawn, ui};
use crate::app::tui::theme::Ground;
use crate::app::tui::theme::testing::{channels, contrast, on, shown, themes};
use crate::app::tui::{Charset, Depth, Pane, Theme};

/// The contrast of a cell's ink, where the terminal's own ink and background are these.
fn contrast_of(cell: &Cell, ink: u32, ground: u32) -> f64 {
    let of = |color: Ink, own: u32| if color == Ink::Reset { channels(own) } else { shown(color) };
    contrast(of(cell.fg, ink), of(cell.bg, ground))
}

#[test]
fn every_cell_with_a_hue_has_a_contrast_of_at_least_four_and_a_half_to_one() {
    let mut seen = 0;
    for name in ALL {
        let dashboard = dashboard(name);
        // The others look like one of these.
        let differ =
            |theme: &Theme| ["theme auto", "theme color-blind"].iter().any(|name| theme.described().starts_with(name));
        for theme in [Depth::Ansi256, Depth::True].into_iter().flat_map(themes).filter(differ) {
            let mut ui = ui(Depth::None, Charset::Unicode);
            (ui.theme, ui.focus, ui.decisions.selected) = (theme, Pane::Decisions, Some(2));
            let ink = if theme.ground() == Ground::Light { 0x1F_23_28 } else { 0xD6_DA_E0 };
            for cell in &drawn(&dashboard, &mut ui, (120, 36)).content {
                let has_hue = cell.fg != Ink::Reset || cell.bg != Ink::Reset;
                if !has_hue || cell.symbol() == " " || cell.modifier.contains(Modifier::DIM) {
                    continue;
                }
                for ground in on(theme.ground()) {
                    let contrast = contrast_of(cell, ink, *ground);
                    assert!(contrast >= 4.5, "{name} in {theme:?} on #{ground:06x}: {contrast:.2} of {cell:?}");
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 100_000, "{seen}");
}
