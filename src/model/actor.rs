//! Who made a decision.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Who made a decision: `auto`, `resume`, `operator:<user>@<host>`, or `ci:<user>@<host>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The monitor, on evidence.
    Auto,
    /// The monitor, finishing what an earlier one began.
    Resume,
    /// A person (or their script): `<user>@<host>`.
    Operator(String),
    /// A job of a CI: `<user>@<host>`, and behind that for whom it says that it runs.
    Ci(String),
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Resume => f.write_str("resume"),
            Self::Operator(who) => write!(f, "operator:{who}"),
            Self::Ci(who) => write!(f, "ci:{who}"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a valid actor: expected `auto`, `resume`, `operator:<user>@<host>` or `ci:<user>@<host>`")]
pub struct UnknownActor(String);

impl FromStr for Actor {
    type Err = UnknownActor;

    fn from_str(text: &str) -> Result<Self, UnknownActor> {
        match text {
            "auto" => Ok(Self::Auto),
            "resume" => Ok(Self::Resume),
            _ => match text.split_once(':') {
                Some(("operator", who)) => Ok(Self::Operator(who.to_owned())),
                Some(("ci", who)) => Ok(Self::Ci(who.to_owned())),
                _ => Err(UnknownActor(text.to_owned())),
            },
        }
    }
}

impl Serialize for Actor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Actor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
