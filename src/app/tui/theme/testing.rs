//! Contrast, for tests: what the styles of themes look like, and on what.

use ratatui::style::Color as Ink;

use super::ground::luminance;
use super::{Depth, Ground, Theme, Told};
use crate::config::ThemeChoice;

/// Backgrounds that people have: black, and those of well-known color schemes.
const DARK: [u32; 6] = [0x00_00_00, 0x14_17_1C, 0x28_2C_34, 0x00_2B_36, 0x30_0A_24, 0x1E_1E_2E];
const LIGHT: [u32; 3] = [0xFF_FF_FF, 0xFD_F6_E3, 0xEF_F1_F5];

/// Red, green and blue as shares, or what is computed of them.
pub type Channels = [f64; 3];

/// The channels of 24 bits.
pub fn channels(rgb: u32) -> Channels {
    let [_, red, green, blue] = rgb.to_be_bytes();
    [red, green, blue].map(|channel| f64::from(channel) / 255.0)
}

/// What a color looks like, by xterm's table for those of the 256 that no terminal redefines.
pub fn shown(ink: Ink) -> Channels {
    let rgb = match ink {
        Ink::Rgb(red, green, blue) => u32::from_be_bytes([0, red, green, blue]),
        Ink::Indexed(index @ 16..=231) => {
            let level = |by: u8| [0, 95, 135, 175, 215, 255][usize::from((index - 16) / by % 6)];
            u32::from_be_bytes([0, level(36), level(6), level(1)])
        }
        Ink::Indexed(index @ 232..) => 0x01_01_01 * (8 + u32::from(index - 232) * 10),
        ink => panic!("{ink:?} differs from terminal to terminal"),
    };
    channels(rgb)
}

/// The contrast of two colors, 1 to 21 (WCAG 2.2).
pub fn contrast(one: Channels, other: Channels) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Backgrounds of that sort that people have.
pub fn on(ground: Ground) -> &'static [u32] {
    match ground {
        Ground::Dark => &DARK,
        Ground::Light => &LIGHT,
    }
}

/// Every theme on every background.
pub fn themes(depth: Depth) -> Vec<Theme> {
    let grounds = [Ground::Dark, Ground::Light];
    let of = |choice| grounds.map(|ground| Theme::new(depth).with_choice(choice).on(ground, Told::Terminal));
    ThemeChoice::WORDS.into_iter().flat_map(|(_, choice)| of(choice)).collect()
}
