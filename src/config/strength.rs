//! How hard a token is to guess.

use measure::invalid::{Result, ensure};

/// Fewest bits of a token, after RFC 6749, section 10.10: a guess succeeds with a probability of at most 2^-128.
pub const MIN_BITS: u32 = 128;

/// Fewer different characters mean a word or zeros: of 32 random hex digits so few have a probability below 10^-9.
const MIN_DIFFERENT: usize = 7;

type Class = fn(&char) -> bool;

/// Says what is wrong with a token that could be guessed. What is random cannot be seen; what cannot be random can.
pub fn check(token: &str) -> Result<()> {
    let mut characters: Vec<char> = token.chars().collect();
    characters.sort_unstable();
    characters.dedup();
    let different = characters.len();
    ensure(different >= MIN_DIFFERENT, format!("only {different} different characters: not random"))?;
    let bits = most_bits(token);
    ensure(
        bits >= MIN_BITS,
        format!("too short: its length allows {bits} bits, at least {MIN_BITS} are needed: `openssl rand -hex 16`"),
    )?;
    Ok(())
}

/// Bits of a token if every character was drawn at random from those that it seems to be written in, rounded down.
fn most_bits(token: &str) -> u32 {
    let has = |class: Class| token.chars().any(|c| class(&c));
    let hexadecimal = token.chars().all(|c| c.is_ascii_hexdigit())
        && !(has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase));
    let letters = if hexadecimal { 6 } else { 26 };
    let classes: [(Class, u32); 4] = [
        (char::is_ascii_digit, 10),
        (char::is_ascii_lowercase, letters),
        (char::is_ascii_uppercase, letters),
        (char::is_ascii_punctuation, 32),
    ];
    let alphabet: u32 = classes.iter().filter(|(class, _)| has(*class)).map(|(_, size)| size).sum();
    let length = u32::try_from(token.len()).unwrap_or(u32::MAX).min(4_096);
    // A hair more, because the logarithm of a power of two may come out a hair less.
    let bits = f64::from(length) * f64::from(alphabet.max(1)).log2() + 1e-6;
    // Between 0 and 4,096 · log2(94).
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let bits = bits as u32;
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_guessed_is_refused_and_what_a_generator_gives_is_not() {
        for (token, wrong) in [
            ("0f5b2c9d8e7a61430f5b2c9d8e7a6143", None),
            ("0F5B2C9D8E7A61430F5B2C9D8E7A6143", None),
            ("q7Zt0PfXcR2mVb9KyN4sLw", None),
            ("q7Zt0PfXcR2mVb9KyN4s+w==", None),
            ("0f5b2c9d8e7a61430f5b2c9d8e7a614", Some("too short: its length allows 124 bits")),
            ("q7Zt0PfXcR2mVb9KyN4sL", Some("too short: its length allows 125 bits")),
            ("12345678901234567890123456789012345678", Some("too short: its length allows 126 bits")),
            ("hunter2", Some("too short: its length allows 36 bits")),
            ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", Some("only 1 different characters")),
            ("", Some("only 0 different characters")),
        ] {
            match (check(token), wrong) {
                (Ok(()), None) => {}
                (Err(what), Some(wrong)) => assert!(what.starts_with(wrong), "{token}: {what}"),
                (other, _) => panic!("{token}: {other:?}"),
            }
        }
    }
}
