//! Files that only their owner may read, opened so that nobody can slip another file under our name.

use std::fs::{self, DirBuilder, File, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::seam::{self, Step};

/// What may already stand at the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Open {
    /// It must exist; it is opened for reading only.
    Read,
    /// It must exist.
    Existing,
    /// It is created where it is missing.
    OrCreate,
    /// It must not exist.
    CreateNew,
}

/// Opens a regular file for reading and, except with [`Open::Read`], writing. New files are `0600` whatever the umask.
///
/// A symlink in the last component is refused, and so is anything that is no regular file.
pub(crate) fn open_private(path: &Path, open: Open) -> io::Result<File> {
    let access = match open {
        Open::Read => OFlags::RDONLY,
        Open::Existing => OFlags::RDWR,
        Open::OrCreate => OFlags::RDWR | OFlags::CREATE,
        Open::CreateNew => OFlags::RDWR | OFlags::CREATE | OFlags::EXCL,
    };
    // NONBLOCK: a FIFO at our path must not stop us; it has no effect on a regular file.
    let flags = access | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = match rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR) {
        Ok(fd) => File::from(fd),
        Err(Errno::LOOP) => return Err(io::Error::other("it is a symlink, which is not followed here")),
        Err(errno) => return Err(errno.into()),
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    // The umask can take even the owner's bits away from a file that was just created.
    if flags.contains(OFlags::CREATE) && metadata.len() == 0 && metadata.mode() & 0o777 != 0o600 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

/// Opens a private log of text lines to append to; what several processes write there does not mix within a line.
pub fn open_log(path: &Path) -> io::Result<File> {
    let file = open_private(path, Open::OrCreate)?;
    rustix::fs::fcntl_setfl(&file, OFlags::APPEND)?;
    Ok(file)
}

/// Creates a folder and its missing parents, `0700` whatever the umask. Folders that exist stay as they are.
pub fn create_private_dir(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        create_private_dir(parent)?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => fs::set_permissions(path, Permissions::from_mode(0o700)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Tries for `wait` to take a file's lock with `try_lock`; `false` where another process kept it all that time.
pub(crate) fn lock_within(wait: Duration, try_lock: impl Fn() -> Result<(), TryLockError>) -> io::Result<bool> {
    let since = Instant::now();
    loop {
        match try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if since.elapsed() >= wait => return Ok(false),
            Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(5)),
        }
    }
}

/// Makes the names in the folder of `path` durable.
pub(crate) fn sync_folder_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => {
            seam::disk(Step::SyncFolder, folder)?;
            File::open(folder)?.sync_all()
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn new_folders_and_files_belong_to_their_owner_alone() {
        let tmp = tempfile::tempdir().unwrap();
        let folder = tmp.path().join("a/b");
        create_private_dir(&folder).unwrap();
        create_private_dir(&folder).unwrap();
        let file = folder.join("f");
        open_private(&file, Open::OrCreate).unwrap();
        assert_eq!((mode(&folder.join("..")), mode(&folder), mode(&file)), (0o700, 0o700, 0o600));
    }

    #[test]
    fn an_empty_file_with_other_bits_is_closed_to_others() {
        let tmp = tempfile::tempdir().unwrap();
        let path = tmp.path().join("f");
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        open_private(&path, Open::OrCreate).unwrap();
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn symlinks_folders_and_second_creations_are_refused() {
        let tmp = tempfile::tempdir().unwrap();
        let (target, link) = (tmp.path().join("target"), tmp.path().join("link"));
        open_private(&target, Open::CreateNew).unwrap();
        symlink(&target, &link).unwrap();

        let refused = open_private(&link, Open::OrCreate).unwrap_err().to_string();
        assert_eq!(refused, "it is a symlink, which is not followed here");
        let again = open_private(&target, Open::CreateNew).unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
        let folder = open_private(tmp.path(), Open::Read).unwrap_err().to_string();
        assert_eq!(folder, "it is not a regular file");
    }

    #[test]
    fn a_folder_cannot_be_made_below_a_file() {
        let tmp = tempfile::tempdir().unwrap();
        fs::write(tmp.path().join("f"), "").unwrap();
        assert!(create_private_dir(&tmp.path().join("f/d")).is_err());
        assert!(create_private_dir(&tmp.path().join("f")).is_err());
    }
}
