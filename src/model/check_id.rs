//! The names of checks.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The name of a check.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CheckId {
    /// The share of requests that fail.
    ErrorRate,
    /// The share of requests that take too long.
    Latency,
    /// The share of instances that are not ready.
    Readiness,
    /// Any other one, such as a query of the configuration.
    Named(String),
}

impl CheckId {
    /// As it stands in files and on screen.
    pub fn as_str(&self) -> &str {
        match self {
            Self::ErrorRate => "error-rate",
            Self::Latency => "latency",
            Self::Readiness => "readiness",
            Self::Named(name) => name,
        }
    }

    /// Whether its counts are requests of users.
    pub const fn counts_requests(&self) -> bool {
        matches!(self, Self::ErrorRate | Self::Latency)
    }
}

impl From<&str> for CheckId {
    fn from(name: &str) -> Self {
        [Self::ErrorRate, Self::Latency, Self::Readiness]
            .into_iter()
            .find(|id| id.as_str() == name)
            .unwrap_or_else(|| Self::Named(name.to_owned()))
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for CheckId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for CheckId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(String::deserialize(deserializer)?.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_stands_in_files_under_its_name() {
        for (json, id) in [
            ("\"error-rate\"", CheckId::ErrorRate),
            ("\"latency\"", CheckId::Latency),
            ("\"readiness\"", CheckId::Readiness),
            ("\"queue\"", CheckId::Named("queue".to_owned())),
        ] {
            assert_eq!(serde_json::from_str::<CheckId>(json).unwrap(), id);
            assert_eq!(serde_json::to_string(&id).unwrap(), json);
        }
    }
}
