//! A plot of dots in cells: braille with 2×4 dots a cell, or one dot a cell in ASCII.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::tui::Charset;

/// The first braille pattern; the others follow by the bits of their dots.
const BRAILLE: u32 = 0x2800;
/// The bits of the dots of a cell: by row, then left and right (Unicode 15, block 2800).
const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// Dots over an area of cells: areas, and lines over them.
pub struct Plot {
    width: u16,
    height: u16,
    charset: Charset,
    cells: Vec<Option<Dots>>,
}

/// The dots of one cell.
#[derive(Clone, Copy)]
struct Dots {
    bits: u8,
    style: Style,
    line: bool,
}

impl Plot {
    pub fn new(width: u16, height: u16, charset: Charset) -> Self {
        let cells = vec![None; usize::from(width) * usize::from(height)];
        Self { width, height, charset, cells }
    }

    /// Dots in a column and a row of a cell.
    pub const fn resolution(charset: Charset) -> (u16, u16) {
        match charset {
            Charset::Unicode => (2, 4),
            Charset::Ascii => (1, 1),
        }
    }

    /// Sets a dot of an area, counted from the top left; one outside is left out, and so is one where a line is.
    pub fn fill(&mut self, x: u16, y: u16, style: Style) {
        self.dot(x, y, style, false);
    }

    fn dot(&mut self, x: u16, y: u16, style: Style, line: bool) {
        let (across, down) = Self::resolution(self.charset);
        let (column, row) = (x / across, y / down);
        if column >= self.width || row >= self.height {
            return;
        }
        let at = usize::from(row) * usize::from(self.width) + usize::from(column);
        let bits = BITS[usize::from(y % down)][usize::from(x % across)];
        self.cells[at] = match self.cells[at] {
            Some(known) if known.line && !line => Some(known),
            // A line over an area is seen by what it leaves out of it.
            Some(known) if known.line == line => Some(Dots { bits: known.bits | bits, style, line }),
            _ => Some(Dots { bits, style, line }),
        };
    }

    /// Sets the dots of a line between two dots, both included.
    pub fn line(&mut self, from: (u16, u16), to: (u16, u16), style: Style) {
        let steps = from.0.abs_diff(to.0).max(from.1.abs_diff(to.1));
        for step in 0..=steps {
            self.dot(between(from.0, to.0, step, steps), between(from.1, to.1, step, steps), style, true);
        }
    }

    /// Draws the cells that have dots, but for one row; the others stay as they are.
    pub fn draw(&self, buffer: &mut Buffer, area: Rect, spared: Option<u16>) {
        let width = usize::from(self.width);
        for (at, cell) in self.cells.iter().enumerate() {
            let Some(dots) = cell else { continue };
            let at = u16::try_from(at % width).ok().zip(u16::try_from(at / width).ok());
            let Some((column, row)) = at else { continue };
            if column >= area.width || row >= area.height || Some(row) == spared {
                continue;
            }
            let glyph = match (self.charset, dots.line) {
                (Charset::Unicode, _) => char::from_u32(BRAILLE + u32::from(dots.bits)).unwrap_or(' '),
                (Charset::Ascii, true) => '*',
                (Charset::Ascii, false) => '.',
            };
            if let Some(cell) = buffer.cell_mut((area.x + column, area.y + row)) {
                // What a mark left there is not to shine through.
                cell.reset();
                cell.set_char(glyph).set_style(dots.style);
            }
        }
    }
}

/// The `step`th of so many steps from one number to another, rounded.
fn between(from: u16, to: u16, step: u16, steps: u16) -> u16 {
    if steps == 0 {
        return to;
    }
    let way = (u32::from(from.abs_diff(to)) * u32::from(step) + u32::from(steps) / 2) / u32::from(steps);
    let way = u16::try_from(way).unwrap_or(u16::MAX);
    if to >= from { from.saturating_add(way) } else { from.saturating_sub(way) }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Dot = (u16, u16);

    fn drawn(charset: Charset, lines: &[(Dot, Dot)]) -> String {
        let area = Rect::new(0, 0, 4, 2);
        let mut plot = Plot::new(4, 2, charset);
        for (from, to) in lines {
            plot.line(*from, *to, Style::new());
        }
        let mut buffer = Buffer::empty(area);
        plot.draw(&mut buffer, area, None);
        (0..2).map(|y| (0..4).map(|x| buffer[(x, y)].symbol()).collect::<String>() + "\n").collect()
    }

    #[test]
    fn lines_are_made_of_dots_and_dots_outside_are_left_out() {
        assert_eq!(drawn(Charset::Unicode, &[((0, 7), (7, 0))]), "  ⡠⠊\n⡠⠊  \n");
        assert_eq!(drawn(Charset::Unicode, &[((0, 0), (7, 0)), ((3, 3), (3, 3))]), "⠉⢉⠉⠉\n    \n");
        assert_eq!(drawn(Charset::Ascii, &[((0, 1), (3, 0))]), "  **\n**  \n");
        assert_eq!(drawn(Charset::Ascii, &[((9, 9), (9, 9))]), "    \n    \n");
    }

    #[test]
    fn a_line_is_seen_over_an_area_and_one_row_is_spared() {
        let area = Rect::new(0, 0, 2, 2);
        for (charset, wanted) in [(Charset::Unicode, "  \n⠉⣿\n"), (Charset::Ascii, "  \n*.\n")] {
            let (across, down) = Plot::resolution(charset);
            let mut plot = Plot::new(2, 2, charset);
            plot.line((0, down), (across - 1, down), Style::new());
            for (x, y) in (0..2 * across).flat_map(|x| (0..2 * down).map(move |y| (x, y))) {
                plot.fill(x, y, Style::new());
            }
            let mut buffer = Buffer::empty(area);
            plot.draw(&mut buffer, area, Some(0));
            let rows = (0..2).map(|y| (0..2).map(|x| buffer[(x, y)].symbol()).collect::<String>() + "\n");
            assert_eq!(rows.collect::<String>(), wanted);
        }
    }
}
