//! Changes files and links: atomically, or in place if only that reaches nginx.

use std::fs::{self, File, Permissions};
use std::io::{self, Seek as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::time::SystemTime;

use rustix::fs::Access;
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_OMIT, access, utimensat};

/// Readable for nginx's user; there is nothing secret in it.
const MODE: u32 = 0o644;
const MAX_BYTES: u64 = 1 << 20;

pub fn read(path: &Path) -> io::Result<Option<(Vec<u8>, SystemTime)>> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    if metadata.len() > MAX_BYTES {
        return Err(io::Error::other(format!("it is longer than {MAX_BYTES} bytes")));
    }
    Ok(Some((fs::read(path)?, metadata.modified()?)))
}

pub fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Must not match `*.conf`, which nginx often includes.
fn temporary() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".switchback-").suffix(".tmp");
    builder
}

/// Replaces a file atomically, keeping owner and permissions.
pub fn replace(path: &Path, bytes: &[u8], old: Option<&fs::Metadata>) -> io::Result<()> {
    let folder = folder(path);
    let mut file = temporary().tempfile_in(folder)?;
    file.write_all(bytes)?;
    if let Some(old) = old {
        // Only root may give files away. Otherwise keep the group if this user is in it.
        let (uid, gid) = (Some(old.uid()), Some(old.gid()));
        let given = std::os::unix::fs::fchown(file.as_file(), uid, gid);
        let _ = given.or_else(|_| std::os::unix::fs::fchown(file.as_file(), None, gid));
    }
    file.as_file().set_permissions(old.map_or(Permissions::from_mode(MODE), fs::Metadata::permissions))?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    File::open(folder)?.sync_all()
}

/// A rename fails if the file is a mount, or its folder not writable; a write in place would work.
pub fn only_in_place(error: &io::Error, path: &Path) -> bool {
    let kind = matches!(error.kind(), io::ErrorKind::ResourceBusy | io::ErrorKind::PermissionDenied);
    kind && access(path, Access::WRITE_OK).is_ok()
}

/// Durable, and never empty in between.
pub fn overwrite(mut file: File, bytes: &[u8]) -> io::Result<()> {
    file.rewind()?;
    file.write_all(bytes)?;
    file.set_len(u64::try_from(bytes.len()).unwrap_or(u64::MAX))?;
    file.sync_all()
}

/// Replaces whatever is there, atomically.
pub fn place_link(link: &Path, text: &Path) -> io::Result<()> {
    let folder = folder(link);
    let new = temporary().make_in(folder, |path| symlink(text, path))?;
    new.persist(link)?;
    File::open(folder)?.sync_all()
}

/// Sets the mtime of a file, or of a link itself.
pub fn date(path: &Path, changed: SystemTime) -> io::Result<()> {
    let since = changed.duration_since(SystemTime::UNIX_EPOCH).map_err(io::Error::other)?;
    let seconds = i64::try_from(since.as_secs()).map_err(io::Error::other)?;
    let changed = Timespec { tv_sec: seconds, tv_nsec: since.subsec_nanos().into() };
    let untouched = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
    let times = Timestamps { last_access: untouched, last_modification: changed };
    Ok(utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW)?)
}
