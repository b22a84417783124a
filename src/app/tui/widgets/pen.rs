//! Writing text into rows: clipped with an ellipsis, never outside its area.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::tui::UiState;

/// Writes a line at the top of an area, clipped to its width; returns the columns that it took.
pub fn write(buffer: &mut Buffer, area: Rect, spans: &[Span<'_>], ui: &UiState) -> u16 {
    let area = area.intersection(buffer.area);
    if area.is_empty() {
        return 0;
    }
    let whole: usize = spans.iter().map(Span::width).sum();
    let (mut x, end) = (area.x, area.right());
    for span in spans {
        let text = ui.charset.text(&span.content);
        let (next, _) = buffer.set_stringn(x, area.y, text, usize::from(end - x), span.style);
        x = next;
    }
    if whole > usize::from(area.width) {
        buffer.set_string(end - 1, area.y, ui.charset.glyphs().cut, Style::new());
    }
    x - area.x
}

/// The same, at the right end of the area.
pub fn write_right(buffer: &mut Buffer, area: Rect, spans: &[Span<'_>], ui: &UiState) -> u16 {
    let width = u16::try_from(spans.iter().map(Span::width).sum::<usize>()).unwrap_or(u16::MAX).min(area.width);
    let right = Rect { x: area.right().saturating_sub(width), width, ..area };
    write(buffer, right, spans, ui)
}

/// One row of an area, from 0 at its top; empty beyond its end.
pub fn row(area: Rect, at: u16) -> Rect {
    if at < area.height { Rect { y: area.y + at, height: 1, ..area } } else { Rect { height: 0, ..area } }
}

/// The area without its first columns.
pub fn after(area: Rect, columns: u16) -> Rect {
    let columns = columns.min(area.width);
    Rect { x: area.x + columns, width: area.width - columns, ..area }
}

/// Words put into lines of at most `width` columns; a word that is longer is cut into several lines.
pub fn wrap(text: &str, width: u16) -> Vec<String> {
    let width = usize::from(width.max(1));
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let mut word = word;
        loop {
            let last = lines.len() - 1;
            let used = Line::raw(lines[last].as_str()).width();
            let space = usize::from(used > 0);
            let wanted = Line::raw(word).width();
            if used + space + wanted <= width {
                if space > 0 {
                    lines[last].push(' ');
                }
                lines[last].push_str(word);
                break;
            }
            if used > 0 {
                lines.push(String::new());
                continue;
            }
            let (head, tail) = split(word, width);
            lines[last].push_str(head);
            if tail.is_empty() {
                break;
            }
            lines.push(String::new());
            word = tail;
        }
    }
    lines
}

/// As much of a word as fits into so many columns, one character at least, and the rest.
fn split(word: &str, width: usize) -> (&str, &str) {
    let fits = |end: &usize| *end > 0 && Line::raw(&word[..*end]).width() <= width;
    let ends = word.char_indices().map(|(at, character)| at + character.len_utf8());
    let first = word.chars().next().map_or(0, char::len_utf8);
    word.split_at(ends.take_while(fits).last().unwrap_or(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_put_into_lines_and_long_ones_are_cut() {
        for (text, width, lines) in [
            ("", 10, vec![""]),
            ("one two three", 7, vec!["one two", "three"]),
            ("abcdefgh ij", 3, vec!["abc", "def", "gh", "ij"]),
            ("äöü€", 2, vec!["äö", "ü€"]),
            ("x", 0, vec!["x"]),
        ] {
            assert_eq!(wrap(text, width), lines, "{text}");
        }
    }
}
