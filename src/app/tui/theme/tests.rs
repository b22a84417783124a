use ratatui::style::{Color as Ink, Modifier, Style};

use super::hues;
use super::hues::{Fill, Palette};
use super::testing::{Channels, channels, contrast, on, shown, themes};
use super::*;
use crate::config::ThemeChoice;
use crate::core::view::Tone;
use crate::model::{Color, Verdict};

const TONES: [Tone; 4] = [Tone::Plain, Tone::Good, Tone::Warning, Tone::Bad];
const COLORED: [Depth; 2] = [Depth::Ansi256, Depth::True];

/// Every style that text is written in on the terminal's own background.
fn texts(theme: Theme) -> Vec<(&'static str, Style)> {
    let mut all = vec![
        ("healthy", theme.verdict(Verdict::Healthy)),
        ("unknown", theme.verdict(Verdict::Unknown)),
        ("breached", theme.verdict(Verdict::Breached)),
        ("blue", theme.color(Color::Blue)),
        ("green", theme.color(Color::Green)),
        ("threshold", theme.threshold()),
        ("dim", theme.dim()),
        ("focus", theme.focus()),
        ("strong", theme.strong()),
        ("selected", theme.selected()),
        ("calm", theme.against_limit(0.2)),
        ("near", theme.against_limit(0.9)),
        ("above", theme.against_limit(1.1)),
    ];
    all.extend(TONES.map(|tone| ("tone", theme.tone(tone))));
    all
}

#[test]
fn every_text_has_a_contrast_of_at_least_four_and_a_half_to_one() {
    let mut measured = 0;
    for theme in COLORED.into_iter().flat_map(themes) {
        for (name, style) in texts(theme) {
            assert_eq!(style.bg, None, "{theme:?} {name}");
            let Some(ink) = style.fg else { continue };
            for ground in on(theme.ground()) {
                let contrast = contrast(shown(ink), channels(*ground));
                assert!(contrast >= 4.5, "{theme:?}: {name} on #{ground:06x} has {contrast:.2}");
                measured += 1;
            }
        }
    }
    assert!(measured > 500, "{measured}");
}

#[test]
fn every_banner_has_a_contrast_of_at_least_four_and_a_half_to_one() {
    for theme in COLORED.into_iter().flat_map(themes) {
        for tone in TONES {
            let banner = theme.banner(tone);
            let (Some(text), Some(ground)) = (banner.fg, banner.bg) else {
                assert!(theme.described().contains("mono") && banner.add_modifier.contains(Modifier::REVERSED));
                continue;
            };
            let contrast = contrast(shown(text), shown(ground));
            assert!(contrast >= 4.5, "{theme:?}: {tone:?} has {contrast:.2}");
        }
    }
}

/// The sixteen colors of xterm, the VGA console, GNOME (Tango), Windows (Campbell), Visual Studio Code and macOS.
const SIXTEEN: [[u32; 16]; 6] = [
    [
        0x00_00_00, 0xCD_00_00, 0x00_CD_00, 0xCD_CD_00, 0x00_00_EE, 0xCD_00_CD, 0x00_CD_CD, 0xE5_E5_E5, 0x7F_7F_7F,
        0xFF_00_00, 0x00_FF_00, 0xFF_FF_00, 0x5C_5C_FF, 0xFF_00_FF, 0x00_FF_FF, 0xFF_FF_FF,
    ],
    [
        0x00_00_00, 0xAA_00_00, 0x00_AA_00, 0xAA_55_00, 0x00_00_AA, 0xAA_00_AA, 0x00_AA_AA, 0xAA_AA_AA, 0x55_55_55,
        0xFF_55_55, 0x55_FF_55, 0xFF_FF_55, 0x55_55_FF, 0xFF_55_FF, 0x55_FF_FF, 0xFF_FF_FF,
    ],
    [
        0x2E_34_36, 0xCC_00_00, 0x4E_9A_06, 0xC4_A0_00, 0x34_65_A4, 0x75_50_7B, 0x06_98_9A, 0xD3_D7_CF, 0x55_57_53,
        0xEF_29_29, 0x8A_E2_34, 0xFC_E9_4F, 0x72_9F_CF, 0xAD_7F_A8, 0x34_E2_E2, 0xEE_EE_EC,
    ],
    [
        0x0C_0C_0C, 0xC5_0F_1F, 0x13_A1_0E, 0xC1_9C_00, 0x00_37_DA, 0x88_17_98, 0x3A_96_DD, 0xCC_CC_CC, 0x76_76_76,
        0xE7_48_56, 0x16_C6_0C, 0xF9_F1_A5, 0x3B_78_FF, 0xB4_00_9E, 0x61_D6_D6, 0xF2_F2_F2,
    ],
    [
        0x00_00_00, 0xCD_31_31, 0x0D_BC_79, 0xE5_E5_10, 0x24_72_C8, 0xBC_3F_BC, 0x11_A8_CD, 0xE5_E5_E5, 0x66_66_66,
        0xF1_4C_4C, 0x23_D1_8B, 0xF5_F5_43, 0x3B_8E_EA, 0xD6_70_D6, 0x29_B8_DB, 0xE5_E5_E5,
    ],
    [
        0x00_00_00, 0x99_00_00, 0x00_A6_00, 0x99_99_00, 0x00_00_B2, 0xB2_00_B2, 0x00_A6_B2, 0xBF_BF_BF, 0x66_66_66,
        0xE5_00_00, 0x00_D9_00, 0xE5_E5_00, 0x00_00_FF, 0xE5_00_E5, 0x00_E5_E5, 0xE5_E5_E5,
    ],
];

/// The place of a color among the sixteen.
fn place(ink: Ink) -> usize {
    let order = [
        Ink::Black,
        Ink::Red,
        Ink::Green,
        Ink::Yellow,
        Ink::Blue,
        Ink::Magenta,
        Ink::Cyan,
        Ink::Gray,
        Ink::DarkGray,
        Ink::LightRed,
        Ink::LightGreen,
        Ink::LightYellow,
        Ink::LightBlue,
        Ink::LightMagenta,
        Ink::LightCyan,
        Ink::White,
    ];
    order.iter().position(|known| *known == ink).unwrap_or_else(|| panic!("{ink:?} is none of the sixteen"))
}

/// The contrasts in the known palettes, the worst first.
fn contrasts(of: impl Fn(&[u32; 16]) -> f64) -> Vec<f64> {
    let mut all: Vec<f64> = SIXTEEN.iter().map(of).collect();
    all.sort_by(f64::total_cmp);
    all
}

#[test]
fn of_the_sixteen_those_are_used_that_most_palettes_make_readable() {
    for theme in themes(Depth::Ansi16) {
        let ground = channels(if theme.ground() == Ground::Light { 0xFF_FF_FF } else { 0x00_00_00 });
        for (name, style) in texts(theme) {
            let Some(ink) = style.fg.filter(|ink| *ink != Ink::Reset) else { continue };
            let seen = contrasts(|palette| contrast(channels(palette[place(ink)]), ground));
            assert!(seen[2] >= 4.5, "{theme:?}: {name} has {seen:.1?}");
        }
        for banner in TONES.map(|tone| theme.banner(tone)) {
            let (Some(text), Some(fill)) = (banner.fg, banner.bg) else { continue };
            let seen = contrasts(|palette| contrast(channels(palette[place(text)]), channels(palette[place(fill)])));
            assert!(seen[2] >= 4.5, "{theme:?}: {banner:?} has {seen:.1?}");
        }
    }
}

/// What eyes without green cones, and without red ones, see of linear light (Machado, Oliveira and Fernandes, 2009, severity 1).
const DEUTERANOPIA: [Channels; 3] =
    [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]];
const PROTANOPIA: [Channels; 3] =
    [[0.152_286, 1.052_583, -0.204_868], [0.114_503, 0.786_281, 0.099_216], [-0.003_882, -0.048_116, 1.051_998]];

fn linear(color: Channels) -> Channels {
    color.map(|share| if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) })
}

/// Lightness and the two axes of hue (CIELAB) of linear light.
fn lab([red, green, blue]: Channels) -> Channels {
    let x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505;
    let y = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    let z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.0888;
    let [x, y, z] = [x, y, z].map(|t: f64| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// How different two colors are to such eyes (CIE 1976): 2 is just noticeable side by side.
fn difference(one: Ink, other: Ink, eyes: &[Channels; 3]) -> f64 {
    let seen = |ink| {
        let light = linear(shown(ink));
        let cone = |row: Channels| row.iter().zip(light).map(|(weight, share)| weight * share).sum::<f64>();
        lab(eyes.map(|row| cone(row).clamp(0.0, 1.0)))
    };
    seen(one).iter().zip(seen(other)).map(|(one, other)| (one - other).powi(2)).sum::<f64>().sqrt()
}

#[test]
fn good_warning_and_bad_stay_apart_without_red_and_green() {
    for depth in COLORED {
        for ground in [Ground::Dark, Ground::Light] {
            let theme = Theme::new(depth).with_choice(ThemeChoice::ColorBlind).on(ground, Told::Terminal);
            let ink = |style: Style| style.fg.unwrap();
            let inks = [Tone::Good, Tone::Warning, Tone::Bad].map(|tone| ink(theme.tone(tone)));
            let fills = [Tone::Good, Tone::Warning, Tone::Bad].map(|tone| theme.banner(tone).bg.unwrap());
            let heights = [0.2, 0.9, 1.1].map(|share| ink(theme.against_limit(share)));
            for [good, warning, bad] in [inks, fills, heights] {
                for (one, other) in [(good, warning), (warning, bad), (good, bad)] {
                    for eyes in [DEUTERANOPIA, PROTANOPIA] {
                        let seen = difference(one, other, &eyes);
                        assert!(seen >= 20.0, "{depth:?} on {ground:?}: {one:?} and {other:?} differ by {seen:.1}");
                    }
                }
            }
        }
    }
}

#[test]
fn mono_and_no_color_have_no_hue() {
    let mono = |depth: Depth| Theme::new(depth).with_choice(ThemeChoice::Mono);
    for theme in Depth::ALL.map(mono).into_iter().chain(themes(Depth::None)) {
        let banners = TONES.map(|tone| ("banner", theme.banner(tone)));
        for (name, style) in texts(theme).into_iter().chain(banners) {
            assert_eq!((style.fg, style.bg), (None, None), "{theme:?} {name}");
        }
        let heights = [0.2, 0.9, 1.1].map(|share| theme.against_limit(share).add_modifier);
        assert_eq!(heights, [Modifier::DIM, Modifier::empty(), Modifier::BOLD]);
        assert_eq!(theme.dim().add_modifier, Modifier::DIM);
    }
}

#[test]
fn a_height_is_calm_near_the_limit_or_above_it() {
    let theme = Theme::new(Depth::True);
    let [calm, near, above] =
        [Tone::Good, Tone::Warning, Tone::Bad].map(|tone| theme.tone(tone).remove_modifier(Modifier::BOLD).fg);
    for (share, ink) in [(0.0, calm), (0.79, calm), (0.8, near), (0.99, near), (1.0, above), (9.0, above)] {
        assert_eq!(theme.against_limit(share).fg, ink, "{share}");
    }
    assert_eq!(theme.against_limit(f64::NAN).fg, calm);
}

#[test]
fn the_themes_come_round_and_say_what_they_are() {
    let mut theme = Theme::new(Depth::True).on(Ground::Light, Told::Terminal);
    let mut said = Vec::new();
    for _ in 0..6 {
        said.push(theme.described());
        theme = theme.next();
    }
    let auto = "theme auto: light, like the terminal's background";
    assert_eq!(said, [auto, "theme dark", "theme light", "theme color-blind", "theme mono", auto]);
    let unknown = Theme::new(Depth::True);
    assert_eq!(unknown.described(), "theme auto: dark, the terminal's background is unknown");
    assert_eq!(unknown.on(Ground::Light, Told::Environment).described(), "theme auto: light, from COLORFGBG");
    let none = Theme::new(Depth::None).with_choice(ThemeChoice::Light);
    assert_eq!(none.described(), "theme light, without colors: NO_COLOR, --color or TERM turns them off");
}

#[test]
fn the_terminal_is_asked_where_its_background_decides_and_is_not_known() {
    let asks = |depth, choice, told| Theme::new(depth).with_choice(choice).on(Ground::Dark, told).wants_ground();
    assert!(asks(Depth::True, ThemeChoice::Auto, Told::Nobody));
    assert!(asks(Depth::Ansi16, ThemeChoice::ColorBlind, Told::Environment));
    assert!(!asks(Depth::True, ThemeChoice::Auto, Told::Terminal));
    assert!(!asks(Depth::None, ThemeChoice::Auto, Told::Nobody));
    for choice in [ThemeChoice::Dark, ThemeChoice::Light, ThemeChoice::Mono] {
        assert!(!asks(Depth::True, choice, Told::Nobody), "{choice:?}");
    }
}

#[test]
fn the_environment_tells_the_background_where_it_can() {
    for (colorfgbg, term, ground, told) in [
        (Some("15;0"), None, Ground::Dark, Told::Environment),
        (Some("0;15"), None, Ground::Light, Told::Environment),
        (Some("0;default;7"), Some("rxvt"), Ground::Light, Told::Environment),
        (Some("15;8"), None, Ground::Dark, Told::Environment),
        (Some("15;default"), None, Ground::Dark, Told::Nobody),
        (Some(""), None, Ground::Dark, Told::Nobody),
        (None, Some("xterm-256color"), Ground::Dark, Told::Nobody),
        (Some("0;15"), Some("linux"), Ground::Dark, Told::Terminal),
    ] {
        assert_eq!(GroundEnv { colorfgbg, term }.ground(), (ground, told), "{colorfgbg:?} {term:?}");
    }
}

#[test]
fn an_answer_tells_the_background_in_every_form_that_terminals_use() {
    let (dark, light) = (Some(Ground::Dark), Some(Ground::Light));
    for (answer, ground) in [
        ("11;rgb:1414/1717/1c1c", dark),
        ("11;rgb:ffff/ffff/ffff", light),
        ("11;rgb:FD/F6/E3", light),
        ("11;rgb:f/f/f", light),
        ("11;rgb:0000/2b2b/3636", dark),
        ("11;rgba:ffff/ffff/ffff/ffff", light),
        ("11;#fdf6e3", light),
        ("11;#282828", dark),
        ("11;#ffffffffffff", light),
        ("11;?", None),
        ("11;rgb:ffff/ffff", None),
        ("11;rgb:ffff/ffff/ffff/ffff", None),
        ("11;rgb:fffff/0/0", None),
        ("11;rgb:+f/0/0", None),
        ("11;rgb:/0/0", None),
        ("11;#ééé", None),
        ("11;#", None),
        ("11;white", None),
        ("10;rgb:ffff/ffff/ffff", None),
        ("", None),
    ] {
        assert_eq!(Ground::of_answer(answer), ground, "{answer}");
    }
}

#[test]
fn colors_are_used_where_the_environment_and_the_flag_want_them() {
    let env = ColorEnv { term: Some("xterm-256color"), ..ColorEnv::default() };
    let no_color = ColorEnv { no_color: Some("1"), ..env };
    assert_eq!(env.depth(ColorChoice::Auto), Depth::Ansi256);
    assert_eq!(ColorEnv { colorterm: Some("truecolor"), ..env }.depth(ColorChoice::Auto), Depth::True);
    assert_eq!(no_color.depth(ColorChoice::Auto), Depth::None);
    assert_eq!(no_color.depth(ColorChoice::Always), Depth::Ansi256);
    assert_eq!(env.depth(ColorChoice::Never), Depth::None);
}

#[test]
fn palettes_share_no_ink_between_good_warning_and_bad() {
    let apart = |one: hues::Hue, other: hues::Hue| {
        one.rgb != other.rgb && one.indexed != other.indexed && one.ansi != other.ansi
    };
    for Palette { good, warning, bad, good_fill, warning_fill, bad_fill, .. } in
        [hues::DARK, hues::LIGHT, hues::COLOR_BLIND_DARK, hues::COLOR_BLIND_LIGHT]
    {
        let fills = [good_fill, warning_fill, bad_fill].map(|Fill { ground, .. }| ground);
        for [good, warning, bad] in [[good, warning, bad], fills] {
            assert!(apart(good, warning) && apart(warning, bad) && apart(good, bad));
        }
    }
}
