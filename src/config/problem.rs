//! What is wrong with the configuration, and how to fix it.

use std::fmt;
use std::path::PathBuf;

use super::keys::Key;
use crate::model::printable::is_format;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    CommandLine {
        /// The flag without its dashes; none for a key that has no flag and was set by the program itself.
        flag: Option<&'static str>,
    },
    Environment {
        variable: String,
    },
    /// `.env` beside the configuration.
    DotEnv {
        path: PathBuf,
        /// From 1.
        line: usize,
    },
    File {
        path: PathBuf,
        line: usize,
    },
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommandLine { flag: Some(flag) } => write!(f, "flag --{flag}"),
            Self::CommandLine { flag: None } => f.write_str("command line"),
            Self::Environment { variable } => write!(f, "environment {variable}"),
            Self::DotEnv { path, line } | Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// One thing that is wrong. No secret and no credentials stand in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub subject: String,
    pub what: String,
    /// Where the value came from; none when it is about a whole file.
    pub origin: Option<Origin>,
    /// What was given, masked and shortened.
    pub given: Option<String>,
    pub allowed: Option<String>,
    /// A good value, written for the place where the bad one stood.
    pub example: Option<String>,
}

const MAX_GIVEN_CHARS: usize = 120;

impl Problem {
    /// Something wrong with a file, a line or a name.
    pub(crate) fn about(subject: impl Into<String>, what: impl Into<String>) -> Self {
        Self { subject: subject.into(), what: what.into(), origin: None, given: None, allowed: None, example: None }
    }

    /// Something wrong with the value of a key. `given` must be safe to show.
    pub(super) fn of(key: &Key, origin: Origin, given: &str, what: impl Into<String>) -> Self {
        Self {
            given: Some(printable(given)),
            allowed: Some(key.allowed()),
            example: Some(key.example_at(&origin)),
            ..Self::about(key.name, what).at(origin)
        }
    }

    /// What is wrong and where, in one line.
    pub fn to_line(&self) -> String {
        let place = self.origin.as_ref().filter(|origin| !matches!(origin, Origin::Environment { .. }));
        let place = place.map(|origin| format!(" ({origin})")).unwrap_or_default();
        format!("{}: {}{place}", self.subject, self.what)
    }

    /// The same, with the place it stands.
    pub(crate) fn at(self, origin: Origin) -> Self {
        Self { origin: Some(origin), ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.what)?;
        let origin = self.origin.as_ref().map(ToString::to_string);
        let details =
            [("from", &origin), ("given", &self.given), ("allowed", &self.allowed), ("example", &self.example)];
        for (label, text) in details {
            if let Some(text) = text {
                write!(f, "\n    {label:<8} {text}")?;
            }
        }
        Ok(())
    }
}

/// Everything that is wrong: first with files and names, then with values in the order of the key table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => f.write_str("1 problem in the configuration")?,
            count => write!(f, "{count} problems in the configuration")?,
        }
        self.0.iter().try_for_each(|problem| write!(f, "\n\n  {}", problem.to_string().replace('\n', "\n  ")))
    }
}

impl std::error::Error for Problems {}

/// A text that neither floods nor steers a terminal.
pub(crate) fn printable(text: &str) -> String {
    let mut shown: String = text.chars().take(MAX_GIVEN_CHARS).flat_map(visible).collect();
    if text.chars().nth(MAX_GIVEN_CHARS).is_some() {
        shown.push('…');
    }
    if shown.is_empty() { "(empty)".to_owned() } else { shown }
}

fn visible(character: char) -> Vec<char> {
    if character.is_control() || is_format(character) { character.escape_default().collect() } else { vec![character] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_cannot_steer_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\n"), "a\\u{1b}[31mb\\n");
        assert_eq!(printable("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(printable(""), "(empty)");
    }

    #[test]
    fn what_was_given_is_shortened() {
        assert_eq!(printable(&"ä".repeat(120)), "ä".repeat(120));
        assert_eq!(printable(&"ä".repeat(121)), format!("{}…", "ä".repeat(120)));
    }

    #[test]
    fn origins_are_named_as_people_know_them() {
        for (origin, text) in [
            (Origin::CommandLine { flag: Some("window") }, "flag --window"),
            (Origin::CommandLine { flag: None }, "command line"),
            (Origin::Environment { variable: "SWITCHBACK_SOAK_GRACE".to_owned() }, "environment SWITCHBACK_SOAK_GRACE"),
            (Origin::DotEnv { path: PathBuf::from(".env"), line: 3 }, ".env:3"),
            (Origin::File { path: PathBuf::from("switchback.toml"), line: 12 }, "switchback.toml:12"),
            (Origin::Default, "default"),
        ] {
            assert_eq!(origin.to_string(), text);
        }
    }
}
