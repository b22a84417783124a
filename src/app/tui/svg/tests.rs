use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use super::*;
use crate::app::tui::Charset;
use crate::app::tui::theme::Ground;

const DARK: Palette = Palette::DARK;

fn buffer() -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, 8, 2));
    buffer.set_string(0, 0, "a <&> b", Style::new().fg(Color::Rgb(0, 0x72, 0xb2)).add_modifier(Modifier::BOLD));
    buffer.set_string(0, 1, "  on  ", Style::new().bg(Color::Indexed(166)));
    buffer
}

/// The elements of a picture that are texts: column, row, and what is written.
fn texts(svg: &str) -> Vec<(usize, usize, String)> {
    svg.lines().filter_map(text).collect()
}

fn text(element: &str) -> Option<(usize, usize, String)> {
    let element = element.strip_prefix("<text x=\"")?;
    let (x, rest) = element.split_once('"').unwrap();
    let (y, rest) = rest.strip_prefix(" y=\"").unwrap().split_once('"').unwrap();
    let text = rest.split_once('>').unwrap().1.strip_suffix("</text>").unwrap();
    let [x, y]: [usize; 2] = [x, y].map(|number| number.parse().unwrap());
    Some(((x - 12) / 9, (y - 26) / 19, text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")))
}

#[test]
fn text_keeps_the_rows_without_blanks_at_their_end() {
    assert_eq!(to_text(&buffer()), "a <&> b\n  on\n");
}

#[test]
fn a_picture_has_every_run_with_its_colors_in_its_place() {
    let svg = to_svg(&buffer(), "a & b", DARK);
    for part in [
        "viewBox=\"0 0 96 62\"",
        "<title>a &amp; b</title>",
        "<text x=\"12\" y=\"26\" textLength=\"63\" fill=\"#0072b2\" font-weight=\"bold\">a &lt;&amp;&gt; b</text>",
        "<path shape-rendering=\"crispEdges\" fill=\"#d75f00\" d=\"M12 31h54v19h-54z\"/>",
        "<text x=\"30\" y=\"45\" textLength=\"18\">on</text>",
    ] {
        assert!(svg.contains(part), "{part} is not in {svg}");
    }
}

#[test]
fn ground_and_ink_are_those_of_the_palette() {
    for (ground, paper, ink) in [(Ground::Dark, "#14171c", "#d6dae0"), (Ground::Light, "#ffffff", "#1f2328")] {
        let svg = to_svg(&buffer(), "", ground.into());
        assert!(svg.contains(&format!("rx=\"8\" fill=\"{paper}\"")), "{svg}");
        assert!(svg.contains(&format!("<g fill=\"{ink}\"")), "{svg}");
    }
}

#[test]
fn a_title_cannot_break_the_picture() {
    let svg = to_svg(&buffer(), "</title><script>\u{1b}\u{0}\u{ffff}", DARK);
    assert!(svg.contains("<title>&lt;/title&gt;&lt;script&gt;\u{fffd}\u{fffd}\u{fffd}</title>"), "{svg}");
}

#[test]
fn the_lines_of_a_frame_touch() {
    let svg = to_svg(&Buffer::with_lines(["┌─┐", "│ │", "└─┘"]), "", DARK);
    let sides = "<path d=\"M16 21h1v39h-1zm0 0h19v1h-19zm18 0h1v39h-1zM16 59h19v1h-19z\"/>";
    assert!(svg.contains(sides) && texts(&svg).is_empty(), "{svg}");
}

#[test]
fn words_stay_in_their_columns_and_symbols_that_are_rare_push_none() {
    let svg = to_svg(&Buffer::with_lines(["one two   ✓ three ─ 4…"]), "", DARK);
    let expected = [(0, "one two"), (10, "✓"), (12, "three"), (20, "4…")];
    assert_eq!(texts(&svg), expected.map(|(column, text)| (column, 0, text.to_owned())));
    assert_eq!(svg.matches("textLength").count(), 3, "what is one cell wide has its own width");
}

/// What the widgets draw with: lines, bars, dots and arrowheads need no font.
#[test]
fn every_glyph_of_the_screen_is_drawn_or_written() {
    let glyphs = Charset::Unicode.glyphs();
    let [all, some, none, unknown] = glyphs.dots;
    let marks = [glyphs.axis, glyphs.threshold, glyphs.mark, glyphs.phase, glyphs.alarm, glyphs.cursor, glyphs.pointer];
    let marks = marks.into_iter().chain([glyphs.arrow, all, some, none]).collect::<Vec<_>>();
    let drawn = marks.iter().chain(&glyphs.corners).chain(&glyphs.sides);
    for symbols in drawn.chain(&glyphs.bars).chain(&glyphs.meter) {
        let svg = to_svg(&Buffer::with_lines([*symbols]), "", DARK);
        assert!(texts(&svg).is_empty() && svg.contains("<path"), "{symbols} is not drawn: {svg}");
    }
    for symbol in glyphs.signs.iter().chain(&[glyphs.gap, glyphs.back, glyphs.dot, glyphs.cut, unknown]) {
        let svg = to_svg(&Buffer::with_lines([*symbol]), "", DARK);
        assert_eq!(texts(&svg), [(0, 0, (*symbol).to_owned())]);
    }
}

#[test]
fn a_run_of_one_look_is_one_element() {
    let row = "─".repeat(100) + &"▃".repeat(100);
    let svg = to_svg(&Buffer::with_lines([row]), "", DARK);
    assert_eq!(svg.matches("<path").count(), 1, "{svg}");
    assert!(svg.len() < 500, "{} bytes", svg.len());
}

/// The texts that are seen at a moment, given in percent of the whole.
fn seen(svg: &str, percent: f64) -> Vec<(usize, usize, String)> {
    let is_seen = |name: &str| {
        let rule = svg.lines().find_map(|line| line.strip_prefix(&format!("@keyframes {name}{{"))).unwrap();
        let mut steps = rule.trim_end_matches('}').split('}').map(|step| step.split_once("%{visibility:").unwrap());
        let last = steps.rfind(|(from, _)| from.parse::<f64>().unwrap() <= percent);
        last.is_some_and(|(_, visibility)| visibility == "visible")
    };
    let (mut shown, mut found) = (true, Vec::new());
    for line in svg.lines() {
        if let Some((_, name)) = line.strip_prefix("<g class=\"f").and_then(|rest| rest.split_once("animation-name:")) {
            shown = is_seen(name.trim_end_matches("\">"));
        } else if line == "</g>" {
            shown = true;
        } else if shown {
            found.extend(text(line));
        }
    }
    found
}

/// Letters by their cells, however they are put together.
fn letters(texts: Vec<(usize, usize, String)>) -> Vec<(usize, usize, char)> {
    let mut letters: Vec<_> = texts
        .into_iter()
        .flat_map(|(column, row, text)| {
            text.chars().enumerate().map(|(at, c)| (column + at, row, c)).collect::<Vec<_>>()
        })
        .filter(|(.., c)| *c != ' ')
        .collect();
    letters.sort_unstable();
    letters
}

fn motion() -> (Vec<(Duration, Buffer)>, String) {
    let frames = [(300, ["one", "all "]), (700, ["two", "all "]), (1000, ["one", "well"]), (2000, ["end", "well"])];
    let frames: Vec<_> =
        frames.map(|(ms, rows)| (Duration::from_millis(ms), Buffer::with_lines(rows))).into_iter().collect();
    let svg = to_animated_svg(&frames, "a film", DARK);
    (frames, svg)
}

#[test]
fn each_frame_is_seen_in_its_time_and_no_other() {
    let (frames, svg) = motion();
    assert!(svg.contains("animation:4000ms step-end infinite"), "{svg}");
    for (at, (begin, end)) in [(0.0, 7.5), (7.5, 25.0), (25.0, 50.0), (50.0, 100.0)].into_iter().enumerate() {
        let expected = letters(texts(&to_svg(&frames[at].1, "", DARK)));
        for percent in [begin, begin + 0.001, end - 0.001] {
            assert_eq!(letters(seen(&svg, percent)), expected, "at {percent}%: {svg}");
        }
    }
}

#[test]
fn without_motion_the_last_frame_is_seen() {
    let (frames, svg) = motion();
    assert!(svg.contains("@media(prefers-reduced-motion:reduce){.f{animation:none}}"), "{svg}");
    assert!(svg.contains(".f{visibility:hidden;") && svg.contains(".l{visibility:visible}"), "{svg}");
    let (mut hidden, mut rest) = (false, Vec::new());
    for line in svg.lines() {
        match line {
            "</g>" => hidden = false,
            _ if line.starts_with("<g class=\"f\"") => hidden = true,
            _ if !hidden => rest.extend(text(line)),
            _ => {}
        }
    }
    assert_eq!(letters(rest), letters(texts(&to_svg(&frames[3].1, "", DARK))));
}

#[test]
fn what_stays_is_drawn_once() {
    let (_, svg) = motion();
    assert_eq!(svg.matches(">l</text>").count(), 1, "the last letter of all and well: {svg}");
    let still = Buffer::with_lines(["still"]);
    let frames = [1, 2].map(|seconds| (Duration::from_secs(seconds), still.clone()));
    assert!(!to_animated_svg(&frames, "", DARK).contains("<g class"));
}

#[test]
fn no_frames_are_an_empty_picture() {
    assert!(to_animated_svg(&[], "nothing", DARK).contains("<title>nothing</title>"));
}
