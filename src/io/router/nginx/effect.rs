//! Whether nginx reads the included file at all: by `nginx -T`, and by its master's view.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::dump;
use super::master::Master;
use crate::io::router::process::run_keeping;

const MAX_DUMP: usize = 16 << 20;

#[derive(Debug, thiserror::Error)]
pub enum EffectError {
    #[error("nginx does not include `{}`: it is none of the {files} files that `{command}` names", path.display())]
    NotIncluded { path: PathBuf, files: usize, command: String },
    /// `nginx -T` reads it, but the running nginx sees another one.
    #[error("the nginx that runs (process {master}) does not see what is in `{}`: at `{}` it sees something else", path.display(), at.display())]
    NotSeen { master: u32, path: PathBuf, at: PathBuf },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    Read,
    /// Why it cannot be checked.
    Unknown(String),
}

/// Whether the nginx behind `test` reads these bytes from this file, and whether the running master does.
pub async fn look(
    folder: &Path,
    test: &[String],
    limit: Duration,
    master: Option<Master>,
    path: &Path,
    bytes: &[u8],
) -> Result<Effect, EffectError> {
    let Some(words) = dump::command(test) else {
        return Ok(Effect::Unknown("router.test is not `nginx -t`, so `nginx -T` cannot be asked".to_owned()));
    };
    let command = words.join(" ");
    let printed = match run_keeping(folder, &words, &[], limit, MAX_DUMP).await {
        Ok(printed) => printed.stdout,
        Err(error) => return Ok(Effect::Unknown(format!("`{command}`: {error}"))),
    };
    if printed.len() >= MAX_DUMP {
        return Ok(Effect::Unknown(format!("`{command}` prints more than {MAX_DUMP} bytes")));
    }
    let files = dump::files(&printed);
    if files.is_empty() {
        return Ok(Effect::Unknown(format!("`{command}` names no file")));
    }
    let ours = fs::metadata(path).ok();
    let same_file = |named: &Path| {
        let sees = |master: Master| ours.as_ref().is_some_and(|ours| master.sees(named, ours).unwrap_or(false));
        master.is_some_and(sees)
    };
    let paths = |is: &dyn Fn(&Path, &[u8]) -> bool| -> Vec<&PathBuf> {
        files.iter().filter(|(named, content)| is(named, content)).map(|(named, _)| named).collect()
    };
    // By inode if visible; by content in another mount namespace.
    let by_number = paths(&|named, _| same_file(named));
    let named = if by_number.is_empty() { paths(&|_, content| content == bytes) } else { by_number };
    let Some(first) = named.first() else {
        return Err(EffectError::NotIncluded { path: path.to_owned(), files: files.len(), command });
    };
    let Some(master) = master else { return Ok(Effect::Read) };
    let seen: Vec<_> = named.iter().map(|named| master.read(named)).collect();
    if seen.iter().any(|seen| seen.as_ref().is_ok_and(|seen| seen == bytes)) {
        return Ok(Effect::Read);
    }
    if seen.iter().any(|seen| seen.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)) {
        return Ok(Effect::Unknown(format!("not permitted to inspect nginx's master (process {})", master.pid())));
    }
    Err(EffectError::NotSeen { master: master.pid(), path: path.to_owned(), at: (*first).clone() })
}
