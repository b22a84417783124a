//! A value as a layer gave it, before it is judged.

use measure::invalid::{Result, invalid};

/// What sort of TOML value a scalar was written as. Flags and variables are always strings.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Scalar {
    String,
    Integer,
    /// A number with a fraction, or `inf` or `nan`.
    Float,
    /// `true` or `false` without quotes.
    Bool,
}

/// A value as a layer gave it. It may be a secret, so it cannot be printed by accident.
#[derive(PartialEq, Eq)]
pub enum Raw {
    Scalar(Scalar, String),
    List(Vec<Self>),
    /// A TOML type that no key takes, by its name.
    Odd(&'static str),
}

impl Raw {
    /// A text from a flag or a variable.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Scalar(Scalar::String, text.into())
    }

    /// The text, if it was written as one of the `accepted` types; otherwise says that `expected` is needed.
    pub fn scalar(&self, accepted: &[Scalar], expected: &str) -> Result<&str> {
        match self {
            Self::Scalar(scalar, text) if accepted.contains(scalar) => Ok(text),
            other => invalid(format!("expected {expected}, not {}", other.type_name())),
        }
    }

    /// The texts of an array, if all were written as one of the `accepted` types.
    pub fn list(&self, accepted: &[Scalar], expected: &str) -> Result<Vec<&str>> {
        match self {
            Self::List(items) => items.iter().map(|item| item.scalar(accepted, expected)).collect(),
            other => invalid(format!("expected {expected}, not {}", other.type_name())),
        }
    }

    /// The value as it was written; for arrays, one text an element.
    pub fn texts(&self) -> Vec<String> {
        match self {
            Self::Scalar(_, text) => vec![text.clone()],
            Self::List(items) => items.iter().flat_map(Self::texts).collect(),
            Self::Odd(name) => vec![(*name).to_owned()],
        }
    }

    fn type_name(&self) -> &'static str {
        match self {
            Self::Scalar(Scalar::String, _) => "a string",
            Self::Scalar(Scalar::Integer, _) => "an integer",
            Self::Scalar(Scalar::Float, _) => "a float",
            Self::Scalar(Scalar::Bool, _) => "a boolean",
            Self::List(_) => "an array",
            Self::Odd(name) => name,
        }
    }
}
