//! Whether something could be written, found out without writing anything.
//!
//! What the system says of it holds for this moment and this user; a quota, say, only shows in the write itself.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::{Access, AtFlags, CWD, StatxAttributes, StatxFlags, access, statvfs, statx};
use rustix::io::Errno;
use rustix::process::geteuid;

/// The bit of a folder in which only owners may rename or delete.
const STICKY: u32 = 0o1000;

/// Whether a file could be made in a folder, or the folder itself where it is missing.
pub fn could_write_into(folder: &Path) -> io::Result<()> {
    let there = folder.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(Path::new("/"));
    if !there.is_dir() {
        return Err(Errno::NOTDIR.into());
    }
    access(there, Access::WRITE_OK | Access::EXEC_OK)?;
    let system = statvfs(there)?;
    let free = if geteuid().is_root() { system.f_bfree } else { system.f_bavail };
    // Some file systems count no inodes at all.
    if free == 0 || (system.f_files > 0 && system.f_favail == 0) {
        return Err(Errno::NOSPC.into());
    }
    Ok(())
}

/// Whether a file could be replaced by another one of its folder, by renaming.
pub fn could_replace(path: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    could_write_into(folder)?;
    let Ok(file) = fs::symlink_metadata(path) else { return Ok(()) };
    if file.is_dir() {
        return Err(Errno::ISDIR.into());
    }
    // A file that is a mount of its own, as in a container, stays where it is.
    let mounted = statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::empty());
    if mounted.is_ok_and(|statx| statx.stx_attributes.contains(StatxAttributes::MOUNT_ROOT)) {
        return Err(Errno::BUSY.into());
    }
    // Its mode does not matter, but that it must not be changed at all does.
    if access(path, Access::WRITE_OK) == Err(Errno::PERM) {
        return Err(Errno::PERM.into());
    }
    let (user, parent) = (geteuid(), fs::metadata(folder)?);
    let owned = [file.uid(), parent.uid()].contains(&user.as_raw());
    if parent.mode() & STICKY != 0 && !owned && !user.is_root() {
        return Err(Errno::PERM.into());
    }
    Ok(())
}

/// Whether a file could be appended to, or made where it is missing.
pub fn could_append(path: &Path) -> io::Result<()> {
    if path.exists() {
        if path.is_dir() {
            return Err(Errno::ISDIR.into());
        }
        return Ok(access(path, Access::WRITE_OK)?);
    }
    could_write_into(path.parent().unwrap_or(Path::new("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(result: io::Result<()>) -> Option<i32> {
        result.err().and_then(|error| error.raw_os_error())
    }

    #[test]
    fn what_can_be_written_leaves_no_trace_of_having_been_asked() {
        let tmp = tempfile::tempdir().unwrap();
        let file = tmp.path().join("f");
        could_write_into(tmp.path()).unwrap();
        could_write_into(&tmp.path().join("a/b/c")).unwrap();
        could_replace(&file).unwrap();
        could_append(&file).unwrap();
        could_append(&tmp.path().join("a/f")).unwrap();
        assert_eq!(fs::read_dir(tmp.path()).unwrap().count(), 0);
        fs::write(&file, "text").unwrap();
        could_replace(&file).unwrap();
        could_append(&file).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "text");
    }

    #[test]
    fn a_file_in_place_of_a_folder_and_a_folder_in_place_of_a_file_cannot_be_written() {
        let tmp = tempfile::tempdir().unwrap();
        let file = tmp.path().join("f");
        fs::write(&file, "").unwrap();
        assert_eq!(kind(could_write_into(&file.join("d"))), Some(Errno::NOTDIR.raw_os_error()));
        assert_eq!(kind(could_replace(tmp.path())), Some(Errno::ISDIR.raw_os_error()));
        assert_eq!(kind(could_append(tmp.path())), Some(Errno::ISDIR.raw_os_error()));
    }
}
