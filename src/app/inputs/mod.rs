//! Collects what the configuration is made of from the real process: where the deployment lies, its files, the environment.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `folders` | searches folders for the marks of a deployment |

mod folders;

use std::ffi::OsString;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

use crate::config::dotenv;
use crate::config::place::{CONFIG_FILE, CONFIG_VARIABLE, Candidate, Choice, DOTENV, User, choose, search};
use crate::config::variables::{given_by, may_be_ours};
use crate::config::{DotEnv, Inputs, Location, Origin, PREFIX, Problem, ReadText, files, printable};
use crate::io::texts::{read_regular_text, read_text};

/// The longest configuration file, in bytes.
const MAX_FILE: u64 = 1024 * 1024;

#[derive(Default)]
struct Surroundings {
    working: PathBuf,
    variables: Vec<(OsString, OsString)>,
    user: User,
}

/// The inputs of this process. `flags` are key names with values, `config` is what `--config` names; without that and
/// `SWITCHBACK_CONFIG` the deployment is searched for upwards from the working directory. What cannot be read becomes a
/// problem that [`load`](crate::config::load) reports together with all others.
pub fn from_process(flags: Vec<(String, String)>, config: Option<PathBuf>) -> Inputs {
    let variables: Vec<_> = std::env::vars_os().collect();
    let named = config.clone().or_else(|| Some(variable(&variables, CONFIG_VARIABLE)?.into()));
    let (working, lost) = match (std::env::current_dir(), named) {
        (Ok(working), _) => (working, None),
        // A named file does not depend on the folder.
        (Err(error), Some(file)) if file.is_absolute() => (folder_of(&file), Some(error)),
        (Err(error), _) => {
            let what = format!("cannot find the working directory: {error}; go to another one, or use -C DIR");
            return Inputs { unreadable: vec![Problem::about(".", what)], ..Inputs::default() };
        }
    };
    let uid = rustix::process::geteuid().as_raw();
    let sudo_uid = variable(&variables, "SUDO_UID").and_then(|uid| uid.to_str()?.parse().ok());
    let user = User { uid, sudo_uid: sudo_uid.filter(|_| uid == 0) };
    let mut inputs = gather(Surroundings { working, variables, user }, flags, config);
    inputs.warnings.extend(lost.map(|error| {
        let folder = inputs.place.called_from.display().to_string();
        format!("cannot find the working directory ({error}): relative paths start at `{folder}`")
    }));
    inputs
}

/// The inputs of one of many deployments: its file and the `.env` beside it, nothing of the environment. Only regular files are
/// read: the others must not wait for a FIFO.
pub fn from_file(file: &Path) -> Inputs {
    let around = Surroundings { working: folder_of(file), variables: Vec::new(), user: myself() };
    let mut inputs = gather(around, Vec::new(), Some(file.to_owned()));
    // Nobody has given a flag.
    inputs.place.named_by = None;
    for problem in &mut inputs.unreadable {
        problem.origin = None;
    }
    Inputs { read_text: Some(read_regular_text), ..inputs }
}

/// The inputs of an agent: its file, where there is one, and the variables of `[control]`.
pub fn of_agent(file: &Path) -> Inputs {
    let folder = folder_of(file);
    let mut unreadable = Vec::new();
    let mut env = environment(&std::env::vars_os().collect::<Vec<_>>(), &mut unreadable);
    env.retain(|(name, _)| given_by(name).is_some_and(|key| key.starts_with("control.")));
    let place = Location { called_from: folder.clone(), ..Location::default() };
    let inputs = Inputs { env, place, read_text: Some(read_text), ..Inputs::default() };
    settled(&inputs, &folder, None, ConfigFile { path: file.to_owned(), shown: file.to_owned(), named_by: None })
}

fn myself() -> User {
    User { uid: rustix::process::geteuid().as_raw(), sudo_uid: None }
}

/// Why a file or folder is not trusted to name commands to run, in half a sentence.
pub fn distrust(path: &Path) -> Option<String> {
    folders::distrust(path, myself()).map(|why| why.of(path))
}

fn variable<'a>(variables: &'a [(OsString, OsString)], name: &str) -> Option<&'a OsString> {
    variables.iter().find(|(known, value)| known == name && !value.is_empty()).map(|(_, value)| value)
}

fn folder_of(file: &Path) -> PathBuf {
    file.parent().unwrap_or(Path::new("/")).to_owned()
}

struct ConfigFile {
    path: PathBuf,
    /// The path as named or shown.
    shown: PathBuf,
    /// What named it; `None` for the optional default file.
    named_by: Option<Origin>,
}

fn gather(around: Surroundings, flags: Vec<(String, String)>, config: Option<PathBuf>) -> Inputs {
    let Surroundings { working, variables, user } = around;
    let mut unreadable = Vec::new();
    let env = environment(&variables, &mut unreadable);
    let place = Location { called_from: working.clone(), ..Location::default() };
    let read_text: Option<ReadText> = Some(read_text);
    let inputs = Inputs { flags, env, place, read_text, unreadable, ..Inputs::default() };
    if let Some((shown, origin)) = named_file(config, &inputs.env) {
        let (folder, path) = beside(&working.join(&shown));
        let dotenv = folders::dotenv_in(&folder, &working);
        let file = ConfigFile { path, shown, named_by: Some(origin) };
        return settled(&inputs, &folder, dotenv, file);
    }
    let home = variable(&variables, "HOME").and_then(|home| Path::new(home).canonicalize().ok());
    let found = search(folders::levels(&working, user), home.as_deref());
    let folder = found.found.unwrap_or_else(|| working.clone());
    let place = Location { looked: found.looked, end: Some(found.end), ..inputs.place };
    let mut inputs = Inputs { place, ..inputs };
    let mut dotenv = folders::dotenv_in(&folder, &working);
    if folder != working
        && let Some(why) = folders::distrust(&folder.join(DOTENV), user)
    {
        let unread = dotenv.take().filter(folders::is_ours);
        inputs.warnings.extend(unread.map(|file| unread_because(&file.path, &why.of(&file.path))));
    }
    let file = named_in_dotenv(&folder, dotenv.as_ref()).unwrap_or_else(|| default_file(&folder, &working));
    settled(&inputs, &folder, dotenv, file)
}

/// The folder of a file, without symlinks in its path, and the file, which may be one: its folder is where it was put.
fn beside(file: &Path) -> (PathBuf, PathBuf) {
    let folder = folder_of(file);
    let folder = folder.canonicalize().unwrap_or(folder);
    let path = file.file_name().map_or_else(|| folder.clone(), |name| folder.join(name));
    (folder, path)
}

fn unread_because(path: &Path, why: &str) -> String {
    format!("`{}` sets SWITCHBACK_ variables and is not read: {why}", path.display())
}

/// The inputs with their files, for a deployment in `folder` unless its files are only elsewhere.
fn settled(inputs: &Inputs, folder: &Path, dotenv: Option<DotEnv>, file: ConfigFile) -> Inputs {
    let working = inputs.place.called_from.clone();
    let text = read_config(&file);
    let shown = text.as_ref().ok().and_then(Option::as_ref).map(|text| (file.shown.clone(), text.clone()));
    let with =
        |folder: &Path, dotenv| Inputs { dotenv, file: shown.clone(), folder: folder.to_owned(), ..inputs.clone() };
    let mut all = vec![with(folder, dotenv)];
    for other in [linked_folder(&file.path), Some(working.clone())].into_iter().flatten() {
        if all.iter().all(|known| known.folder != other) {
            all.push(with(&other, folders::dotenv_in(&other, &working)));
        }
    }
    let candidates: Vec<Candidate> = all.iter().map(candidate).collect();
    let Choice { index, warning, rival } = choose(&candidates);
    let mut chosen = all.swap_remove(index);
    chosen.warnings.extend(warning);
    if chosen.folder != working && folders::dotenv_in(&working, &working).is_some_and(|file| folders::is_ours(&file)) {
        let why = format!("the deployment lies in `{}`", chosen.folder.display());
        chosen.warnings.push(unread_because(&working.join(DOTENV), &why));
    }
    chosen.place.rival = rival;
    chosen.place.folder.clone_from(&chosen.folder);
    match text {
        Ok(None) => {}
        Ok(Some(_)) => (chosen.place.config_file, chosen.place.named_by) = (Some(file.path), file.named_by),
        Err(problem) => chosen.unreadable.push(*problem),
    }
    chosen
}

fn linked_folder(path: &Path) -> Option<PathBuf> {
    path.symlink_metadata().ok().filter(Metadata::is_symlink)?;
    path.canonicalize().ok().map(|real| folder_of(&real))
}

/// Where the files would be if the deployment lay in the folder of these inputs.
fn candidate(inputs: &Inputs) -> Candidate {
    let (state_file, data_dir) = files(inputs.clone());
    Candidate {
        state: folders::real(&state_file),
        data: folders::real(&data_dir),
        state_file,
        data_dir,
        folder: inputs.folder.clone(),
        is_working: inputs.folder == inputs.place.called_from,
    }
}

fn environment(variables: &[(OsString, OsString)], unreadable: &mut Vec<Problem>) -> Vec<(String, String)> {
    let mut env = Vec::new();
    for (variable, value) in variables {
        let Some(variable) = variable.to_str().filter(|name| may_be_ours(name)).map(str::to_owned) else {
            continue;
        };
        if let Some(value) = value.to_str() {
            env.push((variable, value.to_owned()));
        } else if variable.starts_with(PREFIX) {
            let problem = Problem::about(printable(&variable), "the value is not UTF-8");
            unreadable.push(problem.at(Origin::Environment { variable }));
        }
    }
    env
}

fn names_file(name: &str, value: &str) -> bool {
    name == CONFIG_VARIABLE && !value.is_empty()
}

fn named_file(config: Option<PathBuf>, env: &[(String, String)]) -> Option<(PathBuf, Origin)> {
    let flag = config.map(|path| (path, Origin::CommandLine { flag: Some("config") }));
    let in_env = || {
        let (variable, value) = env.iter().find(|(name, value)| names_file(name, value))?;
        Some((PathBuf::from(value), Origin::Environment { variable: variable.clone() }))
    };
    flag.or_else(in_env)
}

/// The file that `.env` of this folder names. The deployment is still in this folder.
fn named_in_dotenv(folder: &Path, dotenv: Option<&DotEnv>) -> Option<ConfigFile> {
    let DotEnv { path, bytes, .. } = dotenv?;
    let assignments = dotenv::parse(bytes.as_ref().ok()?).assignments;
    let one = assignments.into_iter().rfind(|one| names_file(&one.name, &one.value))?;
    let named_by = Some(Origin::DotEnv { path: path.clone(), line: one.line });
    Some(ConfigFile { path: folder.join(&one.value), shown: PathBuf::from(one.value), named_by })
}

fn default_file(folder: &Path, working: &Path) -> ConfigFile {
    let path = folder.join(CONFIG_FILE);
    let shown = if folder == working { PathBuf::from(CONFIG_FILE) } else { path.clone() };
    ConfigFile { path, shown, named_by: None }
}

/// The text of the file; `None` if it is missing and was not named.
fn read_config(file: &ConfigFile) -> Result<Option<String>, Box<Problem>> {
    let ConfigFile { path, shown, named_by } = file;
    let read = match named_by {
        // What was named may be a pipe: `--config <(generate)`.
        Some(_) => read_text(path, MAX_FILE),
        None => read_regular_text(path, MAX_FILE),
    };
    match read {
        Ok(text) => Ok(Some(text)),
        Err(error) if named_by.is_none() && error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let shown = printable(&shown.display().to_string());
            let problem = Problem::about(shown, format!("the file cannot be read: {error}"));
            Err(Box::new(Problem { origin: named_by.clone(), ..problem }))
        }
    }
}

#[cfg(test)]
mod tests;
