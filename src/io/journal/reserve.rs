//! Room kept beside the journal and the state file for what must be written on a full disk. A write of a rollback that
//! finds no room shortens a file by a step and retries: intent, state file and `rolled_back` take three steps.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::{Open, open_private};
use crate::io::disk::Disk;

/// For one write: a block of the coarsest file systems, more than a journal line or a state file.
const STEP: u64 = 64 << 10;
const STEPS: u64 = 4;

#[derive(Clone, Debug)]
pub struct Reserve {
    path: PathBuf,
    disk: Arc<dyn Disk>,
}

impl Reserve {
    pub fn new(path: &Path, disk: Arc<dyn Disk>) -> Self {
        Self { path: path.to_owned(), disk }
    }

    pub fn keep(&self) -> io::Result<()> {
        let file = open_private(&self.path, Open::OrCreate)?;
        if file.metadata()?.len() >= STEP * STEPS {
            return Ok(());
        }
        self.disk.take_room(&self.path, &file, STEP * STEPS)
    }

    /// Writes, giving up a step of the reserve each time there is no room.
    pub fn write<T>(&self, mut write: impl FnMut() -> io::Result<T>) -> io::Result<T> {
        loop {
            match write() {
                Err(error) if is_full(&error) && self.give_up_a_step().unwrap_or(false) => {
                    tracing::warn!(%error, reserve = %self.path.display(), "the disk is full: using reserved space");
                }
                done => return done,
            }
        }
    }

    /// `false` if none is left.
    fn give_up_a_step(&self) -> io::Result<bool> {
        let file = open_private(&self.path, Open::Existing)?;
        let Some(left) = file.metadata()?.len().checked_sub(STEP) else { return Ok(false) };
        self.disk.give_room(&self.path, &file, left)?;
        Ok(true)
    }
}

/// No room, on the disk or in this user's quota.
fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt as _;

    use super::*;
    use crate::io::disk::SystemDisk;

    #[test]
    fn room_is_taken_once_and_given_up_step_by_step() {
        let tmp = tempfile::tempdir().unwrap();
        let reserve = Reserve::new(&tmp.path().join("reserve"), Arc::new(SystemDisk));
        let taken = || fs::metadata(&reserve.path).unwrap().blocks() * 512;
        reserve.keep().unwrap();
        reserve.keep().unwrap();
        assert!(taken() >= STEP * STEPS, "blocks, not only a length: {}", taken());

        let mut tries = 0;
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let written = reserve.write(|| {
            tries += 1;
            if tries < 3 { Err(full()) } else { Ok("written") }
        });
        assert_eq!((written.unwrap(), tries), ("written", 3));
        assert_eq!(fs::metadata(&reserve.path).unwrap().len(), STEP * 2);
        let mut tries = 0;
        let failed = reserve.write::<()>(|| {
            tries += 1;
            Err(full())
        });
        assert_eq!((failed.unwrap_err().kind(), tries), (io::ErrorKind::StorageFull, 3), "then it is full");
        assert_eq!(fs::metadata(&reserve.path).unwrap().len(), 0);
        reserve.keep().unwrap();
        assert!(taken() >= STEP * STEPS);
    }

    #[test]
    fn for_another_error_nothing_is_given_up() {
        let tmp = tempfile::tempdir().unwrap();
        let reserve = Reserve::new(&tmp.path().join("reserve"), Arc::new(SystemDisk));
        let denied = || Err::<(), _>(io::Error::from(io::ErrorKind::PermissionDenied));
        assert!(reserve.write(denied).is_err());
        reserve.keep().unwrap();
        assert!(reserve.write(denied).is_err());
        assert_eq!(fs::metadata(&reserve.path).unwrap().len(), STEP * STEPS);
    }
}
