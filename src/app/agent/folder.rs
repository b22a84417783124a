//! Which configuration files a folder has, and which of them changed.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::candidate::{self, Candidate};
use super::own::FILE;

/// Identifies a version of a file without reading it. Links are followed.
type Stamp = Option<(u64, u64, i64, i64, i64, i64, u64)>;

/// The files of the folder as they were read last.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    dotenv: Stamp,
    files: BTreeMap<PathBuf, (Stamp, Result<Candidate, String>)>,
}

impl Folder {
    /// Nothing is read yet.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), dotenv: None, files: BTreeMap::new() }
    }

    /// Reads what is new or has changed since the last look.
    pub fn look(mut self) -> (Self, io::Result<bool>) {
        let looked = self.look_again();
        (self, looked)
    }

    fn look_again(&mut self) -> io::Result<bool> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let name = entry?.file_name();
            let text = name.to_string_lossy();
            if text.ends_with(".toml") && !text.starts_with('.') && text != FILE {
                names.push(self.path.join(name));
            }
        }
        let dotenv = stamp(&self.path.join(".env"));
        let all = std::mem::replace(&mut self.dotenv, dotenv) != dotenv;
        let before = self.files.len();
        self.files.retain(|path, _| names.contains(path));
        let mut changed = before != self.files.len();
        for path in names {
            let now = stamp(&path);
            if all || self.files.get(&path).is_none_or(|(then, _)| *then != now) {
                let read = candidate::read(&path);
                // One that was written while it was read is read again.
                let settled = now.filter(|_| stamp(&path) == now);
                self.files.insert(path, (settled, read));
                changed = true;
            }
        }
        Ok(changed)
    }

    /// The files, by their paths.
    pub fn files(&self) -> impl Iterator<Item = (&Path, Result<&Candidate, &str>)> {
        self.files.iter().map(|(path, (_, read))| (path.as_path(), read.as_ref().map_err(String::as_str)))
    }
}

fn stamp(path: &Path) -> Stamp {
    fs::metadata(path).ok().map(|found: Metadata| {
        let times = (found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec());
        (found.dev(), found.ino(), times.0, times.1, times.2, times.3, found.len())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(folder: &Folder) -> Vec<String> {
        let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
        let mark = |read: Result<&Candidate, &str>| read.map_or_else(|why| format!("? {why}"), |of| of.service.clone());
        folder.files().map(|(path, read)| format!("{}: {}", name(path), mark(read))).collect()
    }

    fn service(name: &str) -> String {
        format!(
            "service = \"{name}\"\nstate_file = \"{name}.json\"\n[colors.blue]\ninstances = \"http://b:1\"\n\
             [colors.green]\ninstances = \"http://g:1\"\n"
        )
    }

    #[test]
    fn files_that_come_change_and_go_are_noticed_and_others_are_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
        write("agent.toml", "");
        write("notes.txt", "");
        write(".hidden.toml", "");
        write("shop.toml", &service("shop"));
        let (folder, changed) = Folder::new(dir.path()).look();
        assert!(changed.unwrap());
        assert_eq!(shown(&folder), ["shop.toml: shop"]);
        let (folder, changed) = folder.look();
        assert!(!changed.unwrap());
        write("cart.toml", "service = 5");
        let (folder, changed) = folder.look();
        assert!(changed.unwrap());
        assert!(shown(&folder)[0].starts_with("cart.toml: ? "), "{:?}", shown(&folder));
        write("cart.toml", &service("cart"));
        fs::remove_file(dir.path().join("shop.toml")).unwrap();
        let (folder, changed) = folder.look();
        assert!(changed.unwrap());
        assert_eq!(shown(&folder), ["cart.toml: cart"]);
        write(".env", "SWITCHBACK_SERVICE=other\n");
        let (folder, changed) = folder.look();
        assert!(changed.unwrap(), "what stands beside all of them may change each");
        fs::remove_dir_all(dir.path()).unwrap();
        let (folder, looked) = folder.look();
        assert!(looked.is_err() && shown(&folder).len() == 1, "a folder that cannot be read takes nothing away");
    }
}
