//! What can be wrong with a page.

use super::MAX_LINE;

/// Series of a request counter; more are an error.
pub const MAX_SERIES: usize = 500_000;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    #[error("line {number} of the page is malformed: expected {expected}, found `{text}`")]
    Malformed {
        /// From 1.
        number: u64,
        expected: &'static str,
        /// Cut after 80 characters.
        text: String,
    },
    #[error("line {number} of the page is longer than {MAX_LINE} bytes")]
    LineTooLong { number: u64 },
    #[error("the page was cut after line {number}: {missing}")]
    Cut {
        /// The last line present, from 1.
        number: u64,
        missing: &'static str,
    },
    #[error("line {number} of the page comes after `# EOF`")]
    AfterEof { number: u64 },
    #[error("the page is HTML, not metrics")]
    Html,
    #[error("the request counter has more than {} series", MAX_SERIES)]
    TooManySeries,
}

/// A fault in one line; the reader knows which line it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Expected(&'static str),
    TooManySeries,
}

impl Fault {
    pub fn at(self, number: u64, line: &[u8]) -> PageError {
        match self {
            Self::TooManySeries => PageError::TooManySeries,
            Self::Expected(_) if is_html(line) => PageError::Html,
            Self::Expected(expected) => PageError::Malformed { number, expected, text: quote(line) },
        }
    }
}

fn is_html(line: &[u8]) -> bool {
    let line = line.trim_ascii_start();
    [&b"<!doctype"[..], b"<html"]
        .iter()
        .any(|tag| line.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag)))
}

/// For messages: at most 80 characters, control characters escaped.
pub fn quote(text: &[u8]) -> String {
    const LIMIT: usize = 80;
    let shown = String::from_utf8_lossy(text.get(..4 * LIMIT).unwrap_or(text));
    let mut characters = shown.trim_end().chars();
    let mut quoted = String::new();
    for character in characters.by_ref().take(LIMIT) {
        match character {
            '"' | '\'' | '\\' => quoted.push(character),
            _ => quoted.extend(character.escape_debug()),
        }
    }
    if characters.next().is_some() || text.len() > 4 * LIMIT {
        quoted.push('…');
    }
    quoted
}
