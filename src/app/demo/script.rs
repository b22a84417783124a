//! The commands of the `command` router: a small shell script that rewrites the file the proxy follows.

use std::io;
use std::path::{Path, PathBuf};

use crate::config::RouterKind;

const SCRIPT: &str = include_str!("router.sh");

/// The router's script, its route file and the file that breaks it, all in one folder.
#[derive(Clone, Debug)]
pub struct Script {
    folder: PathBuf,
}

impl Script {
    /// Writes the script and a route to blue into `folder`.
    pub fn write(folder: &Path) -> io::Result<Self> {
        let script = Self { folder: folder.to_path_buf() };
        std::fs::write(script.path(), SCRIPT)?;
        std::fs::write(script.route(), "blue\n")?;
        Ok(script)
    }

    pub fn path(&self) -> PathBuf {
        self.folder.join("router.sh")
    }

    /// The file the proxy follows.
    pub fn route(&self) -> PathBuf {
        self.folder.join("route")
    }

    /// While it exists, rollbacks fail.
    pub fn broken(&self) -> PathBuf {
        self.folder.join("router-broken")
    }

    /// While it exists, rollbacks take a second.
    pub fn slow(&self) -> PathBuf {
        self.folder.join("slow")
    }

    /// The process that moves traffic slowly, with its number as the name of its process group.
    pub fn moving(&self) -> PathBuf {
        self.folder.join("moving")
    }

    pub fn router_kind(&self) -> RouterKind {
        let path = self.path().display().to_string();
        let command = |words: &[&str]| {
            let words = words.iter().map(|&word| word.to_owned());
            ["sh".to_owned(), path.clone()].into_iter().chain(words).collect()
        };
        RouterKind::Command {
            switch: command(&["switch", "{color}"]),
            rollback: command(&["rollback", "{color}"]),
            read: command(&["read"]),
        }
    }
}
