//! The freeze: no automatic rollback for a whole service, until it is lifted or expires.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::core::soak::Frozen;
use crate::io::journal::files::{Open, hand_over, open_private};
use crate::io::journal::{create_private_dir, rfc3339_ms};

const MAX: u64 = 64 << 10;

/// As in its file and in `status --json`. Times are RFC 3339.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freeze {
    pub since: String,
    /// Without it, it never ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    pub by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Freeze {
    pub fn new(by: String, now: Timestamp, until: Option<Timestamp>, reason: Option<String>) -> Self {
        Self { since: rfc3339_ms(now), until: until.map(rfc3339_ms), by, reason }
    }

    /// An unreadable end never comes.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.end().is_none_or(|end| now < end)
    }

    fn end(&self) -> Option<Timestamp> {
        self.until.as_deref()?.parse().ok()
    }

    pub fn frozen(&self) -> Frozen {
        let until_ms = self.end().map(Timestamp::as_millisecond);
        Frozen { by: self.by.clone(), reason: self.reason.clone(), until_ms }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum FreezeError {
    #[error("cannot {action} the freeze `{}`: {source}", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    #[error("the freeze `{}` is not valid ({reason}); `switchback unfreeze` removes it", path.display())]
    Corrupt { path: PathBuf, reason: String },
}

/// `DATA_DIR/SERVICE/freeze.json`.
#[derive(Clone, Debug)]
pub struct FreezeFile {
    path: PathBuf,
}

impl FreezeFile {
    pub fn new(service_dir: &Path) -> Self {
        Self { path: service_dir.join("freeze.json") }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Also if it has expired.
    pub fn read(&self) -> Result<Option<Freeze>, FreezeError> {
        let failed = |source| FreezeError::Io { action: "read", path: self.path.clone(), source };
        let corrupt = |reason: String| FreezeError::Corrupt { path: self.path.clone(), reason };
        let file = match open_private(&self.path, Open::Read) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let mut text = Vec::new();
        file.take(MAX + 1).read_to_end(&mut text).map_err(failed)?;
        if text.len() as u64 > MAX {
            return Err(corrupt(format!("it is longer than {MAX} bytes")));
        }
        serde_json::from_slice(&text).map(Some).map_err(|error| corrupt(error.to_string()))
    }

    /// The current freeze. An invalid file is one: its author wanted no rollback. An unreadable one (another user's, a
    /// symlink) is none, so that no bad release stays live for it: callers must report [`Self::unreadable`].
    pub fn holding(&self, now: Timestamp) -> Option<Freeze> {
        match self.read() {
            Ok(freeze) => freeze.filter(|freeze| freeze.holds(now)),
            Err(FreezeError::Io { .. }) => None,
            Err(error @ FreezeError::Corrupt { .. }) => {
                let (since, by, reason) = (rfc3339_ms(now), "an unknown person".to_owned(), Some(error.to_string()));
                Some(Freeze { since, until: None, by, reason })
            }
        }
    }

    /// Why the existing file cannot be read, in a sentence.
    pub fn unreadable(&self) -> Option<String> {
        let error = self.read().err().filter(|error| matches!(error, FreezeError::Io { .. }))?;
        Some(format!("{error}: automatic rollback is NOT frozen; `switchback unfreeze` removes it"))
    }

    /// Replaces any other freeze atomically.
    pub fn write(&self, freeze: &Freeze) -> Result<(), FreezeError> {
        let write = || {
            let folder = self.path.parent().unwrap_or(Path::new("."));
            create_private_dir(folder)?;
            let mut file = tempfile::Builder::new().prefix("freeze-").tempfile_in(folder)?;
            file.write_all(&serde_json::to_vec_pretty(freeze)?)?;
            hand_over(file.as_file(), folder)?;
            file.as_file().sync_all()?;
            file.persist(&self.path)?;
            Ok(())
        };
        write().map_err(|source| FreezeError::Io { action: "write", path: self.path.clone(), source })
    }

    /// Returns whether there was one.
    pub fn remove(&self) -> Result<bool, FreezeError> {
        match fs::remove_file(&self.path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(FreezeError::Io { action: "remove", path: self.path.clone(), source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_795_476_145 + seconds).unwrap()
    }

    #[test]
    fn a_freeze_is_written_read_back_and_taken_away() {
        let tmp = tempfile::tempdir().unwrap();
        let file = FreezeFile::new(&tmp.path().join("shop"));
        assert_eq!((file.read().unwrap(), file.remove().unwrap()), (None, false));
        let freeze = Freeze::new("operator:ana@host".to_owned(), at(0), Some(at(60)), Some("migration".to_owned()));
        file.write(&freeze).unwrap();
        assert_eq!(fs::metadata(file.path()).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(file.read().unwrap(), Some(freeze.clone()));
        assert_eq!(file.holding(at(59)), Some(freeze.clone()));
        assert_eq!(file.holding(at(60)), None, "its time is over");
        assert_eq!(freeze.frozen().until_ms, Some(at(60).as_millisecond()));
        file.write(&Freeze { until: None, ..freeze }).unwrap();
        assert!(file.holding(at(1_000_000)).is_some());
        assert!(file.remove().unwrap() && file.read().unwrap().is_none());
    }

    #[test]
    fn a_file_that_cannot_be_understood_holds_and_says_so() {
        let tmp = tempfile::tempdir().unwrap();
        let file = FreezeFile::new(tmp.path());
        for text in ["", "{}", "[1]"] {
            fs::write(file.path(), text).unwrap();
            let freeze = file.holding(at(0)).unwrap();
            assert!(freeze.reason.unwrap().contains("`switchback unfreeze` removes it"), "{text}");
        }
        fs::write(file.path(), vec![b' '; 100_000]).unwrap();
        assert!(matches!(file.read(), Err(FreezeError::Corrupt { .. })));
        file.remove().unwrap();
        assert_eq!(file.unreadable(), None);
        let elsewhere = tmp.path().join("elsewhere");
        fs::write(&elsewhere, "{}").unwrap();
        std::os::unix::fs::symlink(&elsewhere, file.path()).unwrap();
        assert_eq!(file.holding(at(0)), None, "a link holds nothing");
        let told = file.unreadable().unwrap();
        assert!(told.contains("it is a symlink") && told.contains("automatic rollback is NOT frozen"), "{told}");
        file.remove().unwrap();
        fs::create_dir(file.path()).unwrap();
        assert!(file.holding(at(0)).is_none() && file.unreadable().is_some());
        assert!(file.remove().unwrap_err().to_string().contains("cannot remove the freeze"));
    }
}
