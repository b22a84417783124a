//! Sizes as operators write them: `500MiB`, `1GiB`, `2GB`.

use crate::model::number::SIZES;
use measure::invalid::{Result, ensure};

/// Reads a size with its unit, in bytes. The error is a sentence fragment about the text, such as `the unit is missing…`.
pub fn parse_size(text: &str) -> Result<u64> {
    let text = text.trim();
    let (number, unit) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len()));
    let number = number.trim_end();
    ensure(!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()), "not a whole number with a unit")?;
    ensure(!unit.is_empty(), "the unit is missing: say the unit, such as `MiB` or `GiB`")?;
    // `Mb` is a megabit to some and `m` a thousandth: only the exact spelling is taken.
    let (_, bytes) = SIZES
        .iter()
        .find(|(name, _)| *name == unit)
        .ok_or("the unit is unknown: use `MiB`, `GiB`, `TiB`, or `MB`, `GB`, `TB`, in this spelling")?;
    let number: Option<u64> = number.parse().ok();
    number.and_then(|number| number.checked_mul(*bytes)).ok_or_else(|| "the number is too large".into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::number::size_exact;

    #[test]
    fn sizes_are_read_with_their_units() {
        for (text, bytes) in [
            ("500MiB", 524_288_000),
            ("1GiB", 1_073_741_824),
            ("2GB", 2_000_000_000),
            (" 3 TiB ", 3_298_534_883_328),
            ("1TB", 1_000_000_000_000),
            ("7MB", 7_000_000),
            ("4KiB", 4_096),
            ("4kB", 4_000),
            ("0B", 0),
        ] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused_with_the_reason() {
        for (text, why) in [
            ("1073741824", "the unit is missing: say the unit, such as `MiB` or `GiB`"),
            ("0", "the unit is missing: say the unit, such as `MiB` or `GiB`"),
            ("1gib", "the unit is unknown: use `MiB`, `GiB`, `TiB`, or `MB`, `GB`, `TB`, in this spelling"),
            ("1G", "the unit is unknown: use `MiB`, `GiB`, `TiB`, or `MB`, `GB`, `TB`, in this spelling"),
            ("1GiB2", "the unit is unknown: use `MiB`, `GiB`, `TiB`, or `MB`, `GB`, `TB`, in this spelling"),
            ("99999999999TiB", "the number is too large"),
            ("99999999999999999999B", "the number is too large"),
            ("1.5GiB", "not a whole number with a unit"),
            ("-1GiB", "not a whole number with a unit"),
            ("GiB", "not a whole number with a unit"),
            ("", "not a whole number with a unit"),
        ] {
            assert_eq!(parse_size(text), Err(why.into()), "{text}");
        }
    }

    #[test]
    fn sizes_are_written_in_the_unit_that_fits() {
        for (bytes, text) in [
            (0, "0B"),
            (1, "1B"),
            (4_096, "4KiB"),
            (524_288_000, "500MiB"),
            (1 << 30, "1GiB"),
            (1_500_000_000, "1500MB"),
            (1 << 40, "1TiB"),
        ] {
            assert_eq!(size_exact(bytes), text);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back_exactly(bytes: u64) {
            prop_assert_eq!(parse_size(&size_exact(bytes)), Ok(bytes));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".*") {
            let _ = parse_size(&text);
        }
    }
}
