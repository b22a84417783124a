//! Durations as operators write them: `500ms`, `30s`, `10m`, `1h30m`.

use std::time::Duration;

use measure::invalid::{Invalid, Result, ensure};

/// Reads a duration with its unit. The error is a sentence fragment about the text, such as `the unit is missing…`.
pub fn parse_duration(text: &str) -> Result<Duration> {
    let text = text.trim();
    ensure(text.parse::<f64>().is_err(), "the unit is missing: say the unit, such as `ms`, `s`, `m` or `h`")?;
    // `humantime` reads `M` as months; a capital letter that changes the meaning a thousandfold is a trap.
    ensure(
        !text.contains(|character: char| character.is_ascii_uppercase()),
        "units are written in lower case: `ms`, `s`, `m`, `h`",
    )?;
    humantime::parse_duration(text).map_err(|error| {
        Invalid::from(match error {
            humantime::DurationError::UnknownUnit { unit, .. } if unit.is_empty() => "a number in it has no unit",
            humantime::DurationError::UnknownUnit { .. } => "the unit is unknown: use `ms`, `s`, `m`, `h`",
            humantime::DurationError::NumberOverflow => "the number is too large",
            _ => "not a valid duration",
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::number::duration_exact;

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
            ("-5s", "not a valid duration"),
            ("soon", "not a valid duration"),
            ("", "not a valid duration"),
        ] {
            assert_eq!(parse_duration(text), Err(why.into()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back_exactly(nanos in 0..u64::MAX) {
            let duration = Duration::from_nanos(nanos);
            prop_assert_eq!(parse_duration(&duration_exact(duration)), Ok(duration));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".*") {
            let _ = parse_duration(&text);
        }
    }
}
