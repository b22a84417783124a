//! The end of the log: JSON lines, one file a day.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::core::view::Tone;

/// So much of a file is read at its end, in bytes, and so many lines are shown.
const TAIL: u64 = 256 << 10;
const LINES: usize = 500;
/// Fields that have a place of their own, or say nothing to a person.
const KNOWN: [&str; 5] = ["timestamp", "level", "message", "target", "event"];

/// The last lines of the log, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogTail {
    /// The file of the newest one.
    pub path: PathBuf,
    pub lines: Vec<LogLine>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    pub at: Option<Timestamp>,
    /// `INFO`, `WARN`, …
    pub level: String,
    pub text: String,
}

impl LogLine {
    pub fn tone(&self) -> Tone {
        match self.level.as_str() {
            "ERROR" => Tone::Bad,
            "WARN" => Tone::Warning,
            _ => Tone::Plain,
        }
    }
}

pub fn read(folder: &Path) -> Result<LogTail, String> {
    let failed = |path: &Path, error: &io::Error| format!("cannot read the log `{}`: {error}", path.display());
    let mut files = files(folder).map_err(|error| failed(folder, &error))?;
    let Some(path) = files.pop() else {
        return Err(format!("no log yet in `{}`", folder.display()));
    };
    let mut lines = tail(&path).map_err(|error| failed(&path, &error))?;
    // A day that has just begun says little.
    if let Some(before) = files.pop().filter(|_| lines.len() < LINES) {
        lines.splice(0..0, tail(&before).unwrap_or_default());
    }
    let surplus = lines.len().saturating_sub(LINES);
    Ok(LogTail { path, lines: lines.split_off(surplus) })
}

/// The log files of a folder, oldest first: their names have the day in them.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "jsonl") {
            files.push(path);
        }
    }
    files.sort_unstable();
    Ok(files)
}

fn tail(path: &Path) -> io::Result<Vec<LogLine>> {
    let mut file = File::open(path)?;
    let from = file.metadata()?.len().saturating_sub(TAIL);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    // The first line is whole only at the beginning of the file.
    Ok(text.lines().skip(usize::from(from > 0)).filter(|line| !line.is_empty()).map(line).collect())
}

fn line(text: &str) -> LogLine {
    let Ok(fields) = serde_json::from_slice::<Map<String, Value>>(text.as_bytes()) else {
        return LogLine { at: None, level: String::new(), text: text.to_owned() };
    };
    let field = |name| fields.get(name).map(plain).unwrap_or_default();
    let others = fields.iter().filter(|(name, value)| !KNOWN.contains(&name.as_str()) && !value.is_null());
    let others = others.map(|(name, value)| format!("{name}={}", plain(value)));
    let text: Vec<String> = std::iter::once(field("message")).chain(others).collect();
    LogLine { at: field("timestamp").parse().ok(), level: field("level"), text: text.join("  ") }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
