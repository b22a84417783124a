//! Where user traffic is after a failure.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Color;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Traffic {
    On(Color),
    /// Where it was: nothing was touched.
    Unmoved,
    /// On this color by the router's own word, which could not be read back.
    Unconfirmed(Color),
    Unknown,
}

impl fmt::Display for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::On(color) => write!(f, "traffic is on {color}"),
            Self::Unmoved => f.write_str("nothing was moved"),
            Self::Unconfirmed(color) => write!(f, "the router accepted the move to {color}, but did not confirm it"),
            Self::Unknown => f.write_str("traffic may be on either color"),
        }
    }
}
