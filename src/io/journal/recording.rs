//! Recordings: every event of one soak, one JSON line each, in its own file; where many came together, they are packed into one
//! line. What a line holds is up to the caller.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufReader, Read as _, Write as _};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::body::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::SoakId;
use super::files::{Open, create_private_dir, open_private};
use super::lines::{MAX_LINE, Next, next_line};
use crate::io::disk::Disk;
use packing::{Packer, Unpacker};

/// Fewer lines stay as they are, for people and their tools: the rounds of a few instances are small anyway.
const MIN_PACKED: usize = 16;
/// What is held is written at the latest when it is so many lines or bytes.
const MAX_HELD: usize = 1_024;
const MAX_HELD_BYTES: usize = MAX_LINE;

#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    #[error("cannot {action} the recording `{}`: {source}", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    #[error("line {line} of the recording `{}` is damaged: {reason}", path.display())]
    Damaged {
        path: PathBuf,
        /// From 1; the header is line 1.
        line: u64,
        reason: String,
    },
}

/// `SERVICE_DIR/soaks/ID.jsonl`.
pub fn recording_path(service_dir: &Path, id: &SoakId) -> PathBuf {
    service_dir.join("soaks").join(format!("{id}.jsonl"))
}

/// Oldest first. A missing folder has none; other files are ignored.
pub fn recordings(service_dir: &Path) -> Result<Vec<SoakId>, RecordingError> {
    let folder = service_dir.join("soaks");
    let io = |source| RecordingError::Io { action: "list", path: folder.clone(), source };
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io(error)),
    };
    let mut ids = Vec::new();
    for entry in entries {
        let name = entry.map_err(io)?.file_name();
        ids.extend(name.to_str().and_then(|name| name.strip_suffix(".jsonl")).and_then(|id| id.parse().ok()));
    }
    ids.sort_unstable();
    Ok(ids)
}

/// Puts a recording that another host wrote into the folder of a service. One that is there and goes on from it stays.
pub fn adopt(service_dir: &Path, id: &SoakId, whole: &[u8]) -> Result<(), RecordingError> {
    let path = recording_path(service_dir, id);
    let io = |source| RecordingError::Io { action: "take over", path: path.clone(), source };
    if fs::read(&path).is_ok_and(|here| here.starts_with(whole)) {
        return Ok(());
    }
    let folder = service_dir.join("soaks");
    create_private_dir(&folder).map_err(io)?;
    let mut new = tempfile::NamedTempFile::new_in(&folder).map_err(io)?;
    new.write_all(whole).and_then(|()| new.as_file().sync_all()).map_err(io)?;
    new.persist(&path).map_err(|error| io(error.error))?;
    File::open(&folder).and_then(|folder| folder.sync_all()).map_err(io)
}

/// One writer at a time, which the monitor's lock ensures.
#[derive(Debug)]
pub struct RecordingWriter {
    file: File,
    path: PathBuf,
    /// Offset after the last whole line.
    end: u64,
    /// Whether a failed write may have left something behind that.
    torn: bool,
    disk: Arc<dyn Disk>,
    /// Lines that are not written yet, without their newlines.
    held: Vec<Bytes>,
    held_bytes: usize,
    packer: Packer,
}

impl RecordingWriter {
    /// Creates a recording with its header, durably. Fails if that ID exists.
    pub fn create(
        service_dir: &Path,
        id: &SoakId,
        header: &impl Serialize,
        disk: Arc<dyn Disk>,
    ) -> Result<Self, RecordingError> {
        let path = recording_path(service_dir, id);
        let io = |source| RecordingError::Io { action: "create", path: path.clone(), source };
        let folder = service_dir.join("soaks");
        create_private_dir(&folder).map_err(io)?;
        let file = open_private(&path, Open::CreateNew).map_err(io)?;
        let mut writer = Self::at(0, file, path.clone(), disk);
        writer.write(header)?;
        writer.sync()?;
        writer.disk.sync_folder(&folder).map_err(io)?;
        Ok(writer)
    }

    /// Reopens the recording of an unfinished soak. Also returns the length of the torn line that was cut.
    pub fn resume(service_dir: &Path, id: &SoakId, disk: Arc<dyn Disk>) -> Result<(Self, u64), RecordingError> {
        let path = recording_path(service_dir, id);
        let io = |source| RecordingError::Io { action: "resume", path: path.clone(), source };
        let file = open_private(&path, Open::Existing).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let end = end_of_last_line(&file).map_err(io)?;
        file.set_len(end).map_err(io)?;
        Ok((Self::at(end, file, path.clone(), disk), length - end))
    }

    fn at(end: u64, file: File, path: PathBuf, disk: Arc<dyn Disk>) -> Self {
        Self { file, path, end, torn: false, disk, held: Vec::new(), held_bytes: 0, packer: Packer::default() }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Readers see the record, and those held before, when this returns. After an error nothing of them is left.
    pub fn write(&mut self, record: &impl Serialize) -> Result<(), RecordingError> {
        let held = self.hold(record);
        self.flush().and(held)
    }

    /// Takes a record that is written with later ones, at the next `write` or `flush`.
    pub fn hold(&mut self, record: &impl Serialize) -> Result<(), RecordingError> {
        let line = serde_json::to_vec(record).map_err(|error| self.failed(error.into()))?;
        self.hold_line(line.into())
    }

    /// The same of a record whose JSON is known.
    pub fn hold_line(&mut self, line: Bytes) -> Result<(), RecordingError> {
        if line.len() > MAX_LINE {
            return Err(self.failed(io::Error::other(format!("a record of {} bytes is too long", line.len()))));
        }
        self.held_bytes += line.len();
        self.held.push(line);
        if self.held.len() < MAX_HELD && self.held_bytes < MAX_HELD_BYTES { Ok(()) } else { self.flush() }
    }

    /// Writes what is held.
    pub fn flush(&mut self) -> Result<(), RecordingError> {
        let held = std::mem::take(&mut self.held);
        self.held_bytes = 0;
        if held.is_empty() {
            return Ok(());
        }
        let packed = if held.len() < MIN_PACKED { None } else { self.packer.pack(&held) };
        let mut lines = packed.unwrap_or_else(|| held.join(&b'\n'));
        lines.push(b'\n');
        let written = self.cut().and_then(|()| self.disk.write(&self.path, &self.file, self.end, &lines));
        if let Err(error) = written {
            // Later lines cannot build on these.
            self.packer = Packer::default();
            self.torn = true;
            let _ = self.cut();
            return Err(self.failed(error));
        }
        self.end += u64::try_from(lines.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    /// Cuts off what a failed write left, before anything is written there: shorter lines would not cover it, and the rest
    /// would be damage. Until then its last line is torn.
    fn cut(&mut self) -> io::Result<()> {
        if self.torn {
            self.file.set_len(self.end)?;
            self.torn = false;
        }
        Ok(())
    }

    fn failed(&self, source: io::Error) -> RecordingError {
        RecordingError::Io { action: "write", path: self.path.clone(), source }
    }

    /// Makes what is written durable.
    pub fn sync(&self) -> Result<(), RecordingError> {
        self.disk.sync_data(&self.path, &self.file).map_err(|source| self.failed(source))
    }
}

/// Offset after the last newline, found in bounded memory.
fn end_of_last_line(file: &File) -> io::Result<u64> {
    let mut reader = BufReader::new(file);
    let (mut at, mut end) = (0_u64, 0_u64);
    let mut chunk = [0; 8192];
    loop {
        let read = reader.read(&mut chunk)?;
        if read == 0 {
            return Ok(end);
        }
        if let Some(newline) = chunk[..read].iter().rposition(|byte| *byte == b'\n') {
            end = at + u64::try_from(newline).unwrap_or(u64::MAX) + 1;
        }
        at += u64::try_from(read).unwrap_or(u64::MAX);
    }
}

/// Iterates over the records after the header. A torn last line ends the iteration; [`RecordingReader::torn`] tells.
#[derive(Debug)]
pub struct RecordingReader<T> {
    reader: BufReader<File>,
    path: PathBuf,
    buffer: Vec<u8>,
    unpacker: Unpacker,
    /// Lines that are read and not handed out yet.
    unpacked: VecDeque<Vec<u8>>,
    line: u64,
    torn: Option<usize>,
    done: bool,
    records: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> RecordingReader<T> {
    /// Opens a recording and reads its header.
    pub fn open<H: DeserializeOwned>(path: &Path) -> Result<(H, Self), RecordingError> {
        let file = open_private(path, Open::Read).map_err(|source| RecordingError::Io {
            action: "open",
            path: path.to_owned(),
            source,
        })?;
        let mut reader = Self {
            reader: BufReader::new(file),
            path: path.to_owned(),
            buffer: Vec::new(),
            unpacker: Unpacker::default(),
            unpacked: VecDeque::new(),
            line: 0,
            torn: None,
            done: false,
            records: PhantomData,
        };
        match reader.read() {
            Some(header) => Ok((header?, reader)),
            None => Err(RecordingError::Damaged { path: reader.path, line: 1, reason: "it has no header".to_owned() }),
        }
    }

    /// Length in bytes of a torn last line, once the iteration is over.
    pub const fn torn(&self) -> Option<usize> {
        self.torn
    }

    fn read<R: DeserializeOwned>(&mut self) -> Option<Result<R, RecordingError>> {
        let record = self.next_line().transpose()?.and_then(|line| {
            let parsed = serde_json::from_slice(&line);
            parsed.map_err(|error| self.damaged(error.to_string()))
        });
        if record.is_err() {
            // After an error the position is meaningless.
            self.done = true;
            self.unpacked.clear();
        }
        Some(record)
    }

    /// The next line, unpacked.
    fn next_line(&mut self) -> Result<Option<Vec<u8>>, RecordingError> {
        while self.unpacked.is_empty() && !self.done {
            self.line += 1;
            let next = next_line(&mut self.reader, &mut self.buffer);
            let io = |source| RecordingError::Io { action: "read", path: self.path.clone(), source };
            match next.map_err(io)? {
                Next::End => self.done = true,
                Next::Torn => (self.done, self.torn) = (true, Some(self.buffer.len())),
                Next::TooLong => return Err(self.damaged(format!("it is longer than {MAX_LINE} bytes"))),
                Next::Line => match self.unpacker.unpack(&self.buffer) {
                    Some(lines) => self.unpacked.extend(lines.map_err(|reason| self.damaged(reason))?),
                    None => self.unpacked.push_back(std::mem::take(&mut self.buffer)),
                },
            }
        }
        Ok(self.unpacked.pop_front())
    }

    fn damaged(&self, reason: String) -> RecordingError {
        RecordingError::Damaged { path: self.path.clone(), line: self.line, reason }
    }
}

impl<T: DeserializeOwned> Iterator for RecordingReader<T> {
    type Item = Result<T, RecordingError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read()
    }
}

#[cfg(test)]
mod tests;
