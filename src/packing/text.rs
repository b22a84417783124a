//! Bytes as text that stands in JSON as it is: 13 bits in two characters, where base64 has 12.

/// As many characters as are needed for 13 bits in two of them, without `"` and `\`: `#` to `[` and `]` to `~`.
const CHARACTERS: u32 = 91;
const BITS: u32 = 13;

/// Zeros may be added at the end.
pub fn to_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 16 / 13 + 2);
    let (mut held, mut bits) = (0_u32, 0);
    for byte in bytes.iter().copied() {
        (held, bits) = (held << 8 | u32::from(byte), bits + 8);
        if bits >= BITS {
            bits -= BITS;
            push(&mut text, held >> bits);
            held &= (1 << bits) - 1;
        }
    }
    if bits > 0 {
        push(&mut text, held << (BITS - bits));
    }
    text
}

fn push(text: &mut String, pair: u32) {
    for digit in [pair / CHARACTERS, pair % CHARACTERS] {
        let character = b'#' + u8::try_from(digit).unwrap_or_default();
        text.push(char::from(if character < b'\\' { character } else { character + 1 }));
    }
}

/// `None` if it is no such text.
pub fn from_text(text: &str) -> Option<Vec<u8>> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    let mut bytes = Vec::with_capacity(text.len());
    let (mut held, mut bits) = (0_u32, 0);
    for [first, second] in pairs {
        let pair = digit(*first)? * CHARACTERS + digit(*second)?;
        if pair >> BITS > 0 {
            return None;
        }
        (held, bits) = (held << BITS | pair, bits + BITS);
        while bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits).ok()?);
            held &= (1 << bits) - 1;
        }
    }
    Some(bytes)
}

fn digit(character: u8) -> Option<u32> {
    match character {
        b'#'..=b'[' => Some(u32::from(character - b'#')),
        b']'..=b'~' => Some(u32::from(character - b'#' - 1)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bytes_come_back_from_their_text(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let text = to_text(&bytes);
            prop_assert_eq!(serde_json::to_string(&text).unwrap().len(), text.len() + 2, "nothing is escaped");
            let mut read = from_text(&text).unwrap();
            prop_assert!(read[bytes.len()..].iter().all(|byte| *byte == 0));
            read.truncate(bytes.len());
            prop_assert_eq!(read, bytes);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[#-~]*|.*") {
            let _ = from_text(&text);
        }
    }

    #[test]
    fn it_is_shorter_than_base64_and_what_is_none_is_refused() {
        assert_eq!(to_text(&[0xff; 1_300]).len(), 1_600);
        assert_eq!((to_text(&[]), from_text("")), (String::new(), Some(Vec::new())));
        for text in ["#", "~~", "##\"#", "#\\", "é", "# "] {
            assert_eq!(from_text(text), None, "{text}");
        }
    }
}
