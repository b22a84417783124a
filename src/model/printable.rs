//! Text from outside (answers, output, what people type), made safe to print: it moves no cursor and ends no line
//! (control characters become `·`), hides and reorders nothing (format characters are escaped), and gives CI no orders.

use std::borrow::Cow;

/// Format characters (category Cf), line and paragraph separators (Zl, Zp) of Unicode 16, as ranges.
const FORMAT: [(u32, u32); 21] = [
    (0x00ad, 0x00ad),
    (0x0600, 0x0605),
    (0x061c, 0x061c),
    (0x06dd, 0x06dd),
    (0x070f, 0x070f),
    (0x0890, 0x0891),
    (0x08e2, 0x08e2),
    (0x180e, 0x180e),
    (0x200b, 0x200f),
    (0x2028, 0x202e),
    (0x2060, 0x2064),
    (0x2066, 0x206f),
    (0xfeff, 0xfeff),
    (0xfff9, 0xfffb),
    (0x110bd, 0x110bd),
    (0x110cd, 0x110cd),
    (0x13430, 0x1343f),
    (0x1bca0, 0x1bca3),
    (0x1d173, 0x1d17a),
    (0xe0001, 0xe0001),
    (0xe0020, 0xe007f),
];

/// Marks by which CI runners find a command in the middle of a line: GitHub Actions (version 1) and Azure Pipelines, `TeamCity`.
const COMMANDS: [&str; 3] = ["##[", "##vso[", "##teamcity["];

/// Whether a character changes how others are read, and shows nothing itself.
pub fn is_format(c: char) -> bool {
    let code = u32::from(c);
    FORMAT.iter().any(|(first, last)| (*first..=*last).contains(&code))
}

/// The text on one line: control characters as `·`, format characters as escapes, and no command of a CI runner in it.
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| c.is_control() || is_format(c)) && !text.contains("##") {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            _ if c.is_control() => clean.push('·'),
            _ if is_format(c) => clean.extend(c.escape_unicode()),
            _ => clean.push(c),
        }
    }
    Cow::Owned(COMMANDS.iter().fold(clean, |text, mark| text.replace(mark, &format!("#·{}", &mark[1..]))))
}

/// The same for the beginning of a line: `| ` goes before `::`, which GitHub Actions takes for a command.
pub fn line(text: &str) -> Cow<'_, str> {
    let clean = clean(text);
    if clean.trim_start().starts_with("::") { Cow::Owned(format!("| {clean}")) } else { clean }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_lose_their_power_and_the_rest_stays() {
        assert!(matches!(clean("blue → green, 5% #1"), Cow::Borrowed("blue → green, 5% #1")));
        assert_eq!(clean("\u{1b}[2Jgone\r\nnext\u{9b}"), "·[2Jgone··next·");
    }

    #[test]
    fn characters_that_reorder_or_hide_others_are_shown() {
        for c in ['\u{202e}', '\u{2066}', '\u{200b}', '\u{2028}', '\u{2029}', '\u{feff}', '\u{ad}', '\u{e0041}'] {
            assert_eq!(clean(&format!("a{c}b")), format!("a\\u{{{:x}}}b", u32::from(c)));
        }
        assert_eq!(clean("naïve e\u{301} 日本語 👍🏽"), "naïve e\u{301} 日本語 👍🏽", "letters, marks and pictures stay");
    }

    #[test]
    fn no_text_from_outside_is_a_command_of_a_ci_runner() {
        for text in ["::error::x", "  ::set-output name=a::b", "\u{a0}::stop-commands::x"] {
            assert_eq!(line(text), format!("| {text}"));
        }
        assert_eq!(line("a::b ## c"), "a::b ## c");
        assert_eq!(clean("x ##[error]y ##vso[task]z ##teamcity[m]"), "x #·#[error]y #·#vso[task]z #·#teamcity[m]");
    }
}
