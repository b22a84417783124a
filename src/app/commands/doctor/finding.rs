//! One finding of the doctor.

use serde::Serialize;

use crate::app::called::as_called;
use crate::config::scrub;
use crate::model::printable::clean;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Ok,
    /// A soak works, but with less than it could have.
    Warning,
    /// A switch, a soak or a rollback would fail.
    Failure,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub area: &'static str,
    pub level: Level,
    pub text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Finding {
    pub fn ok(area: &'static str, text: impl Into<String>) -> Self {
        Self::new(area, Level::Ok, text, None)
    }

    pub fn warning(area: &'static str, text: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(area, Level::Warning, text, Some(next.into()))
    }

    pub fn failure(area: &'static str, text: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(area, Level::Failure, text, Some(next.into()))
    }

    fn new(area: &'static str, level: Level, text: impl Into<String>, next: Option<String>) -> Self {
        let masked = |text: String| scrub(&text).into_owned();
        Self { area, level, text: masked(text.into()), next: next.map(masked) }
    }

    pub fn to_text(&self) -> String {
        let word = match self.level {
            Level::Ok => "ok",
            Level::Warning => "warning",
            Level::Failure => "FAILURE",
        };
        let next =
            self.next.as_ref().map(|next| format!("{:23}next: {}\n", "", clean(&as_called(next)))).unwrap_or_default();
        format!("{word:<8} {:<13} {}\n{next}", self.area, clean(&as_called(&self.text)))
    }
}

/// Counts of each level: `all is well`, or `1 failure and 2 warnings`.
pub fn summary(findings: &[Finding]) -> String {
    let count = |level| findings.iter().filter(|finding| finding.level == level).count();
    let named = |level, word: &str| match count(level) {
        0 => None,
        1 => Some(format!("1 {word}")),
        many => Some(format!("{many} {word}s")),
    };
    let parts: Vec<_> =
        [named(Level::Failure, "failure"), named(Level::Warning, "warning")].into_iter().flatten().collect();
    if parts.is_empty() { "all is well".to_owned() } else { parts.join(" and ") }
}
