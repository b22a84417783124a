//! Whether a decision journal is still what was written.

use std::fmt;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use super::decisions::LOCK_WAIT;
use super::files::{Open, lock_within, open_private};
use super::head::Head;
use super::line::{Entry, Header, computed_hash, sha256_hex};
use super::lines::{MAX_LINE, Next, next_line};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub service: String,
    pub records: u64,
    /// Hash of the last line, else of the header. Stored elsewhere, it proves that the end was not cut off.
    pub head: String,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of `{}`: {kind}", path.display())]
pub struct Damage {
    pub path: PathBuf,
    /// From 1; the header is line 1.
    pub line: u64,
    pub kind: DamageKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DamageKind {
    Header(String),
    NoRecord(String),
    Changed,
    Removed {
        expected: u64,
        found: u64,
    },
    OutOfOrder {
        expected: u64,
        found: u64,
    },
    Unchained,
    Torn,
    /// The state file knows of later decisions.
    CutOff {
        known: u64,
        found: u64,
    },
    /// The state file knows another decision here: the chain was recomputed.
    Replaced,
}

impl fmt::Display for DamageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(reason) => f.write_str(reason),
            Self::NoRecord(reason) => write!(f, "not a decision ({reason})"),
            Self::Changed => f.write_str("it was changed: its hash does not match its text"),
            Self::Removed { expected, found } => {
                write!(f, "decisions are missing before it: expected number {expected}, found {found}")
            }
            Self::OutOfOrder { expected, found } => {
                write!(f, "it was moved, repeated or inserted: expected number {expected}, found {found}")
            }
            Self::Unchained => f.write_str("it was not written after the line before it: one of the two was replaced"),
            Self::Torn => f.write_str("the file ends in the middle of it"),
            Self::CutOff { known, found } => write!(
                f,
                "it is missing: the state file counts {known} decisions, the journal has {found}; the last ones were cut off"
            ),
            Self::Replaced => f.write_str("it is not the decision that the state file names: it was replaced"),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error(transparent)]
    Damaged(#[from] Damage),
    #[error("cannot read the decision journal `{}`: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

/// Checks every line and the chain in constant memory; `known`, a noted end, reveals cuts and a recomputed chain.
pub fn verify(path: &Path, known: Option<&Head>) -> Result<Report, VerifyError> {
    let io = |source| VerifyError::Io { path: path.to_owned(), source };
    let file = match open_private(path, Open::Read) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound && known.is_some() => {
            let kind = DamageKind::CutOff { known: known.map_or(0, |known| known.decisions), found: 0 };
            return Err(Damage { path: path.to_owned(), line: 1, kind }.into());
        }
        Err(error) => return Err(io(error)),
    };
    // Lets a writer finish its line. Whoever holds the lock for long is not writing a line.
    lock_within(LOCK_WAIT, || file.try_lock_shared()).map_err(io)?;
    let mut reader = BufReader::new(file);
    let mut buffer = Vec::new();
    let mut chain = None;
    for line in 1_u64.. {
        let checked = match next_line(&mut reader, &mut buffer).map_err(io)? {
            Next::End => break,
            Next::Torn => Err(DamageKind::Torn),
            Next::TooLong => Err(DamageKind::NoRecord(format!("it is longer than {MAX_LINE} bytes"))),
            Next::Line => match &mut chain {
                None => start(&buffer).map(|report| chain = Some(report)),
                Some(report) => follow(report, &buffer).and_then(|()| as_known(report, known)),
            },
        };
        checked.map_err(|kind| Damage { path: path.to_owned(), line, kind })?;
    }
    if let (Some(Head { decisions, .. }), Some(report)) = (known, &chain)
        && report.records < *decisions
    {
        let kind = DamageKind::CutOff { known: *decisions, found: report.records };
        // The header is line 1, and the first missing line follows the last.
        return Err(Damage { path: path.to_owned(), line: report.records + 2, kind }.into());
    }
    let empty = || Damage { path: path.to_owned(), line: 1, kind: DamageKind::Header("the file is empty".to_owned()) };
    Ok(chain.ok_or_else(empty)?)
}

fn start(line: &[u8]) -> Result<Report, DamageKind> {
    let header = Header::parse(line).map_err(DamageKind::Header)?;
    Ok(Report { service: header.service, records: 0, head: sha256_hex(&[line]) })
}

/// Whether the decision known from elsewhere stands here.
fn as_known(report: &Report, known: Option<&Head>) -> Result<(), DamageKind> {
    let replaced = known.is_some_and(|known| known.decisions == report.records && known.hash != report.head);
    if replaced { Err(DamageKind::Replaced) } else { Ok(()) }
}

fn follow(report: &mut Report, line: &[u8]) -> Result<(), DamageKind> {
    let entry: Entry = serde_json::from_slice(line).map_err(|error| DamageKind::NoRecord(error.to_string()))?;
    if computed_hash(line).as_ref() != Some(&entry.hash) {
        return Err(DamageKind::Changed);
    }
    let (expected, found) = (report.records + 1, entry.seq);
    if found > expected {
        return Err(DamageKind::Removed { expected, found });
    }
    if found < expected {
        return Err(DamageKind::OutOfOrder { expected, found });
    }
    if entry.prev != report.head {
        return Err(DamageKind::Unchained);
    }
    (report.records, report.head) = (found, entry.hash);
    Ok(())
}

#[cfg(test)]
mod tests;
