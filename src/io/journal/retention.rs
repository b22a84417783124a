//! Which recordings are kept, and the removal of the others.

use std::cmp::Ordering;
use std::fs::{self, DirEntry};
use std::io;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use super::recording::{RecordingError, recording_path};
use super::soak_id::SoakId;
use crate::model::Limits;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub id: SoakId,
    pub bytes: u64,
    /// Since the last event was written; zero if that is in the future.
    pub age: Duration,
}

#[derive(Debug, Default)]
pub struct Pruned {
    pub removed: Vec<Stored>,
    pub kept: Vec<Stored>,
    /// Could not be removed; among the kept.
    pub failed: Vec<RecordingError>,
}

/// Removes recordings beyond a limit, not soaks `in_use` (`dry_run`: names them). An unlistable folder is an error.
pub fn prune(
    service_dir: &Path,
    limits: &Limits,
    in_use: &[SoakId],
    now: Timestamp,
    dry_run: bool,
) -> Result<Pruned, RecordingError> {
    let (kept, beyond) = divide(stored(service_dir, now)?, limits, in_use);
    let remove = |recording: &Stored| {
        let path = recording_path(service_dir, &recording.id);
        let done = if dry_run { Ok(()) } else { fs::remove_file(&path) };
        done.map_err(|source| RecordingError::Io { action: "remove", path, source })
    };
    Ok(carry_out(kept, beyond, remove))
}

fn carry_out(kept: Vec<Stored>, beyond: Vec<Stored>, remove: impl Fn(&Stored) -> Result<(), RecordingError>) -> Pruned {
    let mut pruned = Pruned { kept, ..Pruned::default() };
    for recording in beyond {
        match remove(&recording) {
            Ok(()) => pruned.removed.push(recording),
            // Another process prunes as well.
            Err(RecordingError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                pruned.failed.push(error);
                pruned.kept.push(recording);
            }
        }
    }
    pruned.removed.sort_unstable_by(by_id);
    pruned.kept.sort_unstable_by(by_id);
    pruned
}

fn by_id(a: &Stored, b: &Stored) -> Ordering {
    a.id.cmp(&b.id)
}

/// Keeps the newest: from the first that finds no room, all older ones go. Those in use are kept, and count as well.
fn divide(mut recordings: Vec<Stored>, limits: &Limits, in_use: &[SoakId]) -> (Vec<Stored>, Vec<Stored>) {
    recordings.sort_unstable_by(by_id);
    recordings.reverse();
    let (mut soaks, mut bytes, mut full) = (0_u64, 0_u64, false);
    recordings.into_iter().partition(|recording| {
        let in_use = in_use.contains(&recording.id);
        let with_it = bytes.saturating_add(recording.bytes);
        full |= !in_use && (soaks >= limits.soaks || with_it > limits.bytes);
        let kept = in_use || (!full && recording.age <= limits.age);
        if kept {
            soaks += 1;
            bytes = with_it;
        }
        kept
    })
}

fn stored(service_dir: &Path, now: Timestamp) -> Result<Vec<Stored>, RecordingError> {
    let folder = service_dir.join("soaks");
    let failed = |source| RecordingError::Io { action: "list", path: folder.clone(), source };
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        found.extend(inspect(&entry.map_err(failed)?, now).map_err(failed)?);
    }
    Ok(found)
}

/// `None` if it is no recording, or is gone by now.
fn inspect(entry: &DirEntry, now: Timestamp) -> io::Result<Option<Stored>> {
    let name = entry.file_name();
    let Some(id) = name.to_str().and_then(|name| name.strip_suffix(".jsonl")).and_then(|id| id.parse().ok()) else {
        return Ok(None);
    };
    let metadata = match entry.metadata() {
        Ok(metadata) if metadata.is_file() => metadata,
        Ok(_) => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    // An impossible time is taken for now: when in doubt the recording stays.
    let modified = Timestamp::try_from(metadata.modified()?).unwrap_or(now);
    let age = Duration::try_from(now.duration_since(modified)).unwrap_or_default();
    Ok(Some(Stored { id, bytes: metadata.len(), age }))
}

#[cfg(test)]
mod tests;
