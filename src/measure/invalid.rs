//! Why a text is not a value.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

/// Why a text is not a value, as a sentence fragment that repeats no secret: `must be at least 3s`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid(Cow<'static, str>);

pub type Result<T> = std::result::Result<T, Invalid>;

pub fn invalid<T>(why: impl Into<Invalid>) -> Result<T> {
    Err(why.into())
}

pub fn ensure(valid: bool, why: impl Into<Invalid>) -> Result<()> {
    if valid { Ok(()) } else { invalid(why) }
}

/// Refuses a value out of its range; `shown` is how a bound is written.
pub fn within<T: Copy + PartialOrd>(value: T, min: T, max: T, shown: impl Fn(T) -> String) -> Result<T> {
    ensure(value >= min, format!("must be at least {}", shown(min)))?;
    ensure(value <= max, format!("must be at most {}", shown(max)))?;
    Ok(value)
}

impl From<&'static str> for Invalid {
    fn from(why: &'static str) -> Self {
        Self(why.into())
    }
}

impl From<String> for Invalid {
    fn from(why: String) -> Self {
        Self(why.into())
    }
}

impl From<Invalid> for String {
    fn from(why: Invalid) -> Self {
        why.0.into_owned()
    }
}

impl Deref for Invalid {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl std::error::Error for Invalid {}

impl PartialEq<&str> for Invalid {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}
