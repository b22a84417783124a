//! Whether something could be written, without writing: as of now and for this user; a quota only shows in a write.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::{Access, AtFlags, CWD, StatxAttributes, StatxFlags, access, statvfs, statx};
use rustix::io::Errno;
use rustix::process::geteuid;

/// In such a folder only owners may rename or delete.
const STICKY: u32 = 0o1000;

/// Whether a file could be made in a folder, or the folder itself if it is missing.
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

pub fn could_replace(path: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    could_write_into(folder)?;
    let Ok(file) = fs::symlink_metadata(path) else { return Ok(()) };
    if file.is_dir() {
        return Err(Errno::ISDIR.into());
    }
    // A file that is a mount of its own, as in a container, cannot be replaced.
    let mounted = statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::empty());
    if mounted.is_ok_and(|statx| statx.stx_attributes.contains(StatxAttributes::MOUNT_ROOT)) {
        return Err(Errno::BUSY.into());
    }
    // Its mode does not matter, but the immutable flag does.
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

/// Or created, if it is missing.
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
