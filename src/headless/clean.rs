//! Text from outside, made safe for a terminal.

use std::borrow::Cow;

/// Replaces control characters by `·`, so that an answer of a server or a command can neither move the cursor nor begin a
/// line of its own.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().any(char::is_control) {
        Cow::Owned(text.chars().map(|c| if c.is_control() { '·' } else { c }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_lose_their_power_and_the_rest_stays() {
        assert_eq!(clean("blue → green, 5 %"), "blue → green, 5 %");
        assert_eq!(clean("\u{1b}[2Jgone\r\nnext\u{9b}"), "·[2Jgone··next·");
    }
}
