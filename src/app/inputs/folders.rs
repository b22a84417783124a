//! Searches folders for the marks of a deployment.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::config::dotenv;
use crate::config::place::{CONFIG_FILE, CONFIG_VARIABLE, DOTENV, Level, Owner, STATE_FILE, User};
use crate::config::variables::{given_by, is_instances};
use crate::config::{Distrust, DotEnv, PREFIX};
use crate::io::texts::read_some;

/// Bytes of `.env` that are read: it may be long for other programs.
pub const MAX_DOTENV: u64 = 1024 * 1024;

/// The folder and its ancestors, as lazily as asked for.
pub fn levels(from: &Path, user: User) -> impl Iterator<Item = Level> {
    from.ancestors().map(move |folder| {
        let closed =
            |error: io::Error| Level { folder: folder.to_owned(), closed: Some(error.to_string()), ..Level::default() };
        level(folder, user).unwrap_or_else(closed)
    })
}

fn level(folder: &Path, user: User) -> io::Result<Level> {
    let metadata = fs::metadata(folder)?;
    let config = there(&folder.join(CONFIG_FILE))?.filter(|(_, metadata)| metadata.is_file());
    let state = there(&folder.join(STATE_FILE))?;
    let names_it = |file: DotEnv| file.bytes.is_ok_and(|bytes| says_where(&bytes));
    let dotenv = dotenv_in(folder, folder).filter(|file| names_it(file.clone())).map(|_| folder.join(DOTENV));
    Ok(Level {
        folder: folder.to_owned(),
        device: metadata.dev(),
        closed: None,
        distrust: user.distrust(owner(&metadata)),
        config: config.map(|(path, _)| (path.clone(), distrust(&path, user))),
        dotenv: dotenv.map(|path| (path.clone(), distrust(&path, user))),
        state: state.map(|(path, _)| path),
    })
}

fn there(path: &Path) -> io::Result<Option<(PathBuf, Metadata)>> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some((path.to_owned(), metadata))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn owner(metadata: &Metadata) -> Owner {
    Owner { uid: metadata.uid(), gid: metadata.gid(), mode: metadata.mode() }
}

/// Why a file is not trusted. Of a symlink the link, what it leads to and the folder of that have to be trusted.
pub fn distrust(path: &Path, user: User) -> Option<Distrust> {
    let judged = |path: &Path| fs::metadata(path).ok().and_then(|metadata| user.distrust(owner(&metadata)));
    let link = fs::symlink_metadata(path).ok().filter(Metadata::is_symlink);
    let Some(link) = link else { return judged(path) };
    // Links show mode 777; the permissions of their folder count.
    let link = user.distrust(Owner { mode: 0, ..owner(&link) });
    let real = path.canonicalize().ok();
    let folder = real.as_deref().and_then(Path::parent);
    link.or_else(|| judged(path)).or_else(|| folder.and_then(judged))
}

/// `.env` of a folder; `called_from` decides how it is shown. A folder of that name is a Python environment, not ours.
pub fn dotenv_in(folder: &Path, called_from: &Path) -> Option<DotEnv> {
    let file = folder.join(DOTENV);
    let path = if folder == called_from { PathBuf::from(DOTENV) } else { file.clone() };
    match read_some(&file, MAX_DOTENV) {
        Ok((mut bytes, is_cut)) => {
            if is_cut {
                // A cut line could have another meaning.
                bytes.truncate(bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1));
            }
            Some(DotEnv { path, bytes: Ok(bytes), is_cut })
        }
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::IsADirectory) => None,
        Err(error) => Some(DotEnv { path, bytes: Err(error.to_string()), is_cut: false }),
    }
}

pub fn is_ours(file: &DotEnv) -> bool {
    let ours = file.bytes.as_ref().map(|bytes| dotenv::parse(bytes));
    ours.is_ok_and(|ours| !ours.assignments.is_empty() || !ours.bad.is_empty())
}

/// Whether a `.env` says where instances, configuration or state file are.
fn says_where(bytes: &[u8]) -> bool {
    // Most have no variables of ours.
    if memchr::memmem::find(bytes, PREFIX.as_bytes()).is_none() {
        return false;
    }
    let is_place = |key: &str| key == "state_file" || is_instances(key);
    let says = |name: &str| name == CONFIG_VARIABLE || given_by(name).is_some_and(is_place);
    dotenv::parse(bytes).assignments.iter().any(|one| !one.value.is_empty() && says(&one.name))
}

/// The canonical path of something that is there.
pub fn real(path: &Path) -> Option<PathBuf> {
    match path.canonicalize() {
        Ok(real) => Some(real),
        // What this user cannot see may exist.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Some(path.to_owned()),
        Err(_) => None,
    }
}
