//! Cells to elements: what is alike becomes one rectangle, path or text.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};

use super::glyph::{DOT_STEP, Ink};
use super::look::{Look, Paint};
use super::palette::Palette;
use super::shape::{Block, CELL, MARGIN, Path, areas, merged, px, strung};
use super::{escaped, glyph};

/// From the upper edge of a cell down to the line that text stands on.
const BASELINE: i32 = 112;
/// Width of a stroke through braille dots, in pixels.
const STROKE: &str = "3";
/// Characters from here on are in few fonts for terminals: whatever stands in for one does not push the others.
const RARE: char = '\u{2100}';

/// The cells of a picture, or of a part of it, by what is drawn for them.
pub struct Sheet {
    palette: Palette,
    grounds: BTreeMap<String, Vec<Block>>,
    inks: BTreeMap<Paint, Ink>,
    texts: Vec<Text>,
}

/// Text of one look in cells beside each other.
struct Text {
    at: (i32, i32),
    cells: i32,
    symbols: String,
    look: Look,
}

impl Sheet {
    /// Those cells whose places in the buffer are `wanted`.
    pub fn of(buffer: &Buffer, palette: Palette, wanted: impl Fn(usize) -> bool) -> Self {
        let mut sheet = Self { palette, grounds: BTreeMap::new(), inks: BTreeMap::new(), texts: Vec::new() };
        let columns = usize::from(buffer.area.width.max(1));
        for (place, cell) in buffer.content.iter().enumerate().filter(|(place, _)| wanted(*place)) {
            let corner = |cells: usize, size| MARGIN + i32::try_from(cells).unwrap_or(0) * size;
            sheet.add((corner(place % columns, CELL.0), corner(place / columns, CELL.1)), cell);
        }
        sheet
    }

    fn add(&mut self, at: (i32, i32), cell: &Cell) {
        let look = Look::of(cell, self.palette);
        if let Some(ground) = &look.ground {
            self.grounds.entry(ground.clone()).or_default().push(Block::new(at.0, at.1, CELL.0, CELL.1));
        }
        let symbol = cell.symbol();
        if symbol.trim().is_empty() {
            return;
        }
        if let Some((c, percent)) = glyph::shade(symbol) {
            glyph::draw(c, at, self.inks.entry(look.ink.shaded(percent)).or_default());
            return;
        }
        let is_common = |text: &str| text.chars().all(|c| c < RARE);
        if let Some(text) = self.texts.last_mut()
            && text.look == look
            && text.at.1 == at.1
            && is_common(symbol)
            && is_common(&text.symbols)
        {
            // One blank may stand between words.
            match (at.0 - text.at.0) / CELL.0 - text.cells {
                0 => return text.append(symbol),
                1 => {
                    text.append(" ");
                    return text.append(symbol);
                }
                _ => {}
            }
        }
        self.texts.push(Text { at, cells: 1, symbols: symbol.to_owned(), look });
    }

    /// Its elements, a line each: grounds, drawings, text.
    pub fn draw(self) -> String {
        let mut svg = String::new();
        // Writing into a string cannot fail.
        for (ground, blocks) in self.grounds {
            let path = rectangles(blocks);
            let _ = writeln!(svg, "<path shape-rendering=\"crispEdges\" fill=\"{ground}\" d=\"{}\"/>", path.commands());
        }
        let all_dots = self.inks.values().flat_map(|ink| ink.dots.iter().copied()).collect();
        let dense = areas(&all_dots, DOT_STEP);
        for (paint, Ink { mut blocks, dots, areas, curves }) in self.inks {
            // Where dots are an area, each is as wide and as high as its part of the cell.
            let (across, down) = DOT_STEP;
            let dot = |(x, y): &(i32, i32)| Block::new(x - across / 2, y - down / 2, across, down);
            blocks.extend(dots.intersection(&dense).map(dot));
            let dots = &dots - &dense;
            let filled = rectangles(blocks).commands().to_owned() + areas.commands();
            if !filled.is_empty() {
                let _ = writeln!(svg, "<path{} d=\"{filled}\"/>", paint.attributes());
            }
            if !curves.commands().is_empty() {
                let _ = writeln!(svg, "<path{} d=\"{}\"/>", paint.stroke(self.palette), curves.commands());
            }
            if !dots.is_empty() {
                let stroke = paint.stroke(self.palette);
                let dots = strung(&dots, &all_dots, DOT_STEP);
                let _ = writeln!(
                    svg,
                    "<path{stroke} stroke-width=\"{STROKE}\" stroke-linecap=\"round\" stroke-linejoin=\"round\" d=\"{}\"/>",
                    dots.commands()
                );
            }
        }
        self.texts.iter().for_each(|text| text.draw(&mut svg));
        svg
    }
}

fn rectangles(blocks: Vec<Block>) -> Path {
    let mut path = Path::default();
    for block in merged(blocks) {
        path.rectangle(block);
    }
    path
}

impl Text {
    fn append(&mut self, symbol: &str) {
        self.symbols.push_str(symbol);
        self.cells += 1;
    }

    fn draw(&self, svg: &mut String) {
        let (x, y) = (px(self.at.0), px(self.at.1 + BASELINE));
        // A single character is as wide as it is.
        let length =
            if self.cells == 1 { String::new() } else { format!(" textLength=\"{}\"", px(self.cells * CELL.0)) };
        let weight = if self.look.bold { " font-weight=\"bold\"" } else { "" };
        let _ = writeln!(
            svg,
            "<text x=\"{x}\" y=\"{y}\"{length}{}{weight}>{}</text>",
            self.look.ink.attributes(),
            escaped(&self.symbols)
        );
    }
}
