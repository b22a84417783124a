//! Characters that are drawn: lines, bars, dots, circles and arrowheads.

use std::collections::BTreeSet;

use super::lines;
use super::lines::{CENTER, WEIGHTS};
use super::shape::{Block, CELL, Path};

/// The first braille pattern, and the dots of the others by their bits: column and row.
const BRAILLE: u32 = 0x2800;
const DOTS: [(i32, i32); 8] = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)];
/// From a dot to its neighbors.
pub const DOT_STEP: (i32, i32) = (CELL.0 / 2, CELL.1 / 4);
/// Radius of a circle.
const RADIUS: i32 = 28;
/// Half of a triangle's side, and how far its tip is from that side.
const TRIANGLE: (i32, i32) = (32, 56);
/// The bits of quadrants: upper left, upper right, lower left, lower right; `▖` and those that follow (Unicode 15, block 2580).
const QUADRANTS: [u8; 10] = [0b0010, 0b0001, 0b1000, 0b1011, 0b1001, 0b1110, 0b1101, 0b0100, 0b0110, 0b0111];

/// All that is drawn in one paint.
#[derive(Debug, Default)]
pub struct Ink {
    pub blocks: Vec<Block>,
    pub dots: BTreeSet<(i32, i32)>,
    /// Areas with round or slanted edges.
    pub areas: Path,
    /// Curves, as wide as a light line.
    pub curves: Path,
}

/// How much of the ground a character covers, in percent; none where it is not drawn.
pub fn shade(symbol: &str) -> Option<(char, u8)> {
    let mut chars = symbol.chars();
    let (c, None) = (chars.next()?, chars.next()) else { return None };
    match c {
        '░' => Some((c, 25)),
        '▒' => Some((c, 50)),
        '▓' => Some((c, 75)),
        '\u{2800}'..='\u{28ff}' | '╭' | '╮' | '╯' | '╰' | '●' | '○' | '◐' | '◑' | '◀' | '▲' | '▶' | '▼' => {
            Some((c, 100))
        }
        _ if lines::blocks(c).is_some() || bars(c).is_some() => Some((c, 100)),
        _ => None,
    }
}

/// Whether a character is of dots, which are strung together across cells.
pub fn is_braille(symbol: &str) -> bool {
    shade(symbol).is_some_and(|(c, _)| c >= '\u{2800}')
}

/// Draws a character into the cell whose corner is there.
pub fn draw(c: char, at: (i32, i32), ink: &mut Ink) {
    if let Some(blocks) = lines::blocks(c).or_else(|| bars(c)) {
        ink.blocks.extend(blocks.into_iter().map(|block| block.moved(at)));
        return;
    }
    let there = |(x, y): (i32, i32)| (at.0 + x, at.1 + y);
    let center = there(CENTER);
    match c {
        '\u{2800}'..='\u{28ff}' => {
            let bits = u32::from(c) - BRAILLE;
            let set = DOTS.into_iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1);
            let dot = |(column, row)| there((DOT_STEP.0 / 2 + column * DOT_STEP.0, DOT_STEP.1 / 2 + row * DOT_STEP.1));
            ink.dots.extend(set.map(|(_, place)| dot(place)));
        }
        '╭' => corner(ink, at, CELL),
        '╮' => corner(ink, at, (0, CELL.1)),
        '╯' => corner(ink, at, (0, 0)),
        '╰' => corner(ink, at, (CELL.0, 0)),
        '●' => ink.areas.circle(center, RADIUS, true, true),
        '○' => ring(ink, center),
        '◐' => {
            ring(ink, center);
            ink.areas.circle(center, RADIUS, true, false);
        }
        '◑' => {
            ring(ink, center);
            ink.areas.circle(center, RADIUS, false, true);
        }
        '▶' => ink.areas.triangle(pointing(center, |along, aside| (along, aside))),
        '◀' => ink.areas.triangle(pointing(center, |along, aside| (-along, aside))),
        '▲' => ink.areas.triangle(pointing(center, |along, aside| (aside, -along))),
        '▼' => ink.areas.triangle(pointing(center, |along, aside| (aside, along))),
        _ => {}
    }
}

/// A round corner from the vertical edge at `to` to the horizontal one.
fn corner(ink: &mut Ink, at: (i32, i32), to: (i32, i32)) {
    let center = (at.0 + CENTER.0, at.1 + CENTER.1);
    // As far from the center as the side edges are.
    let bend = center.1 + (to.1 - CENTER.1).signum() * CENTER.0;
    let (top, bottom) = if to.1 == 0 { (at.1, bend) } else { (bend, at.1 + CELL.1) };
    let weight = WEIGHTS[1];
    ink.blocks.push(Block::new(center.0 - weight / 2, top, weight, bottom - top));
    ink.curves.turn((center.0, bend), center, (at.0 + to.0, center.1));
}

/// The line of a circle, inside of the area that a full one has.
fn ring(ink: &mut Ink, center: (i32, i32)) {
    ink.curves.circle(center, RADIUS - WEIGHTS[1] / 2, true, true);
}

/// The corners of a triangle whose tip is `along` its way.
fn pointing(center: (i32, i32), turned: impl Fn(i32, i32) -> (i32, i32)) -> [(i32, i32); 3] {
    let (half, whole) = TRIANGLE;
    [(-whole / 2, -half), (whole / 2, 0), (-whole / 2, half)].map(|(along, aside)| {
        let (x, y) = turned(along, aside);
        (center.0 + x, center.1 + y)
    })
}

/// The rectangles of a block element (U+2580 to U+259F).
fn bars(c: char) -> Option<Vec<Block>> {
    let (width, height) = CELL;
    let eighths = i32::try_from(u32::from(c).checked_sub(0x2580)?).ok()?;
    let one = match c {
        '▀' => Block::new(0, 0, width, height / 2),
        '▁'..='█' => Block::new(0, height - height / 8 * eighths, width, height / 8 * eighths),
        '▉'..='▏' => Block::new(0, 0, width / 8 * (16 - eighths), height),
        '▐' => Block::new(width / 2, 0, width / 2, height),
        '░' | '▒' | '▓' => Block::new(0, 0, width, height),
        '▔' => Block::new(0, 0, width, height / 8),
        '▕' => Block::new(width - width / 8, 0, width / 8, height),
        '▖'..='▟' => {
            let bits = QUADRANTS[usize::try_from(eighths - 0x16).ok()?];
            let quarters = [(0b1000, 0, 0), (0b0100, 1, 0), (0b0010, 0, 1), (0b0001, 1, 1)];
            let set = quarters.into_iter().filter(|(bit, ..)| bits & bit != 0);
            let block = |column, row| Block::new(column * width / 2, row * height / 2, width / 2, height / 2);
            return Some(set.map(|(_, column, row)| block(column, row)).collect());
        }
        _ => return None,
    };
    Some(vec![one])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::tui::svg::shape::{merged, strung};

    fn drawn(symbols: &str) -> Ink {
        let mut ink = Ink::default();
        for (column, c) in (0..).zip(symbols.chars()) {
            draw(c, (column * CELL.0, 0), &mut ink);
        }
        ink
    }

    #[test]
    fn eighths_of_a_cell_are_exact() {
        for (bar, block) in [
            ('▁', Block::new(0, 133, 72, 19)),
            ('▄', Block::new(0, 76, 72, 76)),
            ('█', Block::new(0, 0, 72, 152)),
            ('▉', Block::new(0, 0, 63, 152)),
            ('▌', Block::new(0, 0, 36, 152)),
            ('▏', Block::new(0, 0, 9, 152)),
            ('▐', Block::new(36, 0, 36, 152)),
            ('▀', Block::new(0, 0, 72, 76)),
        ] {
            assert_eq!(bars(bar), Some(vec![block]), "{bar}");
        }
        assert_eq!(bars('▙').map(|quarters| merged(quarters).len()), Some(2));
        assert_eq!(bars('■'), None);
    }

    #[test]
    fn a_run_is_one_rectangle() {
        assert_eq!(merged(drawn("──────").blocks), [Block::new(0, 72, 432, 8)]);
        assert_eq!(merged(drawn("▃▃▃").blocks), [Block::new(0, 95, 216, 57)]);
        assert_eq!(merged(drawn("┌──┐").blocks)[1], Block::new(32, 72, 224, 8), "corners belong to it");
    }

    #[test]
    fn round_corners_end_where_lines_begin() {
        for (symbols, edge) in [("╭", 72), ("╰", 72), ("╮", 0), ("╯", 0)] {
            let Ink { blocks, curves, .. } = drawn(symbols);
            assert_eq!((blocks[0].x, blocks[0].width), (32, 8), "{symbols}");
            assert!([0, CELL.1 - blocks[0].height].contains(&blocks[0].y), "{symbols}");
            let across = if edge == 0 { "-4.5" } else { "4.5" };
            assert!(curves.commands().starts_with("M4.5 ") && curves.commands().contains(across), "{symbols}");
        }
    }

    #[test]
    fn braille_goes_on_across_cells() {
        let dots = drawn("⠤⠤").dots;
        assert_eq!(strung(&dots, &dots, DOT_STEP).commands(), "M2.25 11.875h13.5");
        assert_eq!(drawn("\u{28ff}").dots.len(), 8);
        assert_eq!(drawn("⡀").dots, [(18, 133)].into());
    }
}
