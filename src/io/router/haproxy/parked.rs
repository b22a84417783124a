//! A record of servers put away by a move, or earlier by somebody else: HAProxy keeps no note of who did it.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::servers::Server;
use crate::io::router::record;
use crate::model::Color;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// `set server … state drain`.
    Drain,
    /// `set server … state maint`.
    Maint,
    /// `set server … weight 0`.
    Weight,
}

impl Way {
    pub const fn holds(self, server: &Server) -> bool {
        match self {
            Self::Drain => server.is_draining(),
            Self::Maint => server.is_in_maintenance(),
            Self::Weight => server.weight == 0,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ours {
    pub way: Way,
    /// While it served.
    pub weight: u32,
}

/// Taken out by somebody else while its color served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Theirs {
    /// Whether HAProxy's configuration said `disabled` then; if that changed since, the record is void.
    pub disabled: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Put away by a move, or about to be brought back by one that has begun.
    #[serde(default)]
    pub ours: BTreeMap<String, Ours>,
    #[serde(default)]
    pub theirs: BTreeMap<String, Theirs>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked {
    /// A record of another backend says nothing.
    #[serde(default)]
    pub backend: String,
    /// The color being brought in by a move; `None` once it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moving: Option<Color>,
    #[serde(default)]
    blue: Option<Entry>,
    #[serde(default)]
    green: Option<Entry>,
}

impl Parked {
    const fn entry(&self, color: Color) -> Option<&Entry> {
        color.pick(self.blue.as_ref(), self.green.as_ref())
    }

    /// The record of a server that a move put away, if it is still away in that way.
    pub fn ours(&self, color: Color, server: &Server) -> Option<&Ours> {
        self.entry(color)?.ours.get(&server.name).filter(|ours| ours.way.holds(server))
    }

    /// Taken out by somebody else while its color served. Void once a server put away by a move is back otherwise.
    pub fn is_theirs(&self, color: Color, server: &Server, of_color: &[&Server]) -> bool {
        let Some(entry) = self.entry(color) else { return false };
        let find = |name: &String| of_color.iter().find(|server| server.name == *name);
        let stands = |(name, ours): (&String, &Ours)| find(name).is_none_or(|server| ours.way.holds(server));
        // If the servers were edited since, the record is about others.
        let of_these = entry.ours.keys().any(|name| find(name).is_some());
        let theirs = entry.theirs.get(&server.name).filter(|_| of_these);
        theirs.is_some_and(|theirs| theirs.disabled == server.is_disabled())
            && (self.moving.is_some() || entry.ours.iter().all(stands))
    }

    pub fn kept(&self, color: Color) -> Option<Entry> {
        self.entry(color).cloned()
    }

    pub fn set(&mut self, color: Color, entry: Option<Entry>) {
        match color {
            Color::Blue => self.blue = entry,
            Color::Green => self.green = entry,
        }
    }
}

/// `DATA_DIR/SERVICE/haproxy.json`.
#[derive(Clone, Debug)]
pub struct ParkedFile {
    path: PathBuf,
    backend: String,
}

impl ParkedFile {
    pub fn new(service_dir: &Path, backend: &str) -> Self {
        Self { path: service_dir.join("haproxy.json"), backend: backend.to_owned() }
    }

    /// The record of this backend; empty if missing or damaged.
    pub fn read(&self) -> Parked {
        let parked: Parked = record::read(&self.path);
        if parked.backend == self.backend {
            parked
        } else {
            Parked { backend: self.backend.clone(), ..Parked::default() }
        }
    }

    pub fn write(&self, parked: &Parked) -> io::Result<()> {
        if self.read() == *parked {
            return Ok(());
        }
        record::write(&self.path, parked)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_record_is_read_back_and_belongs_to_its_backend() {
        let tmp = tempfile::tempdir().unwrap();
        let folder = tmp.path().join("shop");
        let file = ParkedFile::new(&folder, "app");
        let empty = Parked { backend: "app".to_owned(), ..Parked::default() };
        assert_eq!(file.read(), empty);
        let mut parked = Parked { moving: Some(Color::Green), ..empty.clone() };
        let ours = [("b1".to_owned(), Ours { way: Way::Weight, weight: 7 })].into();
        let theirs = [("b2".to_owned(), Theirs { disabled: true })].into();
        parked.set(Color::Blue, Some(Entry { ours, theirs }));
        parked.set(Color::Green, None);
        file.write(&parked).unwrap();
        file.write(&parked).unwrap();
        assert_eq!(file.read(), parked);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing but the record is left");
        assert_eq!(ParkedFile::new(&folder, "other").read().backend, "other");
        assert_eq!(ParkedFile::new(&folder, "other").read().moving, None);
    }

    #[test]
    fn a_damaged_record_knows_nothing_and_one_that_cannot_be_written_is_an_error() {
        let tmp = tempfile::tempdir().unwrap();
        let file = ParkedFile::new(tmp.path(), "app");
        fs::write(&file.path, "{").unwrap();
        assert_eq!(file.read(), Parked { backend: "app".to_owned(), ..Parked::default() });
        fs::remove_file(&file.path).unwrap();
        fs::create_dir(&file.path).unwrap();
        assert_eq!(file.read().moving, None);
        assert!(file.write(&Parked::default()).is_err());
    }
}
