//! Durations as operators write them: `500ms`, `30s`, `10m`, `1h30m`.

use std::fmt::Write as _;
use std::time::Duration;

/// A day, in nanoseconds.
const DAY: u128 = 24 * 3_600_000_000_000;

/// The units of [`format_duration`], largest first, in nanoseconds.
const UNITS: [(&str, u128); 7] = [
    ("d", DAY),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// Reads a duration with its unit. The error is a sentence fragment about the text, such as `the unit is missing…`.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    if text.parse::<f64>().is_ok() {
        return Err("the unit is missing: say the unit, such as `ms`, `s`, `m` or `h`".to_owned());
    }
    // `humantime` reads `M` as months; a capital letter that changes the meaning a thousandfold is a trap.
    if text.contains(|character: char| character.is_ascii_uppercase()) {
        return Err("units are written in lower case: `ms`, `s`, `m`, `h`".to_owned());
    }
    humantime::parse_duration(text).map_err(|error| match error {
        humantime::DurationError::UnknownUnit { unit, .. } if unit.is_empty() => {
            "a number in it has no unit".to_owned()
        }
        humantime::DurationError::UnknownUnit { .. } => "the unit is unknown: use `ms`, `s`, `m`, `h`".to_owned(),
        humantime::DurationError::NumberOverflow => "the number is too large".to_owned(),
        _ => "this is no duration".to_owned(),
    })
}

/// Writes a duration the way [`parse_duration`] reads it, exactly and without spaces: `1h30m`, `90d`, `0s`.
pub fn format_duration(duration: Duration) -> String {
    if duration.is_zero() {
        return "0s".to_owned();
    }
    let mut rest = duration.as_nanos();
    let mut text = String::new();
    // What is less than two days is told in hours, as people do: a window of `24h`.
    let units = if rest < 2 * DAY { &UNITS[1..] } else { &UNITS };
    for &(unit, nanos) in units {
        if rest >= nanos {
            // Writing to a string cannot fail.
            let _ = write!(text, "{}{unit}", rest / nanos);
            rest %= nanos;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_read_with_their_units() {
        for (text, millis) in [
            ("500ms", 500),
            ("30s", 30_000),
            ("10m", 600_000),
            ("1h30m", 5_400_000),
            (" 1h 30m ", 5_400_000),
            ("0s", 0),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused_with_the_reason() {
        for (text, why) in [
            ("30", "the unit is missing: say the unit, such as `ms`, `s`, `m` or `h`"),
            ("0", "the unit is missing: say the unit, such as `ms`, `s`, `m` or `h`"),
            ("1.5", "the unit is missing: say the unit, such as `ms`, `s`, `m` or `h`"),
            ("1h30", "a number in it has no unit"),
            ("5M", "units are written in lower case: `ms`, `s`, `m`, `h`"),
            ("5 fortnights", "the unit is unknown: use `ms`, `s`, `m`, `h`"),
            ("99999999999999999999s", "the number is too large"),
            ("-5s", "this is no duration"),
            ("soon", "this is no duration"),
            ("", "this is no duration"),
        ] {
            assert_eq!(parse_duration(text), Err(why.to_owned()), "{text}");
        }
    }

    #[test]
    fn durations_are_written_without_spaces() {
        for (millis, text) in
            [(0, "0s"), (500, "500ms"), (90_000, "1m30s"), (86_400_000, "24h"), (750, "750ms"), (176_400_000, "2d1h")]
        {
            assert_eq!(format_duration(Duration::from_millis(millis)), text);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back_exactly(nanos in 0..u64::MAX) {
            let duration = Duration::from_nanos(nanos);
            prop_assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".*") {
            let _ = parse_duration(&text);
        }
    }
}
