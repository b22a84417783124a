//! Where the next line of a decision journal goes, from its first and last lines only.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use super::line::{Entry, Header, sha256_hex};
use super::lines::MAX_LINE;

/// In bytes. A service's name is at most 63 bytes.
const MAX_HEADER: usize = 512;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tail {
    /// Offset after the last whole line.
    pub end: u64,
    /// Bytes after `end`: what a crash left of a line.
    pub torn: u64,
    /// `None` if the header is still to be written.
    pub next_seq: Option<u64>,
    pub prev: String,
}

#[derive(Debug)]
pub(super) enum TailError {
    Io(io::Error),
    /// Not this service's journal, or its last lines make no sense.
    NotOurs(String),
}

impl From<io::Error> for TailError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Reads header and last line. Requires the file's lock, so that no line is half written.
pub(super) fn inspect(file: &File, header: &Header, header_line: &[u8]) -> Result<Tail, TailError> {
    let length = file.metadata()?.len();
    let first = read_range(file, 0, length.min(to_u64(MAX_HEADER)))?;
    let fresh = Tail { end: 0, torn: length, next_seq: None, prev: sha256_hex(&[header_line]) };
    let Some(newline) = first.iter().position(|byte| *byte == b'\n') else {
        // A crash during the first line leaves a part of it, and nothing else may be overwritten.
        let ours = header_line.starts_with(&first);
        return if ours { Ok(fresh) } else { Err(TailError::NotOurs("it has no journal header".to_owned())) };
    };
    let found = Header::parse(&first[..newline]).map_err(TailError::NotOurs)?;
    if found != *header {
        return Err(TailError::NotOurs(format!("it belongs to service `{}`", found.service)));
    }
    let start = to_u64(newline) + 1;
    let after_header = Tail { next_seq: Some(1), prev: sha256_hex(&[&first[..newline]]), ..fresh };
    last_line(file, start, length, after_header)
}

/// The last line that reads back. What follows is torn, but a second unreadable line is damage.
fn last_line(file: &File, start: u64, length: u64, after_header: Tail) -> Result<Tail, TailError> {
    let mut end = after_newline(file, start, length)?;
    let mut torn = length - end;
    while end > start {
        let line_start = after_newline(file, start, end - 1)?;
        let line = read_range(file, line_start, end - 1)?;
        match serde_json::from_slice::<Entry>(&line) {
            Ok(entry) => return Ok(Tail { end, torn, next_seq: Some(entry.seq.saturating_add(1)), prev: entry.hash }),
            Err(_) if torn == 0 => (torn, end) = (length - line_start, line_start),
            Err(error) => return Err(TailError::NotOurs(format!("its last lines are damaged ({error})"))),
        }
    }
    Ok(Tail { end, torn, ..after_header })
}

/// The offset after the last newline in the range; else `start`, which a newline precedes.
fn after_newline(file: &File, start: u64, end: u64) -> Result<u64, TailError> {
    let mut window = 4096;
    loop {
        let from = start.max(end.saturating_sub(window));
        if let Some(newline) = read_range(file, from, end)?.iter().rposition(|byte| *byte == b'\n') {
            return Ok(from + to_u64(newline) + 1);
        }
        if from == start {
            return Ok(start);
        }
        if window > to_u64(MAX_LINE) {
            return Err(TailError::NotOurs(format!("its last line is longer than {MAX_LINE} bytes")));
        }
        window *= 8;
    }
}

fn read_range(file: &File, from: u64, to: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(to - from).map_err(io::Error::other)?];
    file.read_exact_at(&mut bytes, from)?;
    Ok(bytes)
}

/// A `usize` has at most 64 bits on every platform this builds for.
fn to_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
