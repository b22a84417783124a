//! The two sides of a blue/green deployment.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One of the two sides of the deployment, spelled as `deploy.ts` spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Color {
    /// `blue`, the color that is active when nothing was ever switched.
    Blue,
    /// `green`.
    Green,
}

impl Color {
    /// Both colors, blue first.
    pub const ALL: [Self; 2] = [Self::Blue, Self::Green];

    /// The other color.
    #[must_use]
    pub const fn other(self) -> Self {
        self.pick(Self::Green, Self::Blue)
    }

    /// Of two things the one that is this color's.
    pub const fn pick<T: Copy>(self, blue: T, green: T) -> T {
        match self {
            Self::Blue => blue,
            Self::Green => green,
        }
    }

    /// The lower-case name.
    pub const fn name(self) -> &'static str {
        self.pick("blue", "green")
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a color: expected `blue` or `green`")]
pub struct UnknownColor(pub String);

impl FromStr for Color {
    type Err = UnknownColor;

    fn from_str(text: &str) -> Result<Self, UnknownColor> {
        Self::ALL.into_iter().find(|color| color.name() == text).ok_or_else(|| UnknownColor(text.to_owned()))
    }
}
