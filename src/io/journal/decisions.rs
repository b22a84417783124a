//! The decision journal: append durably, read back, find an open intent.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::files::{Open, create_private_dir, lock_within, open_private};
use super::head::Head;
use super::line::{Entry, Header, seal};
use super::lines::{MAX_LINE, Next, next_line};
use super::reserve::Reserve;
use super::tail::{Tail, TailError, inspect};
use crate::io::disk::{Disk, SystemDisk};
use crate::model::{Actor, Decision, DecisionKind};

/// For another process that appends; it holds the lock for one fsync.
pub(super) const LOCK_WAIT: Duration = Duration::from_secs(2);

#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("cannot {action} the decision journal `{}`: {source}", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    #[error("the decision journal `{}` is locked by another process", path.display())]
    Locked { path: PathBuf },
    /// Another kind of file, or too damaged to be continued.
    #[error("`{}` cannot be continued as the decision journal: {reason}", path.display())]
    NotOurs { path: PathBuf, reason: String },
    #[error("line {line} of the decision journal `{}` is damaged ({reason}); `switchback verify` tells more", path.display())]
    Damaged { path: PathBuf, line: u64, reason: String },
    #[error("a decision of {bytes} bytes is too long for the decision journal `{}`", path.display())]
    TooLong { path: PathBuf, bytes: usize },
}

/// How far the rollback of a soak has come, according to the journal.
#[derive(Clone, Debug, PartialEq)]
pub enum Intent {
    /// No rollback was ever intended, or the last one failed for good, was held or was superseded.
    None,
    /// This intent has no recorded outcome.
    Open(Box<Decision>),
    /// The last intent ended in `rolled_back`.
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SwitchProgress {
    /// None was ever intended, or the last one failed and was undone.
    None,
    Open,
    Done,
}

/// The journal `DATA_DIR/SERVICE/decisions.jsonl`. Each call opens the file, so any number of processes can append.
#[derive(Clone, Debug)]
pub struct Journal {
    path: PathBuf,
    service: String,
    disk: Arc<dyn Disk>,
}

impl Journal {
    /// The journal in a service's folder. Nothing is read or created yet.
    pub fn new(service_dir: &Path, service: &str) -> Self {
        let path = service_dir.join("decisions.jsonl");
        Self { path, service: service.to_owned(), disk: Arc::new(SystemDisk) }
    }

    /// The same journal on this disk.
    #[must_use]
    pub fn on(self, disk: Arc<dyn Disk>) -> Self {
        Self { disk, ..self }
    }

    /// Room beside it for writes on a full disk.
    pub fn reserve(&self) -> Reserve {
        Reserve::new(&self.path.with_file_name("reserve"), Arc::clone(&self.disk))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Creates a missing journal and repairs a torn last line (journaled as `repaired`), as [`Journal::append`] does.
    pub fn repair(&self, now: Timestamp) -> Result<(), JournalError> {
        self.commit(None, now).map(drop)
    }

    /// Appends durably, waiting up to 2s for others; returns the new end. The next append repairs a failed one.
    pub fn append(&self, decision: &Decision, now: Timestamp) -> Result<Head, JournalError> {
        self.commit(Some(decision), now)
    }

    /// Where the journal ends; `None` if it is missing or empty.
    pub fn head(&self) -> Result<Option<Head>, JournalError> {
        let file = match open_private(&self.path, Open::Read) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.io("open", error)),
        };
        let (_, tail) = self.tail(&file)?;
        Ok(tail.next_seq.filter(|next| *next > 1).map(|next| self.head_at(next - 1, tail.prev)))
    }

    fn head_at(&self, decisions: u64, hash: String) -> Head {
        Head { service: self.service.clone(), decisions, hash }
    }

    fn tail(&self, file: &File) -> Result<(Vec<u8>, Tail), JournalError> {
        let header = Header::new(&self.service);
        let header_line = serde_json::to_vec(&header).map_err(|error| self.io("write", error.into()))?;
        let tail = inspect(file, &header, &header_line).map_err(|error| match error {
            TailError::Io(source) => self.io("read", source),
            TailError::NotOurs(reason) => JournalError::NotOurs { path: self.path.clone(), reason },
        })?;
        Ok((header_line, tail))
    }

    /// The last `limit` decisions, newest last. A missing file has none; a line still being written is left out.
    pub fn history(&self, limit: usize) -> Result<Vec<Entry>, JournalError> {
        let mut last = VecDeque::new();
        self.scan(|entry| {
            last.push_back(entry);
            if last.len() > limit {
                last.pop_front();
            }
        })?;
        Ok(last.into())
    }

    /// All decisions of one soak, newest last.
    pub fn of_soak(&self, soak: &str) -> Result<Vec<Entry>, JournalError> {
        let mut found = Vec::new();
        self.scan(|entry| {
            if entry.decision.soak.as_deref() == Some(soak) {
                found.push(entry);
            }
        })?;
        Ok(found)
    }

    /// The rollback of `soak`; with `None` the last one outside any soak, whose intent a later `switch` closes as well.
    pub fn intent(&self, soak: Option<&str>) -> Result<Intent, JournalError> {
        let mut intent = Intent::None;
        self.scan(|Entry { decision, .. }| {
            let same = decision.soak.as_deref() == soak;
            match decision.decision {
                DecisionKind::Rollback if same => intent = Intent::Open(Box::new(decision)),
                DecisionKind::RolledBack if same => intent = Intent::Done,
                kind if same && kind.closes_intent() => intent = Intent::None,
                DecisionKind::Switch if soak.is_none() => intent = Intent::None,
                _ => {}
            }
        })?;
        Ok(intent)
    }

    /// How far the switch of this soak has come.
    pub fn switch_progress(&self, soak: &str) -> Result<SwitchProgress, JournalError> {
        let mut progress = SwitchProgress::None;
        self.scan(|Entry { decision, .. }| {
            if decision.soak.as_deref() == Some(soak) {
                match decision.decision {
                    DecisionKind::Switching => progress = SwitchProgress::Open,
                    DecisionKind::Switch => progress = SwitchProgress::Done,
                    DecisionKind::SwitchFailed => progress = SwitchProgress::None,
                    _ => {}
                }
            }
        })?;
        Ok(progress)
    }

    fn scan(&self, mut each: impl FnMut(Entry)) -> Result<(), JournalError> {
        let file = match open_private(&self.path, Open::Read) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(self.io("open", error)),
        };
        let mut reader = BufReader::new(file);
        let (mut buffer, mut line) = (Vec::new(), 0_u64);
        loop {
            line += 1;
            let damaged = |reason| JournalError::Damaged { path: self.path.clone(), line, reason };
            match next_line(&mut reader, &mut buffer).map_err(|error| self.io("read", error))? {
                Next::End | Next::Torn => return Ok(()),
                Next::TooLong => return Err(damaged(format!("it is longer than {MAX_LINE} bytes"))),
                Next::Line if line == 1 => drop(Header::parse(&buffer).map_err(damaged)?),
                Next::Line => each(serde_json::from_slice(&buffer).map_err(|error| damaged(error.to_string()))?),
            }
        }
    }

    /// Repairs the end if need be and appends, in one write under the file's lock.
    fn commit(&self, decision: Option<&Decision>, now: Timestamp) -> Result<Head, JournalError> {
        let file = self.open_locked()?;
        let (header_line, tail) = self.tail(&file)?;

        let mut bytes = Vec::new();
        if tail.next_seq.is_none() {
            bytes.extend_from_slice(&header_line);
            bytes.push(b'\n');
        }
        let repair = (tail.torn > 0).then(|| {
            let message = format!("dropped {} bytes of an unfinished line", tail.torn);
            Decision::new(DecisionKind::Repaired, Actor::Auto, message)
        });
        let (mut seq, mut prev) = (tail.next_seq.unwrap_or(1), tail.prev.clone());
        for decision in repair.iter().chain(decision) {
            let before = bytes.len();
            prev = seal(&mut bytes, seq, now, decision, &prev).map_err(|error| self.io("write", error.into()))?;
            if bytes.len() - before > MAX_LINE {
                return Err(JournalError::TooLong { path: self.path.clone(), bytes: bytes.len() - before });
            }
            seq = seq.saturating_add(1);
        }
        let write = || self.write(&file, &tail, &bytes);
        // A repair, without which the release is unwatched, and a rollback.
        let is_needed = decision.is_none_or(|decision| decision.decision.is_of_a_rollback());
        let written = if is_needed { self.reserve().write(write) } else { write() };
        written.map_err(|error| self.io("write", error))?;
        Ok(self.head_at(seq.saturating_sub(1), prev))
    }

    fn open_locked(&self) -> Result<File, JournalError> {
        create_private_dir(self.folder()).map_err(|error| self.io("create the folder of", error))?;
        let file = open_private(&self.path, Open::OrCreate).map_err(|error| self.io("open", error))?;
        match lock_within(LOCK_WAIT, || file.try_lock()) {
            Ok(true) => Ok(file),
            Ok(false) => Err(JournalError::Locked { path: self.path.clone() }),
            Err(error) => Err(self.io("lock", error)),
        }
    }

    fn write(&self, file: &File, tail: &Tail, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            // A killed writer may have left the last line undurable, and the state file may name it from now on. If
            // this fails, the line is still there until the power fails.
            if let Err(error) =
                self.disk.sync_data(&self.path, file).and_then(|()| self.disk.sync_folder(self.folder()))
            {
                tracing::warn!(%error, "the journal that was found cannot be made durable");
            }
            return Ok(());
        }
        if tail.torn > 0 {
            file.set_len(tail.end)?;
        }
        let written =
            self.disk.write(&self.path, file, tail.end, bytes).and_then(|()| self.disk.sync_data(&self.path, file));
        if let Err(error) = written {
            // No half line may stay; if this fails too, the next append repairs it.
            let _ = file.set_len(tail.end);
            return Err(error);
        }
        if tail.end == 0 { self.disk.sync_folder(self.folder()) } else { Ok(()) }
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    fn io(&self, action: &'static str, source: io::Error) -> JournalError {
        JournalError::Io { action, path: self.path.clone(), source }
    }
}

#[cfg(test)]
mod tests;
