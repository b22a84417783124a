//! A small JSON record, in the service's folder, of what was done to a router.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::io::journal::files::{create_private_dir, hand_over, sync_folder_of};

const MAX_BYTES: u64 = 1 << 20;

/// A missing or damaged record is the default.
pub fn read<T: DeserializeOwned + Default>(path: &Path) -> T {
    let read = || -> io::Result<T> {
        let metadata = fs::metadata(path)?;
        if !metadata.is_file() || metadata.len() > MAX_BYTES {
            return Err(io::Error::other("it is not a record of ours"));
        }
        Ok(serde_json::from_slice(&fs::read(path)?)?)
    };
    read().unwrap_or_else(|error| {
        if error.kind() != io::ErrorKind::NotFound {
            tracing::warn!(%error, path = %path.display(), "the record of what was done to the router cannot be read");
        }
        T::default()
    })
}

/// Durably.
pub fn write(path: &Path, record: &impl Serialize) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    create_private_dir(folder)?;
    let mut file = tempfile::Builder::new().prefix("router-").tempfile_in(folder)?;
    hand_over(file.as_file(), folder)?;
    file.write_all(&serde_json::to_vec_pretty(record)?)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    sync_folder_of(path)
}
