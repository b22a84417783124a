//! Files as nginx's master sees them, perhaps in its own mounts and root.

use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};

const MAX_BYTES: u64 = 1 << 20;
/// The kernel's suffix for a mounted file that was replaced or removed.
const DELETED: &str = "//deleted";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Master {
    pid: u32,
}

/// A mount of a single file, as the master sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileMount {
    /// Our file is mounted: it must be written in place, or nginx keeps the old one.
    Ours,
    /// The file mounted from our path was replaced: nginx has the old one.
    Replaced { at: PathBuf },
}

impl Master {
    pub const fn new(pid: u32) -> Self {
        Self { pid }
    }

    pub const fn pid(self) -> u32 {
        self.pid
    }

    /// Its view of a file, following links below its root. An error: no permission to look, or no such file.
    pub fn read(self, path: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open(path, OFlags::RDONLY)?.take(MAX_BYTES).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    pub fn open(self, path: &Path, access: OFlags) -> io::Result<File> {
        // Entered first: an absolute link below it means this root, not ours.
        let root = File::open(format!("/proc/{}/root", self.pid))?;
        let below = path.strip_prefix("/").unwrap_or(path);
        let flags = access | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = File::from(openat2(&root, below, flags, Mode::empty(), ResolveFlags::IN_ROOT)?);
        if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is not a regular file")) }
    }

    pub fn sees(self, path: &Path, file: &Metadata) -> io::Result<bool> {
        let metadata = self.open(path, OFlags::RDONLY)?.metadata()?;
        Ok((metadata.dev(), metadata.ino()) == (file.dev(), file.ino()))
    }

    pub fn file_mount(self, path: &Path) -> io::Result<Option<FileMount>> {
        let table = format!("/proc/{}/mountinfo", self.pid);
        let mut text = String::new();
        File::open(table)?.take(MAX_BYTES).read_to_string(&mut text)?;
        let ours = fs::metadata(path).ok();
        let mut replaced = None;
        for Mount { root, at } in text.lines().filter_map(Mount::parse) {
            if let (Some(root), Some(_)) = (root.strip_suffix(DELETED), &ours) {
                if path.ends_with(root.trim_start_matches('/')) {
                    replaced = Some(FileMount::Replaced { at });
                }
            } else if let Some(ours) = &ours
                && root.ends_with(last_name(path))
                && self.sees(&at, ours).unwrap_or(false)
            {
                return Ok(Some(FileMount::Ours));
            }
        }
        Ok(replaced)
    }
}

fn last_name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

/// A line of `/proc/PID/mountinfo` (proc(5)).
struct Mount {
    root: String,
    at: PathBuf,
}

impl Mount {
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split(' ').skip(3);
        Some(Self { root: unescape(fields.next()?), at: unescape(fields.next()?).into() })
    }
}

/// Decodes the octal escapes of blanks, line feeds and backslashes.
fn unescape(field: &str) -> String {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let octal = after.get(..3).filter(|_| *byte == b'\\').and_then(|digits| std::str::from_utf8(digits).ok());
        let escaped = octal.and_then(|digits| u8::from_str_radix(digits, 8).ok());
        bytes.push(escaped.unwrap_or(*byte));
        rest = if escaped.is_some() { &after[3..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// How the file is mounted by itself, here or for nginx. `None` without permission to look.
pub fn mount_of(path: &Path, master: Option<Master>) -> Option<FileMount> {
    let here = Master::new(std::process::id()).file_mount(path).ok().flatten();
    let there = master.and_then(|master| master.file_mount(path).ok().flatten());
    here.filter(|mount| *mount == FileMount::Ours).or(there)
}

pub fn seen(master: Option<Master>, mount: Option<&FileMount>) -> Option<Vec<u8>> {
    match (master, mount) {
        (Some(master), Some(FileMount::Replaced { at })) => master.read(at).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn this_process() -> Master {
        Master::new(std::process::id())
    }

    #[test]
    fn a_line_of_the_mount_table_has_its_blanks_escaped() {
        let line =
            r"36 35 98:0 /mnt\0401/active.conf//deleted /etc/ngi\134nx/a.conf rw,noatime master:1 - ext3 /dev/root rw";
        let Mount { root, at } = Mount::parse(line).unwrap();
        assert_eq!((root.as_str(), at), ("/mnt 1/active.conf//deleted", PathBuf::from(r"/etc/ngi\nx/a.conf")));
        assert!(Mount::parse("36 35 98:0 /only").is_none());
        assert_eq!(unescape(r"a\04 b\9"), r"a\04 b\9", "what is no escape stays");
    }

    #[test]
    fn files_are_read_below_the_root_of_the_process_and_links_too() {
        let tmp = tempfile::tempdir().unwrap();
        fs::write(tmp.path().join("file"), "x").unwrap();
        std::os::unix::fs::symlink(tmp.path().join("file"), tmp.path().join("link")).unwrap();
        let master = this_process();
        assert_eq!(master.read(&tmp.path().join("link")).unwrap(), b"x");
        let file = fs::metadata(tmp.path().join("file")).unwrap();
        assert!(master.sees(&tmp.path().join("link"), &file).unwrap());
        fs::write(tmp.path().join("other"), "x").unwrap();
        assert!(!master.sees(&tmp.path().join("other"), &file).unwrap());
        assert!(master.read(tmp.path()).is_err(), "a folder is no file");
        assert!(master.read(&tmp.path().join("missing")).is_err());
        assert_eq!(master.file_mount(&tmp.path().join("file")).unwrap(), None);
    }

    #[test]
    fn a_process_that_is_gone_cannot_be_looked_into() {
        let gone = Master::new(u32::MAX);
        assert!(gone.read(Path::new("/etc/passwd")).is_err() && gone.file_mount(Path::new("/etc/passwd")).is_err());
    }
}
