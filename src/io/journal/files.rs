//! Files that only their owner may read, opened so that nobody can slip another file under our name.

use std::fs::{self, DirBuilder, File, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::geteuid;

/// Folder bits: new entries inherit its group; only owners may rename or delete in it.
const SETGID: u32 = 0o2000;
const STICKY: u32 = 0o1000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Open {
    /// Must exist; opened read-only.
    Read,
    /// Must exist.
    Existing,
    OrCreate,
    CreateNew,
}

/// Opens a regular file, no symlink (read-only with [`Open::Read`]). New ones are `0600`; see [`hand_over`].
pub(crate) fn open_private(path: &Path, open: Open) -> io::Result<File> {
    let access = match open {
        Open::Read => OFlags::RDONLY,
        Open::Existing => OFlags::RDWR,
        Open::OrCreate => OFlags::RDWR | OFlags::CREATE,
        Open::CreateNew => OFlags::RDWR | OFlags::CREATE | OFlags::EXCL,
    };
    // NONBLOCK: a FIFO at our path must not block us; it has no effect on a regular file.
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
    // An empty file was just created, or might as well have been.
    if flags.contains(OFlags::CREATE) && metadata.len() == 0 && metadata.uid() == geteuid().as_raw() {
        hand_over(&file, path.parent().unwrap_or(Path::new("/")))?;
    }
    Ok(file)
}

/// Root's new files get the folder's owner and group; in a setgid folder the group has access, else only the owner.
pub(crate) fn hand_over(new: &File, folder: &Path) -> io::Result<()> {
    let (of, made) =
        (fs::metadata(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })?, new.metadata()?);
    if geteuid().is_root() && (made.uid(), made.gid()) != (of.uid(), of.gid()) && of.mode() & STICKY == 0 {
        std::os::unix::fs::fchown(new, Some(of.uid()), Some(of.gid()))?;
    }
    let owner = if made.is_dir() { 0o700 } else { 0o600 };
    let is_of_a_team = of.mode() & SETGID != 0;
    let group = if is_of_a_team { of.mode() & (owner >> 3) } else { 0 };
    let inherited = if is_of_a_team && made.is_dir() { SETGID } else { 0 };
    let wanted = owner | group | inherited;
    if new.metadata()?.mode() & 0o7777 != wanted {
        new.set_permissions(Permissions::from_mode(wanted))?;
    }
    Ok(())
}

/// Appends to a private text log; lines of several processes do not mix.
pub fn open_log(path: &Path) -> io::Result<File> {
    let file = open_private(path, Open::OrCreate)?;
    rustix::fs::fcntl_setfl(&file, OFlags::APPEND)?;
    Ok(file)
}

/// Creates a folder and its missing parents as `0700`, owned like their parents. Existing folders stay as they are.
pub fn create_private_dir(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        create_private_dir(parent)?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => hand_over(&File::open(path)?, path.parent().unwrap_or(Path::new("/"))),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Retries `try_lock` for `wait`; `false` if another process kept the lock.
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

pub(crate) fn sync_folder_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
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
    fn in_the_folder_of_a_team_its_group_may_do_what_it_may_do_there() {
        let tmp = tempfile::tempdir().unwrap();
        let team = tmp.path().join("team");
        fs::create_dir(&team).unwrap();
        fs::set_permissions(&team, Permissions::from_mode(0o2770)).unwrap();
        let folder = team.join("a/b");
        create_private_dir(&folder).unwrap();
        open_private(&folder.join("f"), Open::OrCreate).unwrap();
        assert_eq!((mode(&folder), mode(&folder.join("f"))), (0o770, 0o660));
        assert_ne!(fs::metadata(&folder).unwrap().mode() & SETGID, 0, "and so on below");

        fs::set_permissions(&team, Permissions::from_mode(0o2750)).unwrap();
        open_private(&team.join("read"), Open::OrCreate).unwrap();
        assert_eq!(mode(&team.join("read")), 0o640);
    }

    #[test]
    fn what_root_makes_belongs_to_whom_the_folder_belongs() {
        if !geteuid().is_root() {
            return;
        }
        let tmp = tempfile::tempdir().unwrap();
        std::os::unix::fs::chown(tmp.path(), Some(4711), Some(4712)).unwrap();
        let folder = tmp.path().join("a/b");
        create_private_dir(&folder).unwrap();
        open_private(&folder.join("f"), Open::OrCreate).unwrap();
        for path in [tmp.path().join("a"), folder.clone(), folder.join("f")] {
            let made = fs::metadata(&path).unwrap();
            assert_eq!((made.uid(), made.gid()), (4711, 4712), "{}", path.display());
        }
        assert_eq!((mode(&folder), mode(&folder.join("f"))), (0o700, 0o600));
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
