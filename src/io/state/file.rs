//! The state file on disk, shared with `deploy.ts`.

use std::fs::{self, File, Metadata, Permissions};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::fs::OFlags;
use tempfile::NamedTempFile;

use super::is_lasting;
use crate::io::coordination::EngineError;
use crate::io::disk::{Disk, SystemDisk};
use crate::io::journal::files::hand_over;
use crate::io::journal::{Reserve, could_replace};
use crate::io::state::content::not_utf8;
use crate::io::state::{Corrupt, State};

/// Between opening the file and writing into it. Node takes well under a millisecond.
pub(crate) const WRITERS: Duration = Duration::from_millis(10);

/// Readings of a seemingly half-written file before it counts as corrupt, [`WRITERS`] apart.
const READINGS: usize = 10;

/// In bytes.
const MAX_STATE: u64 = 1 << 20;

/// As many as Linux follows.
const MAX_LINKS: usize = 40;

#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("cannot read the state file `{}`: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    /// Never overwritten and never read as blue.
    #[error("the state file `{}` is corrupt: {source}", path.display())]
    Corrupt { path: PathBuf, source: Corrupt },
    /// The hosts that share it cannot be asked.
    #[error("[coordination]: etcd {0}")]
    Engine(#[from] EngineError),
    /// The new content could not be put in place; the old one is untouched.
    #[error("cannot write the state file `{}` ({action}): {source}", path.display())]
    Write { path: PathBuf, action: &'static str, source: io::Error },
}

impl StateError {
    /// Whether a person must act, as retrying does not help. A corrupt file may be one that is being written.
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::Read { source, .. } | Self::Write { source, .. } => is_lasting(source),
            Self::Corrupt { .. } | Self::Engine(_) => false,
        }
    }
}

/// Where the state file is. Holds no open file.
#[derive(Clone, Debug)]
pub struct StateFile {
    path: PathBuf,
    disk: Arc<dyn Disk>,
    /// Whether it was there when it or a clone of it was read last, which says what it means that there is none.
    was_there: Arc<AtomicBool>,
}

impl StateFile {
    /// Follows symlinks, so that writing replaces the target and not the link. The file need not exist.
    pub fn open(path: &Path) -> Result<Self, StateError> {
        let error = |source| StateError::Read { path: path.to_owned(), source };
        let mut current = std::path::absolute(path).map_err(error)?;
        for _ in 0..MAX_LINKS {
            let folder = current.parent().unwrap_or(Path::new("/")).to_owned();
            if let Ok(target) = fs::read_link(&current) {
                current = folder.join(target);
                continue;
            }
            // A missing folder has no canonical path; the write that needs it will name it.
            let folder = folder.canonicalize().unwrap_or(folder);
            let name = current.file_name().ok_or_else(|| error(io::Error::other("it names no file")))?;
            return Ok(Self { path: folder.join(name), disk: Arc::new(SystemDisk), was_there: Arc::default() });
        }
        Err(error(io::Error::other("too many symlinks lead from one to the next")))
    }

    /// The same file on this disk.
    #[must_use]
    pub fn on(self, disk: Arc<dyn Disk>) -> Self {
        Self { disk, ..self }
    }

    /// Canonical.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// For the file's locks.
    pub(crate) fn sibling(&self, suffix: &str) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(suffix);
        path.into()
    }

    /// A missing file is [`State::never_switched`], unless it was there before: nobody who removes it, or moves it away for a moment,
    /// moves traffic. One that ends early is reread for 100ms: `deploy.ts` may be at it.
    pub fn read(&self) -> Result<State, StateError> {
        for _ in 1..READINGS {
            match self.read_at(&self.path) {
                Err(StateError::Corrupt { source, .. }) if source.may_be_half_written() => std::thread::sleep(WRITERS),
                settled => return settled,
            }
        }
        self.read_at(&self.path)
    }

    /// Reads the state at `path`; errors name the state file.
    fn read_at(&self, path: &Path) -> Result<State, StateError> {
        let error = |source| StateError::Read { path: self.path.clone(), source };
        let corrupt = |source| StateError::Corrupt { path: self.path.clone(), source };
        // NONBLOCK: a FIFO in place of the file must not block us.
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        let file = match fs::OpenOptions::new().read(true).custom_flags(flags).open(path) {
            Ok(file) => file,
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => {
                let is_gone = self.was_there.load(Ordering::Relaxed);
                return if is_gone { Err(error(io::Error::other("it is gone"))) } else { Ok(State::never_switched()) };
            }
            Err(other) => return Err(error(other)),
        };
        if !file.metadata().map_err(error)?.is_file() {
            return Err(error(io::Error::other("it is not a regular file")));
        }
        self.was_there.store(true, Ordering::Relaxed);
        let mut bytes = Vec::new();
        file.take(MAX_STATE + 1).read_to_end(&mut bytes).map_err(error)?;
        if bytes.len() as u64 > MAX_STATE {
            return Err(error(io::Error::other(format!("it is larger than {MAX_STATE} bytes"))));
        }
        let text = std::str::from_utf8(&bytes).map_err(|error| corrupt(not_utf8(&bytes, error)))?;
        State::parse(text).map_err(corrupt)
    }

    /// Replaces the file durably, atomically; keeps mode and, if allowed, owner (new: `0600`). Needs the deploy lock.
    pub fn write(&self, state: &State) -> Result<(), StateError> {
        let mut refused = None;
        let prepared = self.reserve().write(|| {
            self.prepare(state).map_err(|error| {
                let kind =
                    if let StateError::Write { source, .. } = &error { source.kind() } else { io::ErrorKind::Other };
                refused = Some(error);
                io::Error::from(kind)
            })
        });
        match prepared {
            Ok(new) => self.put(new),
            Err(error) => Err(refused.unwrap_or_else(|| self.failed("writing")(error))),
        }
    }

    /// Room beside it for writes on a full disk.
    pub fn reserve(&self) -> Reserve {
        Reserve::new(&self.sibling(".reserve"), Arc::clone(&self.disk))
    }

    /// Whether [`StateFile::write`] would work now, as far as can be told without writing.
    pub(crate) fn could_be_written(&self) -> Result<(), StateError> {
        could_replace(&self.path).map_err(self.failed("renaming"))
    }

    /// As [`write`](Self::write), but `None` if the file no longer says `before` (`deploy.ts` writes without our lock).
    /// Exchanges the files, so that [`is_settled`](Self::is_settled) sees a late write after [`WRITERS`], else checks
    /// before the rename.
    pub(crate) fn write_over(&self, before: State, ours: State) -> Result<Option<Replaced>, StateError> {
        let new = self.prepare(&ours)?;
        if !self.says(&self.path, &before) {
            return Ok(None);
        }
        let old = match self.exchange_with(&new) {
            Ok(()) => {
                self.sync_folder()?;
                Some(new)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(_) => {
                self.put(new)?;
                None
            }
        };
        Ok(Some(Replaced { old, before, ours }))
    }

    /// Whether nobody wrote into the replaced file.
    pub(crate) fn is_settled(&self, replaced: &Replaced) -> bool {
        replaced.old.as_ref().is_none_or(|old| self.says(old.path(), &replaced.before))
    }

    /// Restores the replaced file, unless something newer stands there.
    pub(crate) fn put_back(&self, replaced: &Replaced) -> Result<(), StateError> {
        match &replaced.old {
            Some(old) if self.says(&self.path, &replaced.ours) => {
                self.exchange_with(old).map_err(self.failed("renaming"))
            }
            _ => Ok(()),
        }
    }

    fn says(&self, path: &Path, wanted: &State) -> bool {
        self.read_at(path).is_ok_and(|now| now == *wanted)
    }

    fn exchange_with(&self, other: &NamedTempFile) -> io::Result<()> {
        self.disk.exchange(&self.path, other.path())
    }

    /// The new content in a file beside the old one, durably.
    fn prepare(&self, state: &State) -> Result<NamedTempFile, StateError> {
        let text = state.to_text().map_err(|json| self.failed("formatting it")(json.into()))?;
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        let mut prefix = self.path.file_name().unwrap_or_default().to_owned();
        prefix.push(".new-");
        let beside = tempfile::Builder::new().prefix(&prefix).tempfile_in(folder);
        let file = beside.map_err(self.failed("creating a file beside it"))?;
        if let Ok(old) = fs::metadata(&self.path) {
            adopt(file.as_file(), &old).map_err(self.failed("keeping its mode"))?;
        } else {
            hand_over(file.as_file(), folder).map_err(self.failed("giving it to the owner of its folder"))?;
        }
        self.disk.write(&self.path, file.as_file(), 0, text.as_bytes()).map_err(self.failed("writing"))?;
        self.disk.sync_all(&self.path, file.as_file()).map_err(self.failed("syncing"))?;
        Ok(file)
    }

    fn put(&self, new: NamedTempFile) -> Result<(), StateError> {
        let new = new.into_temp_path();
        self.disk.replace(&self.path, &new).map_err(self.failed("renaming"))?;
        // Its name is gone: there is nothing to remove.
        let _ = new.keep();
        self.sync_folder()
    }

    fn sync_folder(&self) -> Result<(), StateError> {
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        self.disk.sync_folder(folder).map_err(self.failed("syncing its folder"))
    }

    fn failed(&self, action: &'static str) -> impl Fn(io::Error) -> StateError {
        let path = self.path.clone();
        move |source| StateError::Write { path: path.clone(), action, source }
    }
}

pub(crate) struct Replaced {
    /// If the file system could keep it.
    old: Option<NamedTempFile>,
    before: State,
    ours: State,
}

/// Keeps the old mode, and the owner if allowed.
fn adopt(new: &File, old: &Metadata) -> io::Result<()> {
    if new.metadata().is_ok_and(|new| (new.uid(), new.gid()) != (old.uid(), old.gid())) {
        // Only root may change owners; otherwise the writer owns it, as with a plain write.
        let _ = std::os::unix::fs::fchown(new, Some(old.uid()), Some(old.gid()));
    }
    new.set_permissions(Permissions::from_mode(old.mode() & 0o7777))
}

#[cfg(test)]
mod tests;
