//! A plot of dots in cells: braille with 2×4 dots a cell, or one dot a cell in ASCII.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::tui::Charset;

/// The first braille pattern; the others follow by the bits of their dots.
const BRAILLE: u32 = 0x2800;
/// The bits of the dots of a cell: by row, then left and right (Unicode 15, block 2800).
const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// Dots over an area of cells. Later dots give a cell their style.
pub struct Plot {
    width: u16,
    height: u16,
    charset: Charset,
    cells: Vec<Option<(u8, Style)>>,
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

    /// Sets one dot, counted from the top left; one outside is left out.
    pub fn dot(&mut self, x: u16, y: u16, style: Style) {
        let (across, down) = Self::resolution(self.charset);
        let (column, row) = (x / across, y / down);
        if column >= self.width || row >= self.height {
            return;
        }
        let at = usize::from(row) * usize::from(self.width) + usize::from(column);
        let bits = BITS[usize::from(y % down)][usize::from(x % across)];
        let before = self.cells[at].map_or(0, |(bits, _)| bits);
        self.cells[at] = Some((before | bits, style));
    }

    /// Sets the dots of a line between two dots, both included.
    pub fn line(&mut self, from: (u16, u16), to: (u16, u16), style: Style) {
        let steps = from.0.abs_diff(to.0).max(from.1.abs_diff(to.1));
        for step in 0..=steps {
            self.dot(between(from.0, to.0, step, steps), between(from.1, to.1, step, steps), style);
        }
    }

    /// Draws the cells that have dots; the others stay as they are.
    pub fn draw(&self, buffer: &mut Buffer, area: Rect) {
        for (at, cell) in self.cells.iter().enumerate() {
            let Some((bits, style)) = cell else { continue };
            let at =
                u16::try_from(at % usize::from(self.width)).ok().zip(u16::try_from(at / usize::from(self.width)).ok());
            let Some((column, row)) = at else { continue };
            if column >= area.width || row >= area.height {
                continue;
            }
            let glyph = match self.charset {
                Charset::Unicode => char::from_u32(BRAILLE + u32::from(*bits)).unwrap_or(' '),
                Charset::Ascii => '*',
            };
            if let Some(cell) = buffer.cell_mut((area.x + column, area.y + row)) {
                cell.set_char(glyph).set_style(*style);
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
        plot.draw(&mut buffer, area);
        (0..2).map(|y| (0..4).map(|x| buffer[(x, y)].symbol()).collect::<String>() + "\n").collect()
    }

    #[test]
    fn lines_are_made_of_dots_and_dots_outside_are_left_out() {
        assert_eq!(drawn(Charset::Unicode, &[((0, 7), (7, 0))]), "  ⡠⠊\n⡠⠊  \n");
        assert_eq!(drawn(Charset::Unicode, &[((0, 0), (7, 0)), ((3, 3), (3, 3))]), "⠉⢉⠉⠉\n    \n");
        assert_eq!(drawn(Charset::Ascii, &[((0, 1), (3, 0))]), "  **\n**  \n");
        assert_eq!(drawn(Charset::Ascii, &[((9, 9), (9, 9))]), "    \n    \n");
    }
}
