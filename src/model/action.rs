//! The one vocabulary of what an operator can order.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Longest single extension, 24h: as long as the longest window.
const MAX_EXTENSION: Duration = Duration::from_hours(24);

/// What an operator can order; parses from and prints to text (`abort`, `extend 5m`, `rollback --force`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// End the soak; the deployment stays, unjudged.
    Abort,
    /// Roll back now, breach or not.
    Rollback {
        /// Also when the standby is down.
        force: bool,
    },
    /// Turn automatic rollback off.
    Pause,
    /// Turn it on again, and act on a breach that was held.
    Resume,
    /// Watch longer, by this many milliseconds.
    Extend {
        /// The extension in milliseconds, above 0 and at most 24h.
        by_ms: u64,
    },
    /// End the soak `retained` on the operator's word.
    Keep,
}

impl Action {
    /// The word with which each begins.
    pub const NAMES: [&str; 6] = ["abort", "rollback", "pause", "resume", "extend", "keep"];
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Abort => f.write_str("abort"),
            Self::Rollback { force: false } => f.write_str("rollback"),
            Self::Rollback { force: true } => f.write_str("rollback --force"),
            Self::Pause => f.write_str("pause"),
            Self::Resume => f.write_str("resume"),
            Self::Extend { by_ms } => {
                // Older monitors and clients read this text as it is; it is no line for people.
                let by = humantime::format_duration(Duration::from_millis(*by_ms)).to_string();
                write!(f, "extend {}", by.replace(' ', ""))
            }
            Self::Keep => f.write_str("keep"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownAction {
    #[error("`{0}` is not a valid action: expected abort, rollback, pause, resume, extend DURATION or keep")]
    Word(String),
    #[error("`extend` takes a duration above 0 and at most 24h, such as `extend 5m`{}", if .0.is_empty() { String::new() } else { format!(", not `{}`", .0) })]
    Extension(String),
}

impl FromStr for Action {
    type Err = UnknownAction;

    fn from_str(text: &str) -> Result<Self, UnknownAction> {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words[..] {
            ["abort"] => Ok(Self::Abort),
            ["rollback"] => Ok(Self::Rollback { force: false }),
            ["rollback", "--force"] => Ok(Self::Rollback { force: true }),
            ["pause"] => Ok(Self::Pause),
            ["resume"] => Ok(Self::Resume),
            ["keep"] => Ok(Self::Keep),
            ["extend", ref duration @ ..] => {
                let given = duration.join(" ");
                let by = humantime::parse_duration(&given)
                    .ok()
                    .filter(|by| *by <= MAX_EXTENSION)
                    .and_then(|by| u64::try_from(by.as_millis()).ok());
                by.filter(|by_ms| *by_ms > 0).map(|by_ms| Self::Extend { by_ms }).ok_or(UnknownAction::Extension(given))
            }
            _ => Err(UnknownAction::Word(text.to_owned())),
        }
    }
}

impl Serialize for Action {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Action {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_action_reads_back_from_what_it_prints() {
        for text in ["abort", "rollback", "rollback --force", "pause", "resume", "extend 5m", "extend 1h 30m", "keep"] {
            let action: Action = text.parse().unwrap();
            assert_eq!(action.to_string().parse::<Action>().unwrap(), action, "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused_with_what_is_known() {
        for (text, want) in [
            ("", "`` is not a valid action: expected abort, rollback, pause, resume, extend DURATION or keep"),
            (
                "abort now",
                "`abort now` is not a valid action: expected abort, rollback, pause, resume, extend DURATION or keep",
            ),
            ("extend", "`extend` takes a duration above 0 and at most 24h, such as `extend 5m`"),
            ("extend 0s", "`extend` takes a duration above 0 and at most 24h, such as `extend 5m`, not `0s`"),
            ("extend 25h", "`extend` takes a duration above 0 and at most 24h, such as `extend 5m`, not `25h`"),
        ] {
            assert_eq!(text.parse::<Action>().unwrap_err().to_string(), want);
        }
    }

    proptest! {
        #[test]
        fn any_extension_survives_its_text(by_ms in 1_u64..=86_400_000) {
            let action = Action::Extend { by_ms };
            prop_assert_eq!(action.to_string().parse::<Action>().unwrap(), action);
        }
    }
}
