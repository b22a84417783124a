//! Where the deployment lies: from what the folders hold to the one that counts. Whoever calls looks into them.

use std::fmt;
use std::path::{Path, PathBuf};

use super::problem::Origin;

/// The configuration file that is looked for where none is named.
pub const CONFIG_FILE: &str = "switchback.toml";
/// The variable that names another one.
pub const CONFIG_VARIABLE: &str = "SWITCHBACK_CONFIG";
/// The state file where no other is configured.
pub const STATE_FILE: &str = ".deployment-state.json";
pub const DOTENV: &str = ".env";
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Location {
    /// Holds state file, data folder and `.env`; relative paths of file and `.env` start here, commands run here.
    pub folder: PathBuf,
    /// The configuration file, absolute; none where there is none.
    pub config_file: Option<PathBuf>,
    /// What named that file; none where it was found.
    pub named_by: Option<Origin>,
    /// The working directory: relative paths of flags and of the environment lie in it.
    pub called_from: PathBuf,
    /// The folders in which a deployment was looked for, the nearest first.
    pub looked: Vec<PathBuf>,
    /// What ended looking; none where nothing was looked for because the configuration was named.
    pub end: Option<End>,
    /// Another state file that is as likely to be meant as the one of `folder`.
    pub rival: Option<Rival>,
}

/// Two state files, of which only a person can say which is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rival {
    /// The one beside the configuration.
    pub beside: PathBuf,
    /// The one that stands elsewhere.
    pub other: PathBuf,
}

impl fmt::Display for Rival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { beside, other } = self;
        write!(
            f,
            "there are two state files: `{}` beside the configuration and `{}`",
            beside.display(),
            other.display()
        )
    }
}

/// Why a file or folder that the search came by is not used: it would name commands to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// It belongs to another user, who is not root.
    OtherUser { uid: u32 },
    /// Others can write to it.
    Writable,
}

impl Distrust {
    /// The same of a file or folder, as half a sentence.
    pub fn of(self, path: &Path) -> String {
        let path = path.display();
        match self {
            Self::OtherUser { uid } => format!("`{path}` belongs to another user (uid {uid})"),
            Self::Writable => format!("other users can write to `{path}`"),
        }
    }
}

/// What decides whether a file or folder is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    pub uid: u32,
    pub gid: u32,
    pub mode: u32,
}

/// Who runs the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// The effective user.
    pub uid: u32,
    /// Who called sudo, where root runs it for somebody.
    pub sudo_uid: Option<u32>,
}

impl User {
    /// Why this user does not trust something found; `None` if it can be trusted. A group whose number is its owner's
    /// is that user's private group (`useradd` makes one each).
    pub fn distrust(self, owner: Owner) -> Option<Distrust> {
        const GROUP: u32 = 0o020;
        const OTHERS: u32 = 0o002;
        let Owner { uid, gid, mode } = owner;
        if uid != 0 && uid != self.uid && self.sudo_uid != Some(uid) {
            return Some(Distrust::OtherUser { uid });
        }
        let shared = mode & OTHERS != 0 || (mode & GROUP != 0 && gid != uid);
        shared.then_some(Distrust::Writable)
    }
}

#[derive(Clone, Debug, Default)]
pub struct Level {
    pub folder: PathBuf,
    /// Its file system.
    pub device: u64,
    /// Why it cannot be looked into.
    pub closed: Option<String>,
    pub distrust: Option<Distrust>,
    /// A configuration file, and why it is not trusted.
    pub config: Option<(PathBuf, Option<Distrust>)>,
    /// A `.env` that says where the deployment is, and why it is not trusted.
    pub dotenv: Option<(PathBuf, Option<Distrust>)>,
    pub state: Option<PathBuf>,
}

impl Level {
    /// What a deployment is found by here, the plainest first.
    fn mark(&self) -> Option<&Path> {
        let config = self.config.as_ref().map(|(path, _)| path);
        let dotenv = self.dotenv.as_ref().map(|(path, _)| path);
        config.or(self.state.as_ref()).or(dotenv).map(PathBuf::as_path)
    }

    /// A deployment that is here and not to be trusted.
    fn refused(&self) -> Option<End> {
        let mark = self.mark()?;
        let (what, why) = match (self.distrust, &self.config, &self.state, &self.dotenv) {
            (Some(why), ..) => (&self.folder, why),
            (_, Some((path, Some(why))), ..) | (_, None, None, Some((path, Some(why)))) => (path, *why),
            _ => return None,
        };
        Some(End::NotUsed { mark: mark.to_owned(), what: what.clone(), why })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    Found,
    Root,
    Home(PathBuf),
    /// The folder above is on another file system.
    Border(PathBuf),
    /// A deployment was found that is not used.
    NotUsed {
        mark: PathBuf,
        /// The file or folder that is not trusted.
        what: PathBuf,
        why: Distrust,
    },
    /// A folder cannot be looked into, and may hold the deployment.
    Closed {
        folder: PathBuf,
        why: String,
    },
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found => f.write_str("found"),
            Self::Root => f.write_str("up to the root folder"),
            Self::Home(home) => write!(f, "up to the home folder `{}`", home.display()),
            Self::Border(folder) => write!(f, "the folder above `{}` is on another file system", folder.display()),
            Self::NotUsed { mark, what, why } => write!(f, "`{}` is not used: {}", mark.display(), why.of(what)),
            Self::Closed { folder, why } => write!(f, "cannot look into `{}`: {why}", folder.display()),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    pub found: Option<PathBuf>,
    /// The folders that were looked into, the nearest first.
    pub looked: Vec<PathBuf>,
    pub end: End,
}

/// Goes up from the working directory, which is always trusted, to the first folder with a configuration or state file.
/// Ends at the home folder, the border of a file system, and a deployment that is not trusted: one above is another.
pub fn search(levels: impl IntoIterator<Item = Level>, home: Option<&Path>) -> Search {
    let mut looked: Vec<PathBuf> = Vec::new();
    let mut device = None;
    let ended = |looked, end| Search { found: None, looked, end };
    for level in levels {
        let first = looked.is_empty();
        if let Some(below) = looked.last()
            && device != Some(level.device)
            && level.closed.is_none()
        {
            let below = below.clone();
            return ended(looked, End::Border(below));
        }
        device = Some(level.device);
        looked.push(level.folder.clone());
        if let Some(why) = &level.closed {
            return ended(looked, End::Closed { folder: level.folder, why: why.clone() });
        }
        if let Some(refused) = level.refused().filter(|_| !first) {
            return ended(looked, refused);
        }
        if level.mark().is_some() {
            return Search { found: Some(level.folder), looked, end: End::Found };
        }
        if home == Some(&level.folder) {
            return ended(looked, End::Home(level.folder));
        }
    }
    ended(looked, End::Root)
}

/// One folder that the deployment may lie in, and where its files would be then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub folder: PathBuf,
    pub state_file: PathBuf,
    /// Its canonical path, if it is there.
    pub state: Option<PathBuf>,
    pub data_dir: PathBuf,
    /// Its canonical path, if it is there.
    pub data: Option<PathBuf>,
    pub is_working: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub index: usize,
    /// Why it is not the first.
    pub warning: Option<String>,
    /// Where two have a state file.
    pub rival: Option<Rival>,
}

/// The first candidate, the configuration's folder, unless only another has the files; files in both are ambiguous.
pub fn choose(candidates: &[Candidate]) -> Choice {
    let first = |rival| Choice { index: 0, warning: None, rival };
    let Some((beside, others)) = candidates.split_first() else { return first(None) };
    // A state file that is named says nothing about the folder; then the records do.
    let named = others.iter().all(|other| other.state_file == beside.state_file);
    let there = |candidate: &Candidate| if named { candidate.data.clone() } else { candidate.state.clone() };
    let found: Vec<(usize, PathBuf)> =
        candidates.iter().enumerate().filter_map(|(index, candidate)| Some((index, there(candidate)?))).collect();
    let Some((index, real)) = found.first() else { return first(None) };
    let working = found.iter().find(|(other, path)| !named && path != real && candidates[*other].is_working);
    let rival = working.map(|(other, _)| Rival {
        beside: candidates[*index].state_file.clone(),
        other: candidates[*other].state_file.clone(),
    });
    if *index == 0 {
        return first(rival);
    }
    let other = &candidates[*index];
    let (what, missing, used, key) = if named {
        ("data folder", &beside.data_dir, &other.data_dir, "data_dir")
    } else {
        ("state file", &beside.state_file, &other.state_file, "state_file")
    };
    let warning = format!(
        "there is no {what} `{}` beside the configuration, so `{}` is used and the deployment is taken to lie in `{}`; to settle \
         it, set {key} in the configuration, or move the file",
        missing.display(),
        used.display(),
        other.folder.display()
    );
    Choice { index: *index, warning: Some(warning), rival }
}

#[cfg(test)]
mod tests;
