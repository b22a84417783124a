//! Glyphs: Unicode where the terminal has it, ASCII elsewhere.

use std::borrow::Cow;

use ratatui::buffer::Buffer;

use crate::model::Verdict;
use crate::model::printable::is_format;

/// Which glyphs a terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Charset {
    /// All of them.
    Unicode,
    /// Those of ASCII.
    Ascii,
}

/// Which glyphs to use, as `--charset` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum CharsetChoice {
    /// As the locale says.
    #[default]
    Auto,
    /// All of them.
    Unicode,
    /// Those of ASCII.
    Ascii,
}

/// What the environment says of glyphs: each value as it is set, none where it is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CharsetEnv<'a> {
    pub lc_all: Option<&'a str>,
    pub lc_ctype: Option<&'a str>,
    pub lang: Option<&'a str>,
    /// `TERM`; the Linux console's font has 512 glyphs at most, and no braille.
    pub term: Option<&'a str>,
}

impl CharsetEnv<'_> {
    /// The glyphs to draw with. The first of `LC_ALL`, `LC_CTYPE` and `LANG` that is set and not empty counts (POSIX).
    pub fn charset(&self, choice: CharsetChoice) -> Charset {
        match choice {
            CharsetChoice::Ascii => Charset::Ascii,
            CharsetChoice::Auto if self.term == Some("linux") || !self.is_utf8() => Charset::Ascii,
            CharsetChoice::Unicode | CharsetChoice::Auto => Charset::Unicode,
        }
    }

    fn is_utf8(&self) -> bool {
        let set = [self.lc_all, self.lc_ctype, self.lang];
        let locale = set.into_iter().flatten().find(|value| !value.is_empty()).unwrap_or_default();
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    }
}

/// The glyphs that widgets draw with.
#[derive(Debug, PartialEq, Eq)]
pub struct Glyphs {
    /// Corners of a frame: top left, top right, bottom left, bottom right.
    pub corners: [&'static str; 4],
    /// A frame's sides: horizontal, vertical.
    pub sides: [&'static str; 2],
    pub axis: &'static str,
    pub threshold: &'static str,
    pub mark: &'static str,
    /// The eight heights of a bar, the lowest first.
    pub bars: [&'static str; 8],
    /// A tick without data.
    pub gap: &'static str,
    /// A meter: the full part, the empty part.
    pub meter: [&'static str; 2],
    /// Dots: all, some, none, not known.
    pub dots: [&'static str; 4],
    /// The arrow from one color to the other.
    pub arrow: &'static str,
    /// Good, not known, bad.
    pub signs: [&'static str; 3],
    /// In front of a phase that goes its way.
    pub phase: &'static str,
    /// In front of what went wrong.
    pub alarm: &'static str,
    /// Traffic is back.
    pub back: &'static str,
    /// Between two parts of a line.
    pub dot: &'static str,
    /// At the end of what was cut.
    pub cut: &'static str,
    pub cursor: &'static str,
    /// In front of the chosen row.
    pub pointer: &'static str,
}

const UNICODE: Glyphs = Glyphs {
    corners: ["╭", "╮", "╰", "╯"],
    sides: ["─", "│"],
    axis: "┤",
    threshold: "╌",
    mark: "┊",
    bars: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    gap: "·",
    meter: ["━", "─"],
    dots: ["●", "◐", "○", "·"],
    arrow: "──▶",
    signs: ["✓", "?", "✗"],
    phase: "●",
    alarm: "▲",
    back: "↩",
    dot: "·",
    cut: "…",
    cursor: "▏",
    pointer: "▶",
};

const ASCII: Glyphs = Glyphs {
    corners: ["+", "+", "+", "+"],
    sides: ["-", "|"],
    axis: "|",
    threshold: "-",
    mark: ":",
    bars: ["_", "_", ".", ".", "o", "o", "O", "#"],
    gap: " ",
    meter: ["=", "-"],
    dots: ["*", "+", "o", "."],
    arrow: "-->",
    signs: ["+", "?", "x"],
    phase: "*",
    alarm: "!",
    back: "<",
    dot: "-",
    cut: "~",
    cursor: "_",
    pointer: ">",
};

impl Charset {
    /// The glyphs to draw with.
    pub const fn glyphs(self) -> &'static Glyphs {
        match self {
            Self::Unicode => &UNICODE,
            Self::Ascii => &ASCII,
        }
    }

    /// The sign of a verdict.
    pub const fn sign(self, verdict: Verdict) -> &'static str {
        let [good, unknown, bad] = self.glyphs().signs;
        match verdict {
            Verdict::Healthy => good,
            Verdict::Unknown => unknown,
            Verdict::Breached => bad,
        }
    }

    /// Text from a sentence or from outside, as it may be shown: control characters lose their power, and glyphs that
    /// the terminal has not are spelled with those it has.
    pub fn text(self, text: &str) -> Cow<'_, str> {
        let shown = |c: char| !c.is_control() && !is_format(c) && (self == Self::Unicode || c.is_ascii());
        if text.chars().all(shown) {
            return Cow::Borrowed(text);
        }
        let mut plain = String::with_capacity(text.len());
        for c in text.chars() {
            if is_format(c) {
                plain.extend(c.escape_unicode());
                continue;
            }
            match c {
                _ if shown(c) => plain.push(c),
                _ => plain.push_str(self.spelled(c)),
            }
        }
        Cow::Owned(plain)
    }

    const fn spelled(self, c: char) -> &'static str {
        match (self, c) {
            (Self::Unicode, _) => "·",
            (Self::Ascii, '→') => "->",
            (Self::Ascii, '≤') => "<=",
            (Self::Ascii, '≥') => ">=",
            (Self::Ascii, '…') => "...",
            (Self::Ascii, '✓') => "+",
            (Self::Ascii, '✗' | '×') => "x",
            (Self::Ascii, '–' | '—' | '·') => "-",
            (Self::Ascii, '“' | '”' | '„') => "\"",
            (Self::Ascii, '‘' | '’') => "'",
            (Self::Ascii, '\u{a0}') => " ",
            (Self::Ascii, _) => "?",
        }
    }

    /// Makes sure that nothing on the screen is beyond the terminal, whatever a widget drew.
    pub(super) fn enforce(self, buffer: &mut Buffer) {
        if self == Self::Unicode {
            return;
        }
        for cell in &mut buffer.content {
            if !cell.symbol().is_ascii() {
                cell.set_symbol("?");
            }
        }
    }
}
