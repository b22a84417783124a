//! The whole screen: counts, the list, what is known of the selected row, keys.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::app::tui::widgets;
use crate::app::tui::widgets::{above, after, row, write, write_right};
use crate::core::fleet::{Counts, Key};
use crate::core::view::Tone;
use crate::model::number::thousands;

use super::about::about;
use super::app::App;
use super::cells::{Standing, row as draw_row};
use super::columns::fit;

/// From this height on there is a pane about the selected row; below it a line.
const TALL: u16 = 22;
/// Rows of that pane, with its frame: at least, and where the list leaves room.
const PANE: (u16, u16) = (6, 21);
/// Rows that the list has, however short it is.
const LIST: u16 = 3;
/// The smallest size with a list.
const SMALLEST: (u16, u16) = (30, 5);

/// Where what was drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drawn {
    pub rows: Vec<(Key, Rect)>,
    /// The hints of the footer, by their key.
    pub hints: Vec<(String, Rect)>,
    /// The buttons of the dialog, by their place.
    pub buttons: Vec<(usize, Rect)>,
}

struct Layout {
    header: Rect,
    heads: Rect,
    rows: Rect,
    about: Rect,
    footer: Rect,
}

impl Layout {
    /// For a list of so many rows.
    fn of(area: Rect, length: usize) -> Self {
        let length = u16::try_from(length).unwrap_or(u16::MAX).max(LIST);
        let about = match area.height.saturating_sub(3).saturating_sub(length) {
            spare if spare >= PANE.0 => spare.min(PANE.1),
            _ if area.height >= TALL => PANE.0,
            _ => 1,
        };
        let room = area.height.saturating_sub(3 + about);
        // The pane stands right below a list that is short.
        let rows = room.min(length);
        let at = |y: u16, height: u16| Rect { y: area.y + y.min(area.height), height, ..area }.intersection(area);
        Self {
            header: at(0, 1),
            heads: at(1, 1),
            rows: at(2, rows),
            about: at(2 + rows, about),
            footer: at(area.height.saturating_sub(1), 1),
        }
    }
}

/// How many rows of a list of so many are in sight on a screen of this size.
pub fn rows(area: Rect, length: usize) -> usize {
    if is_tiny(area) { 0 } else { usize::from(Layout::of(area, length).rows.height) }
}

const fn is_tiny(area: Rect) -> bool {
    area.width < SMALLEST.0 || area.height < SMALLEST.1
}

pub fn render(buffer: &mut Buffer, area: Rect, app: &App) -> Drawn {
    let ui = app.ui();
    let mut drawn = Drawn::default();
    if is_tiny(area) {
        let line = Rect { height: area.height.min(1), ..area };
        let (width, height) = SMALLEST;
        write(buffer, line, &[Span::raw(format!("{} ({width}x{height} shows more)", counted(&app.counts)))], ui);
    } else {
        let at = Layout::of(area, app.list.all().len());
        header(buffer, at.header, app);
        drawn.rows = list(buffer, &at, app);
        if let Some(row) = app.list.current().and_then(|key| app.fleet().row(key)) {
            about(buffer, at.about, row, ui);
        }
        drawn.hints = footer(buffer, at.footer, app);
    }
    drawn.buttons = above(buffer, area, ui).map(|above| above.buttons).unwrap_or_default();
    ui.charset.enforce(buffer);
    drawn
}

/// `1,000 services on 4 hosts: 2 HELD, 980 watching`.
pub fn counted(counts: &Counts) -> String {
    let words = counts.words.iter().map(|(word, _, count)| format!("{} {word}", thousands(*count as u64)));
    let words = words.collect::<Vec<_>>().join(", ");
    let all = all(counts);
    if words.is_empty() { all } else { format!("{all}: {words}") }
}

fn all(counts: &Counts) -> String {
    let of = |count: usize, one: &str| {
        let many = if count == 1 { "" } else { "s" };
        format!("{} {one}{many}", thousands(count as u64))
    };
    format!("{} on {}", of(counts.services, "service"), of(counts.sources, "host"))
}

/// How many of what, the worst first; at the right end which rows are in sight, and of which.
fn header(buffer: &mut Buffer, area: Rect, app: &App) {
    let (ui, counts) = (app.ui(), &app.counts);
    let glyphs = ui.charset.glyphs();
    if counts.words.iter().any(|(_, tone, _)| *tone == Tone::Bad) {
        buffer.set_style(area.intersection(buffer.area), ui.theme.banner(Tone::Bad));
    }
    let (from, sight) = app.list.in_sight();
    let mut badges = Vec::new();
    if ui.read_only {
        badges.push("READ-ONLY".to_owned());
    }
    if counts.asked > 0 {
        badges.push(format!("{} not answered yet", thousands(counts.asked as u64)));
    }
    if !app.marks.is_empty() {
        badges.push(format!("{} marked", thousands(app.marks.len() as u64)));
    }
    if let Some(filter) = app.filter.trimmed() {
        badges.push(format!("/{filter}"));
    }
    let shown = app.list.all().len();
    if !sight.is_empty() {
        let to = thousands((from + sight.len()) as u64);
        badges.push(format!("{}-{to} of {}", thousands(from as u64 + 1), thousands(shown as u64)));
    }
    let right = format!(" {} ", badges.join("  "));
    let taken = write_right(buffer, area, &[Span::raw(right)], ui);
    let left = Rect { width: area.width.saturating_sub(taken + 1), ..area };
    let wide = [format!(" switchback {} {}", glyphs.dot, all(counts)), format!(" {}", all(counts))];
    let words: Vec<String> = counts
        .words
        .iter()
        .map(|(word, tone, count)| {
            let sign = match tone {
                Tone::Bad | Tone::Warning => glyphs.alarm,
                Tone::Good => glyphs.signs[0],
                Tone::Plain => glyphs.phase,
            };
            format!("{sign} {} {word}", thousands(*count as u64))
        })
        .collect();
    let room = usize::from(left.width);
    let length = |words: &[String]| words.join("  ").chars().count();
    let whole = |title: &String| title.chars().count() + 3 + length(&words) <= room;
    let title = wide.iter().find(|title| whole(title)).map(String::as_str).unwrap_or_default();
    // The last ones are the calm ones.
    let fit = (1..=words.len()).rev().find(|fit| length(&words[..*fit]) + 3 < room).unwrap_or(1);
    let fit = if title.is_empty() { fit.min(words.len()) } else { words.len() };
    let more = if fit < words.len() { format!(" {}", glyphs.cut) } else { String::new() };
    let words = words[..fit].join("  ") + &more;
    let gap = if title.is_empty() { " " } else { "   " };
    let spans =
        [Span::styled(title.to_owned(), ui.theme.strong()), Span::raw(gap), Span::styled(words, ui.theme.strong())];
    write(buffer, left, &spans, ui);
}

fn list(buffer: &mut Buffer, at: &Layout, app: &App) -> Vec<(Key, Rect)> {
    let ui = app.ui();
    let columns = fit(at.heads.width, app.widths);
    for (column, x, width) in &columns {
        let here = Rect { width: *width, ..after(at.heads, *x) }.intersection(at.heads);
        let head = [Span::styled(column.head(), ui.theme.dim())];
        if column.is_number() {
            write_right(buffer, here, &head, ui)
        } else {
            write(buffer, here, &head, ui)
        };
    }
    let (_, sight) = app.list.in_sight();
    if sight.is_empty() {
        nothing(buffer, at.rows, app);
    }
    let mut places = Vec::new();
    for (line, key) in (0..at.rows.height).zip(sight) {
        let here = row(at.rows, line);
        if let Some(known) = app.fleet().row(key) {
            let standing = Standing {
                is_selected: app.list.current() == Some(key),
                is_marked: app.marks.contains(key),
                now_ms: app.now_ms,
                wall_ms: app.wall_ms,
            };
            draw_row(buffer, here, known, &columns, standing, ui);
            places.push((key.clone(), here));
        }
    }
    places
}

/// Why there is no row.
fn nothing(buffer: &mut Buffer, area: Rect, app: &App) {
    let text = match (app.filter.trimmed(), app.counts.asked) {
        (Some(filter), _) => format!("no row has `{filter}`: Esc shows all"),
        (None, 0) => "no service is watched".to_owned(),
        (None, _) => {
            let names = (0..app.counts.sources).map(|source| app.fleet().name_of(source)).collect::<Vec<_>>();
            format!("waiting for {}", names.join(", "))
        }
    };
    let line = row(area, area.height / 2);
    let length = u16::try_from(text.chars().count()).unwrap_or(u16::MAX);
    let middle = after(line, line.width.saturating_sub(length) / 2);
    write(buffer, middle, &[Span::styled(text, app.ui().theme.dim())], app.ui());
}

/// The filter while it is typed, else the keys.
fn footer(buffer: &mut Buffer, area: Rect, app: &App) -> Vec<(String, Rect)> {
    let ui = app.ui();
    if !app.is_filtering() {
        return widgets::footer(buffer, area, ui);
    }
    let cursor = ui.charset.glyphs().cursor;
    let typed = Span::styled(format!(" /{}{cursor}", app.filter.text()), ui.theme.strong());
    let shown = thousands(app.list.all().len() as u64);
    let note = Span::styled(format!("   {shown} rows; Enter keeps it, Esc clears it"), ui.theme.dim());
    write(buffer, area, &[typed, note], ui);
    Vec::new()
}
