//! Ground and ink of a picture, and the terminal's colors as numbers.

use ratatui::style::Color;

use crate::app::tui::theme::Ground;

/// The sixteen colors of a terminal, as xterm has them (XTerm-col.ad), somewhat lighter blues for the dark ground.
const SIXTEEN: [[u8; 3]; 16] = [
    [0x00, 0x00, 0x00],
    [0xcd, 0x31, 0x31],
    [0x0d, 0xbc, 0x79],
    [0xe5, 0xe5, 0x10],
    [0x24, 0x72, 0xc8],
    [0xbc, 0x3f, 0xbc],
    [0x11, 0xa8, 0xcd],
    [0xcc, 0xcc, 0xcc],
    [0x66, 0x66, 0x66],
    [0xf1, 0x4c, 0x4c],
    [0x23, 0xd1, 0x8b],
    [0xf5, 0xf5, 0x43],
    [0x3b, 0x8e, 0xea],
    [0xd6, 0x70, 0xd6],
    [0x29, 0xb8, 0xdb],
    [0xff, 0xff, 0xff],
];
/// The levels of the 6×6×6 colors of xterm's 256.
const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// What cells have that say nothing of color: the colors of the terminal itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// Red, green, blue.
    pub ground: [u8; 3],
    pub ink: [u8; 3],
}

impl Palette {
    /// As on a dark terminal.
    pub const DARK: Self = Self { ground: [0x14, 0x17, 0x1c], ink: [0xd6, 0xda, 0xe0] };
    /// As on a light one.
    pub const LIGHT: Self = Self { ground: [0xff, 0xff, 0xff], ink: [0x1f, 0x23, 0x28] };

    pub fn ground(self) -> String {
        number(self.ground)
    }

    pub fn ink(self) -> String {
        number(self.ink)
    }
}

impl From<Ground> for Palette {
    fn from(ground: Ground) -> Self {
        match ground {
            Ground::Dark => Self::DARK,
            Ground::Light => Self::LIGHT,
        }
    }
}

fn number([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// `#rrggbb`; none for the terminal's own color.
pub fn hex(color: Color) -> Option<String> {
    let level = |index: u8, by: u8| LEVELS[usize::from((index - 16) / by % 6)];
    let rgb = match color {
        Color::Reset => return None,
        Color::Rgb(r, g, b) => [r, g, b],
        Color::Indexed(index) if index < 16 => SIXTEEN[usize::from(index)],
        Color::Indexed(index @ 16..=231) => [level(index, 36), level(index, 6), level(index, 1)],
        Color::Indexed(index) => [8 + (index - 232) * 10; 3],
        Color::Black => SIXTEEN[0],
        Color::Red => SIXTEEN[1],
        Color::Green => SIXTEEN[2],
        Color::Yellow => SIXTEEN[3],
        Color::Blue => SIXTEEN[4],
        Color::Magenta => SIXTEEN[5],
        Color::Cyan => SIXTEEN[6],
        Color::Gray => SIXTEEN[7],
        Color::DarkGray => SIXTEEN[8],
        Color::LightRed => SIXTEEN[9],
        Color::LightGreen => SIXTEEN[10],
        Color::LightYellow => SIXTEEN[11],
        Color::LightBlue => SIXTEEN[12],
        Color::LightMagenta => SIXTEEN[13],
        Color::LightCyan => SIXTEEN[14],
        Color::White => SIXTEEN[15],
    };
    Some(number(rgb))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_color_of_a_terminal_has_its_number() {
        for (color, number) in [
            (Color::Indexed(16), "#000000"),
            (Color::Indexed(231), "#ffffff"),
            (Color::Indexed(244), "#808080"),
            (Color::Indexed(9), "#f14c4c"),
            (Color::LightRed, "#f14c4c"),
            (Color::Rgb(1, 0x72, 0xb2), "#0172b2"),
        ] {
            assert_eq!(hex(color).as_deref(), Some(number), "{color}");
        }
        assert_eq!(hex(Color::Reset), None);
    }
}
