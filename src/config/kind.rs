//! What sort of value a key takes: what is allowed, how it is read and shown. A new sort is a type with a [`Value`].

mod plain;

use std::fmt::Display;
use std::path::Path;
use std::time::Duration;

pub(crate) use self::plain::{
    Admin, BaseUrl, BaseUrls, CommandLine, File, Group, Host, Instances, Label, Line, Listen, Metric, Queries, Query,
    RouteList, Secret, Series, Service, Share, Socket, Statuses, Switch, UrlPath, Word, Words,
};
use super::draft::Draft;
use super::instances;
use super::parse;
use super::raw::{Raw, Scalar};
use super::values::Ratio;
use crate::model::number::{duration_exact, size_exact};
use measure::invalid::Result;

/// What is to be known of a sort of value without reading one.
pub trait Sort: Sync {
    /// What is allowed, in words for a person.
    fn allowed(&self) -> String;

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

    /// Whether a value may never be shown. It may also be in a file of its own, which a second key names.
    fn is_secret(&self) -> bool {
        false
    }
}

pub trait Value: Sort {
    type Read;

    /// Reads a value; relative paths lie in `base`.
    fn read(&self, raw: &Raw, base: &Path) -> Result<Self::Read>;

    /// The value as a person may see it. For everything but secrets and credentials that text, read again, gives the same value.
    fn show(&self, value: &Self::Read) -> String;
}

/// A sort of value, and where a value of it belongs.
pub struct Entry<V: Value> {
    pub kind: V,
    pub set: fn(&mut Draft, V::Read),
}

pub trait Kind: Sync {
    fn sort(&self) -> &dyn Sort;
    /// Reads a value, puts it into the draft, and returns it as a person may see it.
    fn store(&self, draft: &mut Draft, raw: &Raw) -> Result<String>;
}

impl<V: Value> Kind for Entry<V> {
    fn sort(&self) -> &dyn Sort {
        &self.kind
    }

    fn store(&self, draft: &mut Draft, raw: &Raw) -> Result<String> {
        let value = self.kind.read(raw, draft.base())?;
        let shown = self.kind.show(&value);
        (self.set)(draft, value);
        Ok(shown)
    }
}

/// One of a few words, each with what it means.
pub struct Choice<T: 'static>(pub &'static [(&'static str, T)]);

impl<T: Sync> Sort for Choice<T> {
    fn allowed(&self) -> String {
        self.words().join(", ")
    }

    fn words(&self) -> Vec<&'static str> {
        self.0.iter().map(|(word, _)| *word).collect()
    }
}

impl<T: Copy + PartialEq + Sync> Value for Choice<T> {
    type Read = T;

    fn read(&self, raw: &Raw, _: &Path) -> Result<T> {
        let text = string(raw)?.trim();
        let found = self.0.iter().find(|(word, _)| *word == text);
        found.map(|(_, meaning)| *meaning).ok_or_else(|| "not one of the allowed words".into())
    }

    fn show(&self, value: &T) -> String {
        self.0.iter().find(|(_, meaning)| meaning == value).map_or("", |(word, _)| word).to_owned()
    }
}

/// A number from `min` to `max`: how a bound is written, what it looks like in TOML, and how it is read and shown.
macro_rules! number {
    ($(#[$about:meta])* $Name:ident: $Read:ty, $written:expr, $example:literal, $read:path, $show:expr) => {
        $(#[$about])*
        pub struct $Name {
            pub min: $Read,
            pub max: $Read,
        }

        impl Sort for $Name {
            fn allowed(&self) -> String {
                format!("{}..{}", $written(self.min), $written(self.max))
            }

            fn is_number(&self) -> bool {
                true
            }
        }

        impl Value for $Name {
            type Read = $Read;

            fn read(&self, raw: &Raw, _: &Path) -> Result<$Read> {
                $read(raw.scalar(&NUMERIC, $example)?, self.min, self.max)
            }

            fn show(&self, value: &$Read) -> String {
                $show(*value)
            }
        }
    };
}

number!(Span: Duration, duration_exact, "a string such as \"30s\"", parse::duration, duration_exact);
number!(
    /// In bytes.
    Size: u64,
    size_exact,
    "a string such as \"1GiB\"",
    parse::size,
    size_exact
);
number!(
    ShareWithin: Ratio,
    |share: Ratio| share.to_string(),
    "a string such as \"1%\" or a number such as 0.01",
    parse::ratio_within,
    parse::format_ratio
);

/// A whole number from `min` to `max`.
pub struct Count<N> {
    pub min: N,
    pub max: N,
}

impl<N: Display + Sync> Sort for Count<N> {
    fn allowed(&self) -> String {
        format!("{}..{}", self.min, self.max)
    }

    fn toml(&self, text: &str) -> String {
        text.to_owned()
    }

    fn is_number(&self) -> bool {
        true
    }
}

impl<N: Copy + Display + Sync + TryFrom<u64> + Into<u64>> Value for Count<N> {
    type Read = N;

    fn read(&self, raw: &Raw, _: &Path) -> Result<N> {
        let number = parse::count(raw.scalar(&NUMERIC, "an integer")?, self.min.into(), self.max.into())?;
        N::try_from(number).map_err(|_| format!("must be at most {}", self.max).into())
    }

    fn show(&self, value: &N) -> String {
        value.to_string()
    }
}

/// Numbers are let in where a string is wanted, so that the parser can say what is wrong with them.
const NUMERIC: [Scalar; 3] = [Scalar::String, Scalar::Integer, Scalar::Float];

fn string(raw: &Raw) -> Result<&str> {
    raw.scalar(&[Scalar::String], "a string")
}
