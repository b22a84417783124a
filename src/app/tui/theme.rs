//! Styles by meaning. Widgets ask for `verdict(Breached)`, never for a color, so that one place knows what a terminal can.
//!
//! The hues are those of Okabe and Ito (2008), which stay apart for color-blind eyes. Color never says anything alone:
//! whatever has one of these styles has a glyph or a word as well.

use ratatui::style::{Color as Ink, Modifier, Style};

use crate::core::view::Tone;
use crate::model::{Color, Verdict};

/// How many colors a terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Depth {
    /// None: bold, dim and reverse only.
    None,
    /// The sixteen of the terminal's own palette.
    Ansi16,
    /// The 256 of xterm.
    Ansi256,
    /// 24 bits.
    True,
}

impl Depth {
    /// All of them, the poorest first.
    pub const ALL: [Self; 4] = [Self::None, Self::Ansi16, Self::Ansi256, Self::True];
}

/// When to use color, as `--color` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorChoice {
    /// As the terminal and `NO_COLOR` say.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What the environment says of color: each value as it is set, none where it is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ColorEnv<'a> {
    /// `NO_COLOR`; anything but an empty text switches color off (no-color.org).
    pub no_color: Option<&'a str>,
    /// `CLICOLOR_FORCE`; anything but an empty text and `0` switches it on, whatever the terminal (bixense.com/clicolors).
    pub clicolor_force: Option<&'a str>,
    /// `COLORTERM`; `truecolor` and `24bit` promise 24 bits.
    pub colorterm: Option<&'a str>,
    pub term: Option<&'a str>,
}

impl ColorEnv<'_> {
    /// The depth to draw with. `--color` outranks `NO_COLOR`, which outranks `CLICOLOR_FORCE`, which outranks `TERM`.
    pub fn depth(&self, choice: ColorChoice) -> Depth {
        let set = |value: Option<&str>| value.is_some_and(|value| !value.is_empty());
        let forced = set(self.clicolor_force) && self.clicolor_force != Some("0");
        match choice {
            ColorChoice::Never => Depth::None,
            ColorChoice::Always => self.capability().max_with(Depth::Ansi16),
            ColorChoice::Auto if set(self.no_color) => Depth::None,
            ColorChoice::Auto if forced => self.capability().max_with(Depth::Ansi16),
            ColorChoice::Auto => self.capability(),
        }
    }

    fn capability(&self) -> Depth {
        let term = self.term.unwrap_or_default();
        match self.colorterm {
            _ if term.is_empty() || term == "dumb" => Depth::None,
            Some("truecolor" | "24bit") => Depth::True,
            _ if term.ends_with("-direct") => Depth::True,
            _ if term.contains("256color") => Depth::Ansi256,
            _ => Depth::Ansi16,
        }
    }
}

impl Depth {
    fn max_with(self, least: Self) -> Self {
        if self == Self::None { least } else { self }
    }
}

/// From this share of a limit on a value is near to it.
const NEAR: f64 = 0.8;

/// One hue in each depth that has colors.
#[derive(Clone, Copy)]
struct Hue {
    rgb: (u8, u8, u8),
    indexed: u8,
    ansi: Ink,
}

const BLUE: Hue = Hue { rgb: (0x00, 0x72, 0xB2), indexed: 32, ansi: Ink::LightBlue };
const GREEN: Hue = Hue { rgb: (0x00, 0x9E, 0x73), indexed: 36, ansi: Ink::Green };
const ORANGE: Hue = Hue { rgb: (0xE6, 0x9F, 0x00), indexed: 178, ansi: Ink::Yellow };
const VERMILION: Hue = Hue { rgb: (0xD5, 0x5E, 0x00), indexed: 166, ansi: Ink::LightRed };
/// Readable on black and on white.
const GREY: Hue = Hue { rgb: (0x80, 0x80, 0x80), indexed: 244, ansi: Ink::Reset };

/// The styles of a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    depth: Depth,
}

impl Theme {
    /// A theme for a terminal that can show so many colors.
    pub const fn new(depth: Depth) -> Self {
        Self { depth }
    }

    const fn ink(self, hue: Hue) -> Option<Ink> {
        let (r, g, b) = hue.rgb;
        match self.depth {
            Depth::None => None,
            Depth::Ansi16 => Some(hue.ansi),
            Depth::Ansi256 => Some(Ink::Indexed(hue.indexed)),
            Depth::True => Some(Ink::Rgb(r, g, b)),
        }
    }

    fn fg(self, hue: Hue) -> Style {
        self.ink(hue).map_or_else(Style::new, |ink| Style::new().fg(ink))
    }

    /// A check's or a soak's verdict: glyphs, values, curves.
    pub fn verdict(self, verdict: Verdict) -> Style {
        match verdict {
            Verdict::Healthy => self.fg(GREEN),
            Verdict::Unknown => Style::new(),
            Verdict::Breached => self.fg(VERMILION).add_modifier(Modifier::BOLD),
        }
    }

    /// A value by how near to its limit it is, 1 being the limit.
    pub fn against_limit(self, share: f64) -> Style {
        match share {
            share if share >= 1.0 => self.fg(VERMILION),
            share if share >= NEAR => self.fg(ORANGE),
            _ => self.fg(GREEN),
        }
    }

    /// One of the two colors, by its name.
    pub fn color(self, color: Color) -> Style {
        self.fg(match color {
            Color::Blue => BLUE,
            Color::Green => GREEN,
        })
    }

    /// The threshold's line and its label.
    pub fn threshold(self) -> Style {
        self.fg(ORANGE)
    }

    /// What is there for comparison: the previous color's baseline, axes, labels, frames.
    pub fn dim(self) -> Style {
        match self.depth {
            Depth::None | Depth::Ansi16 => Style::new().add_modifier(Modifier::DIM),
            Depth::Ansi256 | Depth::True => self.fg(GREY),
        }
    }

    /// The title of the pane that has the focus.
    pub fn focus(self) -> Style {
        self.fg(BLUE).add_modifier(Modifier::BOLD)
    }

    /// What stands out: titles, keys, words that matter.
    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The row under the cursor.
    pub fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// Text with a tone.
    pub fn tone(self, tone: Tone) -> Style {
        match tone {
            Tone::Plain => Style::new(),
            Tone::Good => self.fg(GREEN),
            Tone::Warning => self.fg(ORANGE).add_modifier(Modifier::BOLD),
            Tone::Bad => self.fg(VERMILION).add_modifier(Modifier::BOLD),
        }
    }

    /// A whole row or badge with a tone, readable from two metres.
    pub fn banner(self, tone: Tone) -> Style {
        let (ground, hue) = match tone {
            Tone::Plain => (Ink::White, BLUE),
            Tone::Good => (Ink::Black, GREEN),
            Tone::Warning => (Ink::Black, ORANGE),
            Tone::Bad => (Ink::White, VERMILION),
        };
        let style = Style::new().add_modifier(Modifier::BOLD);
        match self.ink(hue) {
            Some(ink) => style.bg(ink).fg(self.text_on(ground)),
            None => style.add_modifier(Modifier::REVERSED),
        }
    }

    /// Black or white, as exact as the terminal allows: palettes often redefine the sixteen.
    const fn text_on(self, ground: Ink) -> Ink {
        match (self.depth, ground) {
            (Depth::True, Ink::Black) => Ink::Rgb(0, 0, 0),
            (Depth::True, _) => Ink::Rgb(255, 255, 255),
            (Depth::Ansi256, Ink::Black) => Ink::Indexed(16),
            (Depth::Ansi256, _) => Ink::Indexed(231),
            // Light red and light blue of most palettes carry black better than white.
            _ => Ink::Black,
        }
    }
}
