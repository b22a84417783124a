//! How a check stands when its window is over.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a check says at the end of its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClosingVerdict {
    /// The release is as good as asked for.
    Healthy,
    /// The release is worse than allowed.
    Breached,
    /// Too few requests to say anything.
    InsufficientData,
    /// Enough requests, and still no answer.
    Inconclusive,
}

impl ClosingVerdict {
    /// The name used in JSON and on screen, such as `insufficient-data`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Breached => "breached",
            Self::InsufficientData => "insufficient-data",
            Self::Inconclusive => "inconclusive",
        }
    }
}

impl fmt::Display for ClosingVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The closing judgement of a check, with the sentence a person reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    /// What the check says.
    pub verdict: ClosingVerdict,
    /// Why, with the numbers it rests on.
    pub reason: String,
}

impl Closing {
    /// A judgement and its sentence.
    pub fn new(verdict: ClosingVerdict, reason: impl Into<String>) -> Self {
        Self { verdict, reason: reason.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_has_one_name_in_json_and_on_screen() {
        for verdict in [
            ClosingVerdict::Healthy,
            ClosingVerdict::Breached,
            ClosingVerdict::InsufficientData,
            ClosingVerdict::Inconclusive,
        ] {
            assert_eq!(serde_json::to_string(&verdict).unwrap(), format!("\"{verdict}\""));
        }
        assert_eq!(ClosingVerdict::InsufficientData.to_string(), "insufficient-data");
    }
}
