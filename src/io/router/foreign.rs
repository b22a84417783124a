//! What a router holds that Switchback did not put there: it is left alone.

use std::fmt;

use super::output::quote;
use crate::config::scrub;
use crate::model::Color;

/// What every [`Foreign`] says, to recognize such a sentence.
pub const NOT_OURS: &str = "was not written by Switchback";
/// In characters.
const MAX_FOUND: usize = 200;

/// Whether a move may replace what was not written by Switchback.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Replace {
    /// Only what is ours: the content of either color, what was written last, nothing at all.
    #[default]
    Ours,
    /// Anything, because of `--force`. A copy is kept.
    Anything,
}

impl From<bool> for Replace {
    fn from(force: bool) -> Self {
        if force { Self::Anything } else { Self::Ours }
    }
}

/// Neither color's and not written by Switchback: another service's upstream, a maintenance page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    place: String,
    found: String,
    /// It leads to a color, but perhaps not the way that users come.
    unclear: bool,
    /// Manual steps to move traffic to blue and to green.
    steps: [String; 2],
}

impl Foreign {
    /// `place` is where it is, such as a file; `found` an excerpt; `step` a manual step to move traffic to a color.
    pub fn new(place: impl Into<String>, found: &[u8], step: impl Fn(Color) -> String) -> Self {
        let found = quote(found).split_whitespace().collect::<Vec<_>>().join(" ");
        let cut = found.char_indices().nth(MAX_FOUND).map(|(at, _)| at);
        let found = cut.map_or_else(|| found.clone(), |at| format!("{}…", &found[..at]));
        let step = |color| scrub(&step(color)).into_owned();
        Self { place: place.into(), found, unclear: false, steps: [step(Color::Blue), step(Color::Green)] }
    }

    /// Several things lead to a color, and which is the service's is unknown.
    #[must_use]
    pub fn unclear(self) -> Self {
        Self { unclear: true, ..self }
    }

    pub fn place(&self) -> &str {
        &self.place
    }

    pub fn by_hand(&self, to: Color) -> &str {
        to.pick(&self.steps[0], &self.steps[1])
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, found, unclear, .. } = self;
        write!(f, "`{place}` holds `{found}`")?;
        if *unclear {
            write!(f, ": it is unclear which one belongs to the service, and a move could replace what {NOT_OURS}")
        } else {
            write!(f, ", which is neither blue's nor green's and {NOT_OURS}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_quoted_in_one_bounded_line_with_the_step_for_each_color() {
        let found = format!("return 503;\r\n\x1b[2J  # {}\n", "x".repeat(500));
        let foreign = Foreign::new("/etc/nginx/active.conf", found.as_bytes(), |color| format!("write {color}"));
        let told = foreign.to_string();
        assert!(told.starts_with("`/etc/nginx/active.conf` holds `return 503; [2J # xxx"), "{told}");
        assert!(told.contains("x…`, which is neither blue's nor green's"), "{told}");
        assert_eq!(foreign.by_hand(Color::Blue), "write blue");
        assert_eq!(foreign.by_hand(Color::Green), "write green");
        assert_eq!(foreign.place(), "/etc/nginx/active.conf");
        let unclear = foreign.unclear().to_string();
        assert!(unclear.ends_with("x…`: it is unclear which one belongs to the service, and a move could replace what was not written by Switchback"), "{unclear}");
    }

    #[test]
    fn only_force_allows_to_replace_anything() {
        assert_eq!((Replace::from(false), Replace::from(true)), (Replace::Ours, Replace::Anything));
        assert_eq!(Replace::default(), Replace::Ours);
    }
}
