//! The theme: what is chosen, what it is drawn on, and the styles that follow.

use ratatui::style::{Color as Ink, Modifier, Style};

use crate::config::ThemeChoice;
use crate::core::view::Tone;
use crate::model::{Color, Verdict};

use super::depth::Depth;
use super::ground::{Ground, Told};
use super::hues;
use super::hues::{Hue, Palette};

/// The share of a limit from which on a value is near it.
const NEAR: f64 = 0.8;

/// The styles of a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    depth: Depth,
    choice: ThemeChoice,
    /// The terminal's background, and who says so.
    ground: Ground,
    told: Told,
}

impl Theme {
    /// The theme of a terminal that can show so many colors and has not told its background.
    pub const fn new(depth: Depth) -> Self {
        Self { depth, choice: ThemeChoice::Auto, ground: Ground::Dark, told: Told::Nobody }
    }

    /// The same, as somebody chose.
    #[must_use]
    pub const fn with_choice(self, choice: ThemeChoice) -> Self {
        Self { choice, ..self }
    }

    /// The same on the background that is known now.
    #[must_use]
    pub(crate) const fn on(self, ground: Ground, told: Told) -> Self {
        Self { ground, told, ..self }
    }

    /// The next one, the first after the last. Without colors it looks the same.
    #[must_use]
    pub fn next(self) -> Self {
        let all = ThemeChoice::WORDS.map(|(_, choice)| choice);
        let at = all.iter().position(|choice| *choice == self.choice).unwrap_or(0);
        self.with_choice(all[(at + 1) % all.len()])
    }

    /// Whether the terminal should be asked for its background, because that decides and it has not said.
    pub(crate) fn wants_ground(self) -> bool {
        let decides = matches!(self.choice, ThemeChoice::Auto | ThemeChoice::ColorBlind);
        decides && self.depth != Depth::None && self.told != Told::Terminal
    }

    /// The background that it is meant for.
    pub(crate) const fn ground(self) -> Ground {
        match self.choice {
            ThemeChoice::Dark => Ground::Dark,
            ThemeChoice::Light => Ground::Light,
            ThemeChoice::Auto | ThemeChoice::ColorBlind | ThemeChoice::Mono => self.ground,
        }
    }

    /// Its name, with where it comes from if nobody chose it.
    pub(crate) fn described(self) -> String {
        let name = self.choice.name();
        match (self.depth, self.choice, self.told) {
            (Depth::None, _, _) => format!("theme {name}, without colors: NO_COLOR, --color or TERM turns them off"),
            (_, ThemeChoice::Auto, Told::Terminal) => {
                format!("theme {name}: {}, like the terminal's background", self.ground)
            }
            (_, ThemeChoice::Auto, Told::Environment) => format!("theme {name}: {}, from COLORFGBG", self.ground),
            (_, ThemeChoice::Auto, Told::Nobody) => {
                format!("theme {name}: {}, the terminal's background is unknown", self.ground)
            }
            _ => format!("theme {name}"),
        }
    }

    const fn palette(self) -> &'static Palette {
        match (self.choice, self.ground()) {
            (ThemeChoice::ColorBlind, Ground::Dark) => &hues::COLOR_BLIND_DARK,
            (ThemeChoice::ColorBlind, Ground::Light) => &hues::COLOR_BLIND_LIGHT,
            (_, Ground::Dark) => &hues::DARK,
            (_, Ground::Light) => &hues::LIGHT,
        }
    }

    const fn ink(self, hue: Hue) -> Option<Ink> {
        let (r, g, b) = hue.rgb;
        match (self.choice, self.depth) {
            (ThemeChoice::Mono, _) | (_, Depth::None) => None,
            (_, Depth::Ansi16) => Some(hue.ansi),
            (_, Depth::Ansi256) => Some(Ink::Indexed(hue.indexed)),
            (_, Depth::True) => Some(Ink::Rgb(r, g, b)),
        }
    }

    fn fg(self, hue: Hue) -> Style {
        self.ink(hue).map_or_else(Style::new, |ink| Style::new().fg(ink))
    }

    /// A check's or a soak's verdict: glyphs, values, curves.
    pub fn verdict(self, verdict: Verdict) -> Style {
        match verdict {
            Verdict::Healthy => self.fg(self.palette().good),
            Verdict::Unknown => Style::new(),
            Verdict::Breached => self.fg(self.palette().bad).add_modifier(Modifier::BOLD),
        }
    }

    /// The fill of a chart at a height, which is a share of the limit: calm, near the limit from 80% on, or above it.
    pub fn against_limit(self, share: f64) -> Style {
        let (hue, modifier) = if share >= 1.0 {
            (self.palette().bad, Modifier::BOLD)
        } else if share >= NEAR {
            (self.palette().warning, Modifier::empty())
        } else {
            (self.palette().good, Modifier::DIM)
        };
        match self.ink(hue) {
            Some(ink) => Style::new().fg(ink),
            None => Style::new().add_modifier(modifier),
        }
    }

    /// One of the two colors, by its name.
    pub fn color(self, color: Color) -> Style {
        self.fg(match color {
            Color::Blue => self.palette().blue,
            Color::Green => self.palette().green,
        })
    }

    /// The threshold's line and its label.
    pub fn threshold(self) -> Style {
        self.fg(self.palette().warning)
    }

    /// What is there for comparison: the previous color's baseline, axes, labels, frames without focus.
    pub fn dim(self) -> Style {
        match (self.depth, self.ink(self.palette().grey)) {
            (Depth::Ansi256 | Depth::True, Some(ink)) => Style::new().fg(ink),
            _ => Style::new().add_modifier(Modifier::DIM),
        }
    }

    /// The frame of the pane that has the focus, and its title.
    pub fn focus(self) -> Style {
        self.fg(self.palette().blue).add_modifier(Modifier::BOLD)
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
            Tone::Good => self.fg(self.palette().good),
            Tone::Warning => self.fg(self.palette().warning).add_modifier(Modifier::BOLD),
            Tone::Bad => self.fg(self.palette().bad).add_modifier(Modifier::BOLD),
        }
    }

    /// A whole row or badge with a tone, readable from two meters.
    pub fn banner(self, tone: Tone) -> Style {
        let fill = match tone {
            Tone::Plain => self.palette().plain_fill,
            Tone::Good => self.palette().good_fill,
            Tone::Warning => self.palette().warning_fill,
            Tone::Bad => self.palette().bad_fill,
        };
        let style = Style::new().add_modifier(Modifier::BOLD);
        match (self.ink(fill.ground), self.ink(fill.text)) {
            (Some(ground), Some(text)) => style.bg(ground).fg(text),
            _ => style.add_modifier(Modifier::REVERSED),
        }
    }
}
