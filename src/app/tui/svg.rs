//! A screen as an SVG picture and as plain text, to be shown to somebody else.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use super::theme::Ground;

/// Size of a cell in pixels: the proportions of most terminal fonts.
const CELL: (u32, u32) = (9, 19);
/// Margin around the screen, in pixels.
const MARGIN: u32 = 12;
/// Height of the baseline above the bottom of a cell, in pixels.
const DESCENT: u32 = 5;
/// What is drawn on, and the ink of cells without a color.
#[derive(Clone, Copy)]
struct Paper {
    ground: &'static str,
    ink: &'static str,
}

const DARK: Paper = Paper { ground: "#14171c", ink: "#d6dae0" };
const LIGHT: Paper = Paper { ground: "#ffffff", ink: "#1f2328" };
/// The sixteen colors of a terminal, as xterm has them (XTerm-col.ad), somewhat lighter blues for the dark ground.
const SIXTEEN: [&str; 16] = [
    "#000000", "#cd3131", "#0dbc79", "#e5e510", "#2472c8", "#bc3fbc", "#11a8cd", "#cccccc", "#666666", "#f14c4c",
    "#23d18b", "#f5f543", "#3b8eea", "#d670d6", "#29b8db", "#ffffff",
];
/// The levels of the 6×6×6 colors of xterm's 256.
const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The symbols of a screen, a line for each row, without blanks at its end.
pub fn to_text(buffer: &Buffer) -> String {
    rows(buffer).map(|row| row.iter().map(Cell::symbol).collect::<String>().trim_end().to_owned() + "\n").collect()
}

/// A screen as a picture with selectable text, as on a terminal with that background. It needs no fonts of its own: each run of
/// cells is stretched to its columns.
pub fn to_svg(buffer: &Buffer, title: &str, ground: Ground) -> String {
    let paper = match ground {
        Ground::Dark => DARK,
        Ground::Light => LIGHT,
    };
    let (width, height) = (u32::from(buffer.area.width) * CELL.0, u32::from(buffer.area.height) * CELL.1);
    let (whole, tall) = (width + 2 * MARGIN, height + 2 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {whole} {tall}\" role=\"img\">\n\
         <title>{}</title>\n\
         <rect width=\"{whole}\" height=\"{tall}\" rx=\"8\" fill=\"{}\"/>\n\
         <g font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"15\" xml:space=\"preserve\">\n",
        escaped(title),
        paper.ground,
    );
    for (y, row) in (0..).zip(rows(buffer)) {
        for run in runs(row, paper) {
            run.draw(&mut svg, y);
        }
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

fn rows(buffer: &Buffer) -> impl Iterator<Item = &[Cell]> {
    buffer.content.chunks(usize::from(buffer.area.width.max(1)))
}

/// Cells of one style beside each other.
struct Run {
    column: u32,
    columns: u32,
    text: String,
    look: Look,
}

#[derive(Clone, PartialEq, Eq)]
struct Look {
    ink: String,
    ground: Option<String>,
    bold: bool,
    dim: bool,
}

impl Look {
    fn of(cell: &Cell, paper: Paper) -> Self {
        let (mut ink, mut ground) = (hex(cell.fg), hex(cell.bg));
        if cell.modifier.contains(Modifier::REVERSED) {
            let before = ink.take();
            ink = Some(ground.take().unwrap_or_else(|| paper.ground.to_owned()));
            ground = Some(before.unwrap_or_else(|| paper.ink.to_owned()));
        }
        Self {
            ink: ink.unwrap_or_else(|| paper.ink.to_owned()),
            ground,
            bold: cell.modifier.contains(Modifier::BOLD),
            dim: cell.modifier.contains(Modifier::DIM),
        }
    }
}

fn runs(row: &[Cell], paper: Paper) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (column, cell) in (0..).zip(row) {
        let look = Look::of(cell, paper);
        match runs.last_mut() {
            Some(run) if run.look == look => {
                run.columns += 1;
                run.text.push_str(cell.symbol());
            }
            _ => runs.push(Run { column, columns: 1, text: cell.symbol().to_owned(), look }),
        }
    }
    runs
}

impl Run {
    fn draw(&self, svg: &mut String, row: u32) {
        let (x, y, width) = (MARGIN + self.column * CELL.0, MARGIN + row * CELL.1, self.columns * CELL.0);
        // Writing into a string cannot fail.
        if let Some(ground) = &self.look.ground {
            let _ =
                writeln!(svg, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{}\" fill=\"{ground}\"/>", CELL.1);
        }
        let blank = self.text.len() - self.text.trim_start().len();
        let text = self.text.trim();
        if text.is_empty() {
            return;
        }
        let columns = u32::try_from(text.chars().count()).unwrap_or(self.columns);
        let x = x + u32::try_from(blank).unwrap_or(0) * CELL.0;
        let weight = if self.look.bold { " font-weight=\"bold\"" } else { "" };
        let opacity = if self.look.dim { " opacity=\"0.6\"" } else { "" };
        let _ = writeln!(
            svg,
            "<text x=\"{x}\" y=\"{}\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{}\"{weight}{opacity}>{}</text>",
            y + CELL.1 - DESCENT,
            columns * CELL.0,
            self.look.ink,
            escaped(text),
        );
    }
}

/// `#rrggbb`; none for the terminal's own color.
fn hex(color: Color) -> Option<String> {
    let sixteen = |at: usize| Some(SIXTEEN[at].to_owned());
    match color {
        Color::Reset => None,
        Color::Rgb(r, g, b) => Some(format!("#{r:02x}{g:02x}{b:02x}")),
        Color::Indexed(index) if index < 16 => sixteen(usize::from(index)),
        Color::Indexed(index @ 16..=231) => {
            let level = |by: u8| LEVELS[usize::from((index - 16) / by % 6)];
            Some(format!("#{:02x}{:02x}{:02x}", level(36), level(6), level(1)))
        }
        Color::Indexed(index) => {
            let grey = 8 + (index - 232) * 10;
            Some(format!("#{grey:02x}{grey:02x}{grey:02x}"))
        }
        Color::Black => sixteen(0),
        Color::Red => sixteen(1),
        Color::Green => sixteen(2),
        Color::Yellow => sixteen(3),
        Color::Blue => sixteen(4),
        Color::Magenta => sixteen(5),
        Color::Cyan => sixteen(6),
        Color::Gray => sixteen(7),
        Color::DarkGray => sixteen(8),
        Color::LightRed => sixteen(9),
        Color::LightGreen => sixteen(10),
        Color::LightYellow => sixteen(11),
        Color::LightBlue => sixteen(12),
        Color::LightMagenta => sixteen(13),
        Color::LightCyan => sixteen(14),
        Color::White => sixteen(15),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    fn buffer() -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 8, 2));
        buffer.set_string(0, 0, "a <&> b", Style::new().fg(Color::Rgb(0, 0x72, 0xb2)).add_modifier(Modifier::BOLD));
        buffer.set_string(0, 1, "  on  ", Style::new().bg(Color::Indexed(166)));
        buffer
    }

    #[test]
    fn text_keeps_the_rows_without_blanks_at_their_end() {
        assert_eq!(to_text(&buffer()), "a <&> b\n  on\n");
    }

    #[test]
    fn a_picture_has_every_run_with_its_colors_in_its_place() {
        let svg = to_svg(&buffer(), "a & b", Ground::Dark);
        for part in [
            "viewBox=\"0 0 96 62\"",
            "<title>a &amp; b</title>",
            "<text x=\"12\" y=\"26\" textLength=\"63\" lengthAdjust=\"spacingAndGlyphs\" fill=\"#0072b2\" font-weight=\"bold\">a &lt;&amp;&gt; b</text>",
            "<rect x=\"12\" y=\"31\" width=\"54\" height=\"19\" fill=\"#d75f00\"/>",
            "<text x=\"30\" y=\"45\" textLength=\"18\"",
        ] {
            assert!(svg.contains(part), "{part} is not in {svg}");
        }
    }

    #[test]
    fn a_picture_has_the_background_of_its_terminal() {
        let picture = |ground| to_svg(&buffer(), "title", ground);
        assert!(picture(Ground::Dark).contains("rx=\"8\" fill=\"#14171c\""));
        let light = picture(Ground::Light);
        assert!(light.contains("rx=\"8\" fill=\"#ffffff\"") && light.contains("fill=\"#1f2328\">on<"), "{light}");
    }

    #[test]
    fn every_color_of_a_terminal_has_its_number() {
        for (color, hex) in [
            (Color::Indexed(16), "#000000"),
            (Color::Indexed(231), "#ffffff"),
            (Color::Indexed(244), "#808080"),
            (Color::Indexed(9), "#f14c4c"),
            (Color::LightRed, "#f14c4c"),
        ] {
            assert_eq!(super::hex(color).as_deref(), Some(hex), "{color}");
        }
        let reversed = Cell::new("x").set_style(Style::new().add_modifier(Modifier::REVERSED)).clone();
        for paper in [DARK, LIGHT] {
            let look = Look::of(&reversed, paper);
            assert_eq!((look.ink.as_str(), look.ground.as_deref()), (paper.ground, Some(paper.ink)));
        }
    }
}
