//! What sort of value a key takes: what is allowed, how it is read, and how it is shown. A new sort is one type with a [`Value`];
//! one without bounds is a line or two in `plain`.

mod plain;

use std::fmt::Display;
use std::path::Path;
use std::time::Duration;

pub(crate) use self::plain::{
    Admin, BaseUrl, CommandLine, File, Group, Host, Instances, Label, Line, Listen, Metric, Queries, Query, RouteList,
    Secret, Series, Service, Share, Socket, Statuses, Switch, UrlPath, Word, Words,
};
use super::draft::Draft;
use super::instances;
use super::parse;
use super::raw::{Raw, Scalar};
use super::values::Ratio;
use crate::model::number::{duration_exact, size_exact};

/// A sort of value.
pub trait Value: Sync {
    /// What a value is once it has been read.
    type Read;

    /// What is allowed, in words for a person.
    fn allowed(&self) -> String;

    /// Reads a value; relative paths lie in `base`. The error is a sentence fragment, such as `not a whole number`.
    fn read(&self, raw: &Raw, base: &Path) -> Result<Self::Read, String>;

    /// The value as a person may see it. For everything but secrets and credentials that text, read again, gives the same value.
    fn show(&self, value: &Self::Read) -> String;

    /// The words that can be typed, where there are only so many.
    fn words(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// What was given, safe to show: secrets and credentials masked.
    fn given(&self, raw: &Raw) -> String {
        raw.texts().iter().map(|text| instances::mask(text)).collect::<Vec<_>>().join(", ")
    }

    /// A value from a variable's text as it is written in TOML.
    fn toml(&self, text: &str) -> String {
        serde_json::json!(text).to_string()
    }

    /// Whether a value is a number, perhaps with a unit.
    fn is_number(&self) -> bool {
        false
    }

    /// Whether a value may never be shown. It may also stand in a file of its own, which a second key and a second variable name.
    fn is_secret(&self) -> bool {
        false
    }
}

/// A sort of value, and where a value of it belongs.
pub struct Entry<V: Value> {
    pub kind: V,
    pub set: fn(&mut Draft, V::Read),
}

/// An [`Entry`] of any sort.
pub trait Kind: Sync {
    fn allowed(&self) -> String;
    /// Reads a value, puts it into the draft, and returns it as a person may see it.
    fn store(&self, draft: &mut Draft, raw: &Raw) -> Result<String, String>;
    fn words(&self) -> Vec<&'static str>;
    fn given(&self, raw: &Raw) -> String;
    fn toml(&self, text: &str) -> String;
    fn is_number(&self) -> bool;
    fn is_secret(&self) -> bool;
}

impl<V: Value> Kind for Entry<V> {
    fn allowed(&self) -> String {
        self.kind.allowed()
    }

    fn store(&self, draft: &mut Draft, raw: &Raw) -> Result<String, String> {
        let value = self.kind.read(raw, draft.base())?;
        let shown = self.kind.show(&value);
        (self.set)(draft, value);
        Ok(shown)
    }

    fn words(&self) -> Vec<&'static str> {
        self.kind.words()
    }

    fn given(&self, raw: &Raw) -> String {
        self.kind.given(raw)
    }

    fn toml(&self, text: &str) -> String {
        self.kind.toml(text)
    }

    fn is_number(&self) -> bool {
        self.kind.is_number()
    }

    fn is_secret(&self) -> bool {
        self.kind.is_secret()
    }
}

/// One of a few words, each with what it means.
pub struct Choice<T: 'static>(pub &'static [(&'static str, T)]);

impl<T: Copy + PartialEq + Sync> Value for Choice<T> {
    type Read = T;

    fn allowed(&self) -> String {
        self.words().join(", ")
    }

    fn read(&self, raw: &Raw, _: &Path) -> Result<T, String> {
        let text = string(raw)?.trim();
        let found = self.0.iter().find(|(word, _)| *word == text);
        found.map(|(_, meaning)| *meaning).ok_or_else(|| "this is none of the allowed words".to_owned())
    }

    fn show(&self, value: &T) -> String {
        self.0.iter().find(|(_, meaning)| meaning == value).map_or("", |(word, _)| word).to_owned()
    }

    fn words(&self) -> Vec<&'static str> {
        self.0.iter().map(|(word, _)| *word).collect()
    }
}

/// A duration from `min` to `max`.
pub struct Span {
    pub min: Duration,
    pub max: Duration,
}

/// A size in bytes from `min` to `max`.
pub struct Size {
    pub min: u64,
    pub max: u64,
}

/// A share from `min` to `max`.
pub struct ShareWithin {
    pub min: Ratio,
    pub max: Ratio,
}

/// A whole number from `min` to `max`.
pub struct Count<N> {
    pub min: N,
    pub max: N,
}

/// A sort of number: what it is, how a bound is written, what it looks like in TOML, and how it is read and shown.
macro_rules! number {
    ($Name:ident, $Read:ty, $written:expr, $example:literal, $read:path, $show:expr) => {
        impl Value for $Name {
            type Read = $Read;

            fn allowed(&self) -> String {
                format!("{}..{}", $written(self.min), $written(self.max))
            }

            fn read(&self, raw: &Raw, _: &Path) -> Result<$Read, String> {
                $read(raw.scalar(&NUMERIC, $example)?, self.min, self.max)
            }

            fn show(&self, value: &$Read) -> String {
                $show(*value)
            }

            fn is_number(&self) -> bool {
                true
            }
        }
    };
}

number!(Span, Duration, duration_exact, "a string such as \"30s\"", parse::duration, duration_exact);
number!(Size, u64, size_exact, "a string such as \"1GiB\"", parse::size, size_exact);
number!(
    ShareWithin,
    Ratio,
    |share: Ratio| share.to_string(),
    "a string such as \"1%\" or a number such as 0.01",
    parse::ratio_within,
    parse::format_ratio
);

impl<N: Copy + Display + Sync + TryFrom<u64> + Into<u64>> Value for Count<N> {
    type Read = N;

    fn allowed(&self) -> String {
        format!("{}..{}", self.min, self.max)
    }

    fn read(&self, raw: &Raw, _: &Path) -> Result<N, String> {
        let number = parse::count(raw.scalar(&NUMERIC, "an integer")?, self.min.into(), self.max.into())?;
        N::try_from(number).map_err(|_| format!("must be at most {}", self.max))
    }

    fn show(&self, value: &N) -> String {
        value.to_string()
    }

    fn toml(&self, text: &str) -> String {
        text.to_owned()
    }

    fn is_number(&self) -> bool {
        true
    }
}

/// Numbers are let in where a string is wanted, so that the parser can say what is wrong with them.
const NUMERIC: [Scalar; 3] = [Scalar::String, Scalar::Integer, Scalar::Float];

fn string(raw: &Raw) -> Result<&str, String> {
    raw.scalar(&[Scalar::String], "a string")
}
