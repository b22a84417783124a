//! How every phase and every end looks in every theme: for each row so many cells of each look, and what the looks are.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};

use super::scenes::{ALL, SIZES, dashboard, drawn, ui};
use crate::app::tui::theme::{Ground, Told};
use crate::app::tui::{Charset, Depth, Theme};
use crate::config::ThemeChoice;

const THEMES: [(ThemeChoice, Ground); 4] = [
    (ThemeChoice::Dark, Ground::Dark),
    (ThemeChoice::Light, Ground::Light),
    (ThemeChoice::ColorBlind, Ground::Dark),
    (ThemeChoice::Mono, Ground::Dark),
];

/// The look of one cell in each theme.
type Looks = [String; THEMES.len()];

fn look(cell: &Cell) -> String {
    let modifier = format!("{:?}", cell.modifier).to_lowercase();
    format!("{}/{} {}", cell.fg, cell.bg, modifier.trim_start_matches("none"))
}

/// `12a 3b`: the looks of each row, with letters that `known` has or gets.
fn rows(themed: &[Buffer; THEMES.len()], known: &mut Vec<Looks>) -> String {
    let width = usize::from(themed[0].area.width);
    let cells: Vec<char> = (0..themed[0].content.len())
        .map(|at| {
            let looks = themed.each_ref().map(|buffer| look(&buffer.content[at]));
            let place = known.iter().position(|it| *it == looks).unwrap_or_else(|| {
                known.push(looks);
                known.len() - 1
            });
            ('a'..='z').chain('A'..='Z').nth(place).unwrap()
        })
        .collect();
    let row = |row: &[char]| {
        let runs = row.chunk_by(|one, next| one == next);
        runs.map(|run| format!("{}{}", run.len(), run[0])).collect::<Vec<_>>().join(" ") + "\n"
    };
    cells.chunks(width).map(row).collect()
}

#[test]
fn every_phase_and_every_end_in_every_theme() {
    for name in ALL {
        let dashboard = dashboard(name);
        let mut known = Vec::new();
        let mut shown = String::new();
        for size in SIZES {
            let themed = THEMES.map(|(choice, ground)| {
                let mut ui = ui(Depth::True, Charset::Unicode);
                ui.theme = Theme::new(Depth::True).with_choice(choice).on(ground, Told::Terminal);
                drawn(&dashboard, &mut ui, size)
            });
            let symbols =
                |buffer: &Buffer| buffer.content.iter().map(|cell| cell.symbol().to_owned()).collect::<Vec<_>>();
            assert!(
                themed.iter().all(|buffer| symbols(buffer) == symbols(&themed[0])),
                "{name}: a theme changes the text"
            );
            let _ = writeln!(shown, "{}x{}\n{}", size.0, size.1, rows(&themed, &mut known));
        }
        for (letter, looks) in ('a'..='z').chain('A'..='Z').zip(&known) {
            let _ = writeln!(shown, "{letter}  {}", looks.join("  |  "));
        }
        insta::assert_snapshot!(format!("themes_{name}"), shown);
    }
}
