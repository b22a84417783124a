//! The terminal's background: dark or light, and who says so.

use std::fmt;

/// What is drawn on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Ground {
    #[default]
    Dark,
    Light,
}

/// Who says what the background is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Told {
    /// Nobody: most terminals are dark.
    #[default]
    Nobody,
    /// The environment, which may be that of another terminal.
    Environment,
    Terminal,
}

/// What the environment says of the background: each value as it is set, none where it is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroundEnv<'a> {
    /// `COLORFGBG`, such as `15;0` or `0;default;15`: indices into the terminal's palette, the background last (rxvt).
    pub colorfgbg: Option<&'a str>,
    /// `TERM`; the Linux console is black and answers no question.
    pub term: Option<&'a str>,
}

impl GroundEnv<'_> {
    pub fn ground(&self) -> (Ground, Told) {
        if self.term == Some("linux") {
            return (Ground::Dark, Told::Terminal);
        }
        let index = self.colorfgbg.and_then(|value| value.rsplit(';').next()).and_then(|last| last.parse::<u8>().ok());
        match index {
            Some(0..=6 | 8) => (Ground::Dark, Told::Environment),
            Some(7 | 9..=15) => (Ground::Light, Told::Environment),
            _ => (Ground::Dark, Told::Nobody),
        }
    }
}

impl Ground {
    /// The luminance (WCAG 2.2, 0 to 1) on which black and white text are equally readable.
    const MIDDLE: f64 = 0.179;

    /// The background in an answer to `OSC 11`, without its frame: `11;rgb:1414/1717/1c1c`. None of anything else.
    pub fn of_answer(text: &str) -> Option<Self> {
        let color = text.strip_prefix("11;")?;
        let channels = match color.strip_prefix('#') {
            Some(digits) if digits.is_ascii() && digits.len() % 3 == 0 => {
                let (red, rest) = digits.split_at(digits.len() / 3);
                let (green, blue) = rest.split_at(red.len());
                [red, green, blue]
            }
            Some(_) => return None,
            None => {
                // With an alpha channel there is a fourth.
                let (count, list) = match color.split_once(':')? {
                    ("rgb", list) => (3, list),
                    ("rgba", list) => (4, list),
                    _ => return None,
                };
                let channels: Vec<&str> = list.split('/').collect();
                if channels.len() != count {
                    return None;
                }
                [channels[0], channels[1], channels[2]]
            }
        };
        let [red, green, blue] = channels.map(channel);
        let luminance = luminance([red?, green?, blue?]);
        Some(if luminance > Self::MIDDLE { Self::Light } else { Self::Dark })
    }
}

impl fmt::Display for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dark => "dark",
            Self::Light => "light",
        })
    }
}

/// One to four hexadecimal digits as a share of the largest number that so many digits can write (`XParseColor`).
fn channel(digits: &str) -> Option<f64> {
    let hex = (1..=4).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let value = u16::from_str_radix(digits, 16).ok().filter(|_| hex)?;
    let largest = (1_u32 << (4 * digits.len())) - 1;
    Some(f64::from(value) / f64::from(largest))
}

/// The relative luminance of an sRGB color, as WCAG 2.2 defines it.
pub fn luminance(channels: [f64; 3]) -> f64 {
    let [red, green, blue] =
        channels.map(|share| if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}
