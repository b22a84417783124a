//! A screen as an SVG picture and as plain text, and several screens as one that moves: to be shown to somebody else.
//!
//! | file | part |
//! | --- | --- |
//! | `palette` | ground and ink of a picture, and the terminal's colors as numbers |
//! | `look` | how a cell looks: ink, ground, weight |
//! | `sheet` | cells to text, rectangles and paths: what is alike becomes one |
//! | `glyph`, `lines`, `shape` | what is drawn and not written: blocks, dots, circles; lines of boxes; rectangles and curves |
//! | `motion` | screens after one another: what is seen when |

use std::time::Duration;

use ratatui::buffer::{Buffer, Cell};

use sheet::Sheet;

mod glyph;
mod lines;
mod look;
mod motion;
mod palette;
mod shape;
mod sheet;

pub(crate) use palette::Palette;

use shape::{CELL, MARGIN, px};

/// The symbols of a screen, a line for each row, without blanks at its end.
pub fn to_text(buffer: &Buffer) -> String {
    let rows = buffer.content.chunks(usize::from(buffer.area.width.max(1)));
    rows.map(|row| row.iter().map(Cell::symbol).collect::<String>().trim_end().to_owned() + "\n").collect()
}

/// A screen as a picture. Text can be selected; what draws lines, bars and dots is drawn to the cell's edges, so the picture
/// needs no fonts of its own.
pub fn to_svg(buffer: &Buffer, title: &str, palette: Palette) -> String {
    document((buffer.area.width, buffer.area.height), title, palette, "", &Sheet::of(buffer, palette, |_| true).draw())
}

/// Screens of one size as a picture that moves, each shown for its time, over and over. Where motion is not wanted or not
/// possible it shows the last one.
pub fn to_animated_svg(frames: &[(Duration, Buffer)], title: &str, palette: Palette) -> String {
    let Some((_, last)) = frames.last() else { return document((0, 0), title, palette, "", "") };
    let size = (last.area.width, last.area.height);
    let scenes = motion::scenes(&frames.iter().map(|(_, buffer)| buffer).collect::<Vec<_>>());
    let draw = |scene: &motion::Scene| Sheet::of(&frames[scene.frames.start].1, palette, |at| scene.cells[at]).draw();
    let drawn = scenes.iter().map(|scene| (scene, draw(scene)));
    let drawn: Vec<_> = drawn.filter(|(_, drawn)| !drawn.is_empty()).collect();
    let clock = motion::Clock::of(frames.iter().map(|(shown, _)| *shown));
    let style = motion::style(drawn.iter().map(|(scene, _)| *scene), &clock);
    let body: String = drawn.iter().map(|(scene, drawn)| motion::group(scene, frames.len(), drawn)).collect();
    document(size, title, palette, &style, &body)
}

fn document((columns, rows): (u16, u16), title: &str, palette: Palette, style: &str, body: &str) -> String {
    let whole = |cells: u16, cell: i32| px(i32::from(cells) * cell + 2 * MARGIN);
    let (width, height) = (whole(columns, CELL.0), whole(rows, CELL.1));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\">\n<title>{}</title>\n{style}\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"{}\"/>\n\
         <g fill=\"{}\" font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"15\">\n{body}</g>\n</svg>\n",
        escaped(title),
        palette.ground(),
        palette.ink(),
    )
}

/// Text as XML has it, which knows no control characters.
fn escaped(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => whole.push_str("&amp;"),
            '<' => whole.push_str("&lt;"),
            '>' => whole.push_str("&gt;"),
            '\u{fffe}' | '\u{ffff}' => whole.push('\u{fffd}'),
            c if c.is_control() => whole.push('\u{fffd}'),
            c => whole.push(c),
        }
    }
    whole
}

#[cfg(test)]
mod tests;
