//! Whole numbers, eight digits at once: a page has a thousand, of different lengths, and a loop over them is foreseen by no processor.

/// More than eight digits hold.
const EIGHT_DIGITS: u64 = 100_000_000;

/// The value of a sample, if it is a whole number of at most 15 digits, which a float holds as it is, and nothing is behind it.
pub fn whole(rest: &[u8]) -> Option<u64> {
    let text = rest.trim_ascii();
    match text.split_last_chunk() {
        None => eight_digits(short(text)?),
        Some(([], low)) => eight_digits(u64::from_be_bytes(*low)),
        Some((high, low)) => Some(eight_digits(short(high)?)? * EIGHT_DIGITS + eight_digits(u64::from_be_bytes(*low))?),
    }
}

/// One to seven bytes behind zeros, as one number; `None` for none, or more.
fn short(text: &[u8]) -> Option<u64> {
    const ZEROS: u64 = u64::from_be_bytes([b'0'; 8]);
    let length = Some(text.len()).filter(|length| *length < 8)?;
    // What both parts have in common is the same in both.
    let bytes = match (text.first_chunk(), text.last_chunk()) {
        (Some(first), Some(last)) => {
            u64::from(u32::from_be_bytes(*first)) << (8 * (length - 4)) | u64::from(u32::from_be_bytes(*last))
        }
        _ => match *text {
            [a] => u64::from(a),
            [a, b] => u64::from(u16::from_be_bytes([a, b])),
            [a, b, c] => u64::from(u32::from_be_bytes([0, a, b, c])),
            _ => return None,
        },
    };
    Some(ZEROS << (8 * length) | bytes)
}

/// What eight bytes say, if all are digits: pairs of digits are joined, then pairs of these. As `core::num::dec2flt` does it, after
/// <https://kholdstare.github.io/technical/2020/05/26/faster-integer-parsing.html>.
fn eight_digits(bytes: u64) -> Option<u64> {
    const HIGH: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    let is_digits = bytes & HIGH | (bytes.wrapping_add(0x0606_0606_0606_0606) & HIGH) >> 4;
    if is_digits != 0x3333_3333_3333_3333 {
        return None;
    }
    let ones = bytes & !HIGH;
    let tens = (ones >> 8 & 0x00ff_00ff_00ff_00ff) * 10 + (ones & 0x00ff_00ff_00ff_00ff);
    let hundreds = (tens >> 16 & 0x0000_ffff_0000_ffff) * 100 + (tens & 0x0000_ffff_0000_ffff);
    Some((hundreds >> 32) * 10_000 + (hundreds & 0xffff_ffff))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_of_every_length_are_read() {
        let digits = "123456789012345";
        for length in 1..=digits.len() {
            for text in [&digits[..length], &"9".repeat(length), &"0".repeat(length)] {
                assert_eq!(whole(text.as_bytes()), text.parse().ok(), "{text}");
            }
        }
        assert_eq!(whole(b"  42\r"), Some(42));
        for other in ["", " ", "-1", "+1", "1.5", "1 2", "1e3", "NaN", "1234567890123456", "12345678 # {}", "1_0"] {
            assert_eq!(whole(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn any_other_byte_anywhere_is_no_digit() {
        for length in 1..=15 {
            for at in 0..length {
                for byte in (0..=255_u8).filter(|byte| !byte.is_ascii_digit()) {
                    let mut text = vec![b'7'; length];
                    text[at] = byte;
                    let is_at_an_end = byte.is_ascii_whitespace() && (at == 0 || at == length - 1) && length > 1;
                    assert!(whole(&text).is_none() || is_at_an_end, "{byte} at {at} of {length}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_number_is_what_a_parser_makes_of_it(text in "[0-9]{1,15}|[0-9 .e-]{0,17}") {
            let parsed = text.trim().parse::<u64>().ok().filter(|_| text.trim().len() <= 15);
            prop_assert_eq!(whole(text.as_bytes()), parsed);
        }
    }
}
