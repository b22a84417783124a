//! The palettes. On their ground every ink has a contrast of 4.5:1 or more, as has the text of a banner (WCAG 2.2, 1.4.3); tests
//! compute it in true color and in the 256 of xterm.
//!
//! Of the sixteen colors each terminal has its own. Here stand those that are readable in most palettes: on a light ground none of
//! the bright ones is, and neither are green, yellow and cyan; on a dark one blue is not.

use ratatui::style::Color as Ink;

/// One hue in each depth that has colors.
#[derive(Clone, Copy)]
pub struct Hue {
    pub rgb: (u8, u8, u8),
    pub indexed: u8,
    pub ansi: Ink,
}

/// A filled row and what is written on it.
#[derive(Clone, Copy)]
pub struct Fill {
    pub ground: Hue,
    pub text: Hue,
}

pub struct Palette {
    /// The two colors of the deployment.
    pub blue: Hue,
    pub green: Hue,
    pub good: Hue,
    pub warning: Hue,
    pub bad: Hue,
    /// What is there for comparison. With sixteen colors the terminal dims its own ink instead.
    pub grey: Hue,
    pub plain_fill: Fill,
    pub good_fill: Fill,
    pub warning_fill: Fill,
    pub bad_fill: Fill,
}

const fn hue(rgb: u32, indexed: u8, ansi: Ink) -> Hue {
    let [_, red, green, blue] = rgb.to_be_bytes();
    Hue { rgb: (red, green, blue), indexed, ansi }
}

/// As exact as the terminal allows: palettes often redefine the sixteen.
const BLACK: Hue = hue(0x00_00_00, 16, Ink::Black);
const WHITE: Hue = hue(0xFF_FF_FF, 231, Ink::White);

const BLUE_FILL: Fill = Fill { ground: hue(0x00_72_B2, 25, Ink::Blue), text: WHITE };
const GREEN_FILL: Fill = Fill { ground: hue(0x00_9E_73, 36, Ink::Green), text: BLACK };
const AMBER_FILL: Fill = Fill { ground: hue(0xE6_9F_00, 178, Ink::Yellow), text: BLACK };
const RED_FILL: Fill = Fill { ground: hue(0xC6_28_28, 160, Ink::Red), text: WHITE };

pub const DARK: Palette = Palette {
    blue: hue(0x56_B4_E9, 74, Ink::LightCyan),
    green: hue(0x2B_B8_8A, 36, Ink::Green),
    good: hue(0x2B_B8_8A, 36, Ink::Green),
    warning: hue(0xE6_A7_00, 214, Ink::Yellow),
    bad: hue(0xFF_6B_4D, 203, Ink::LightRed),
    grey: hue(0x9A_A0_A8, 247, Ink::Reset),
    plain_fill: BLUE_FILL,
    good_fill: GREEN_FILL,
    warning_fill: AMBER_FILL,
    bad_fill: RED_FILL,
};

pub const LIGHT: Palette = Palette {
    blue: hue(0x00_65_A0, 25, Ink::Blue),
    green: hue(0x00_70_4F, 22, Ink::Reset),
    good: hue(0x00_70_4F, 22, Ink::Reset),
    warning: hue(0x8A_5A_00, 94, Ink::Magenta),
    bad: hue(0xB3_26_1E, 124, Ink::Red),
    grey: hue(0x63_67_6D, 241, Ink::Reset),
    ..DARK
};

/// The hues of Okabe and Ito (2008), made lighter where the contrast asks for it. Good, warning and bad differ in brightness too, so
/// that they stay apart without red and green.
pub const COLOR_BLIND_DARK: Palette = Palette {
    blue: hue(0x56_B4_E9, 74, Ink::LightCyan),
    green: hue(0x00_B3_86, 36, Ink::Green),
    good: hue(0x00_B3_86, 36, Ink::Cyan),
    warning: hue(0xF0_E4_42, 227, Ink::Yellow),
    bad: hue(0xEE_6F_1C, 202, Ink::LightRed),
    grey: hue(0x9A_A0_A8, 247, Ink::Reset),
    plain_fill: BLUE_FILL,
    good_fill: GREEN_FILL,
    warning_fill: Fill { ground: hue(0xF0_E4_42, 227, Ink::Yellow), text: BLACK },
    // Black on the red of the sixteen is hardly readable.
    bad_fill: Fill { ground: hue(0xD5_5E_00, 166, Ink::Red), text: Hue { ansi: Ink::White, ..BLACK } },
};

/// The same hues, darker. What is bad is the darkest: on white the contrast leaves the others no other room.
pub const COLOR_BLIND_LIGHT: Palette = Palette {
    blue: hue(0x00_65_A0, 25, Ink::Blue),
    green: hue(0x00_78_5A, 23, Ink::Reset),
    good: hue(0x00_78_5A, 23, Ink::Reset),
    warning: hue(0x87_68_00, 94, Ink::Magenta),
    bad: hue(0x7A_15_00, 52, Ink::Red),
    grey: hue(0x63_67_6D, 241, Ink::Reset),
    ..COLOR_BLIND_DARK
};
