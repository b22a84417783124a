//! Collects the inputs from the real process: the only place of this module that looks at it.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::dotenv::{self, DotEnv};
use super::layers::{Inputs, PREFIX};
use super::problem::{Origin, Problem, printable};
use super::read::{read_some, read_text};
use super::variables::may_be_ours;

/// The file that is read where none is named; it may be missing.
const DEFAULT_FILE: &str = "switchback.toml";

/// The variable that names another one.
const FILE_VARIABLE: &str = "SWITCHBACK_CONFIG";

/// The longest configuration file, in bytes.
const LARGEST_FILE: u64 = 1024 * 1024;

/// So much of `.env` is read, in bytes: it may be long for reasons of others.
const LARGEST_DOTENV: u64 = 1024 * 1024;

impl Inputs {
    /// The inputs of this process: its environment, its working directory, `.env` there, and the configuration file.
    ///
    /// `flags` are key names with their values, `config` is what `--config` names. What cannot be read becomes a
    /// problem that [`load`](super::load) reports together with all others.
    pub fn from_process(flags: Vec<(String, String)>, config: Option<PathBuf>) -> Self {
        match std::env::current_dir() {
            Ok(folder) => gather(folder, std::env::vars_os(), flags, config),
            Err(error) => {
                let what = format!("the working directory cannot be found: {error}");
                Self { unreadable: vec![Problem::about(".", what)], ..Self::default() }
            }
        }
    }
}

fn gather(
    folder: PathBuf,
    variables: impl Iterator<Item = (OsString, OsString)>,
    flags: Vec<(String, String)>,
    config: Option<PathBuf>,
) -> Inputs {
    let mut unreadable = Vec::new();
    let env = environment(variables, &mut unreadable);
    let dotenv = dotenv(&folder);
    let file = match named_file(config, &env, dotenv.as_ref()) {
        Some((path, origin)) => read_text(&folder.join(&path), LARGEST_FILE)
            .map_err(|error| unreadable.push(cannot_read(&path, &error).at(origin)))
            .ok()
            .map(|text| (path, text)),
        None => default_file(&folder, &mut unreadable),
    };
    Inputs { flags, env, dotenv, file, folder, unreadable }
}

fn environment(
    variables: impl Iterator<Item = (OsString, OsString)>,
    unreadable: &mut Vec<Problem>,
) -> Vec<(String, String)> {
    let mut env = Vec::new();
    for (variable, value) in variables {
        let Some(variable) = variable.into_string().ok().filter(|name| may_be_ours(name)) else {
            continue;
        };
        if let Ok(value) = value.into_string() {
            env.push((variable, value));
        } else if variable.starts_with(PREFIX) {
            let problem = Problem::about(printable(&variable), "the value is not UTF-8");
            unreadable.push(problem.at(Origin::Environment { variable }));
        }
    }
    env
}

/// `.env` of the working directory. A folder of that name is a Python environment and none of our business.
fn dotenv(folder: &Path) -> Option<DotEnv> {
    let path = PathBuf::from(".env");
    match read_some(&folder.join(&path), LARGEST_DOTENV) {
        Ok((mut bytes, is_cut)) => {
            if is_cut {
                // Half a line would say something else.
                bytes.truncate(bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1));
            }
            Some(DotEnv { path, bytes: Ok(bytes), is_cut })
        }
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::IsADirectory) => None,
        Err(error) => Some(DotEnv { path, bytes: Err(error.to_string()), is_cut: false }),
    }
}

fn named_file(config: Option<PathBuf>, env: &[(String, String)], dotenv: Option<&DotEnv>) -> Option<(PathBuf, Origin)> {
    let flag = config.map(|path| (path, Origin::CommandLine { flag: Some("config") }));
    let ours = |name: &str, value: &str| name == FILE_VARIABLE && !value.is_empty();
    let in_env = || {
        let (variable, value) = env.iter().find(|(name, value)| ours(name, value))?;
        Some((PathBuf::from(value), Origin::Environment { variable: variable.clone() }))
    };
    let in_dotenv = || {
        let DotEnv { path, bytes, .. } = dotenv?;
        let assignments = dotenv::parse(bytes.as_ref().ok()?).assignments;
        let one = assignments.into_iter().rfind(|one| ours(&one.name, &one.value))?;
        Some((PathBuf::from(one.value), Origin::DotEnv { path: path.clone(), line: one.line }))
    };
    flag.or_else(in_env).or_else(in_dotenv)
}

fn default_file(folder: &Path, unreadable: &mut Vec<Problem>) -> Option<(PathBuf, String)> {
    let path = PathBuf::from(DEFAULT_FILE);
    match read_text(&folder.join(&path), LARGEST_FILE) {
        Ok(text) => Some((path, text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            unreadable.push(cannot_read(&path, &error));
            None
        }
    }
}

fn cannot_read(path: &Path, error: &io::Error) -> Problem {
    Problem::about(printable(&path.display().to_string()), format!("the file cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::load;

    fn gathered(folder: &Path, env: &[(&str, &str)], config: Option<&str>) -> Inputs {
        let env = env.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        gather(folder.to_owned(), env, Vec::new(), config.map(PathBuf::from))
    }

    fn unreadable(inputs: &Inputs) -> Vec<String> {
        inputs.unreadable.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_empty_folder_gives_no_files_and_no_problem() {
        let folder = tempfile::tempdir().unwrap();
        let inputs = gathered(folder.path(), &[("SWITCHBACK_SERVICE", "shop"), ("HOME", "/root")], None);
        assert_eq!(inputs.env, [("SWITCHBACK_SERVICE".to_owned(), "shop".to_owned())]);
        assert!(inputs.dotenv.is_none() && inputs.file.is_none() && inputs.unreadable.is_empty());
    }

    #[test]
    fn both_files_of_the_folder_are_read() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".env"), "SWITCHBACK_GRACE=5s\n").unwrap();
        fs::write(folder.path().join("switchback.toml"), "service = \"shop\"\n").unwrap();
        let loaded = load(gathered(folder.path(), &[], None)).unwrap();
        assert_eq!(loaded.config.service, "shop");
        assert_eq!(loaded.config.soak.grace.as_secs(), 5);
        assert_eq!(loaded.config.state_file, folder.path().join(".deployment-state.json"));
    }

    #[test]
    fn a_named_file_is_found_by_flag_then_variable_then_dotenv() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.toml", "b.toml", "c.toml"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::write(folder.path().join(".env"), "SWITCHBACK_CONFIG=x.toml\nSWITCHBACK_CONFIG=c.toml\n").unwrap();
        let name = |env: &[_], flag| gathered(folder.path(), env, flag).file.map(|(path, _)| path);
        let env = [("SWITCHBACK_CONFIG", "b.toml")];
        assert_eq!(name(&env, Some("a.toml")), Some(PathBuf::from("a.toml")));
        assert_eq!(name(&env, None), Some(PathBuf::from("b.toml")));
        assert_eq!(name(&[("SWITCHBACK_CONFIG", "")], None), Some(PathBuf::from("c.toml")));
    }

    #[test]
    fn a_named_file_that_is_missing_is_a_problem_with_the_place_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let inputs = gathered(folder.path(), &[], Some("prod.toml"));
        assert_eq!(
            unreadable(&inputs),
            ["prod.toml: the file cannot be read: No such file or directory (os error 2)\n    from     flag --config"]
        );
    }

    #[test]
    fn a_folder_named_dotenv_is_ignored_and_one_named_like_the_file_is_not() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(".env")).unwrap();
        fs::create_dir(folder.path().join("switchback.toml")).unwrap();
        let inputs = gathered(folder.path(), &[], None);
        assert_eq!(unreadable(&inputs), ["switchback.toml: the file cannot be read: Is a directory (os error 21)"]);
    }

    #[test]
    fn a_dotenv_that_cannot_be_read_stops_only_what_has_no_other_configuration() {
        let folder = tempfile::tempdir().unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, folder.path().join(".env"), rustix::fs::Mode::RWXU).unwrap();
        let problems = load(gathered(folder.path(), &[], None)).unwrap_err().to_string();
        assert!(
            problems.contains(".env: the file cannot be read: not a regular file. There is no other"),
            "{problems}"
        );
        let told = [".env cannot be read (not a regular file): if it sets SWITCHBACK_ variables, they are missing"];
        let instances = [("SWITCHBACK_BLUE_INSTANCES", "http://a:1")];
        assert_eq!(load(gathered(folder.path(), &instances, None)).unwrap().warnings, told);
        fs::write(folder.path().join("switchback.toml"), "service = \"shop\"\n").unwrap();
        assert_eq!(load(gathered(folder.path(), &[], None)).unwrap().warnings, told);
    }

    #[test]
    fn a_dotenv_that_is_too_large_is_read_as_far_as_whole_lines_go() {
        let folder = tempfile::tempdir().unwrap();
        let mut text = b"SWITCHBACK_GRACE=5s\n".to_vec();
        text.resize(usize::try_from(LARGEST_DOTENV).unwrap() - 18, b'x');
        text.extend_from_slice(b"\nSWITCHBACK_GRACE=15s\n");
        fs::write(folder.path().join(".env"), &text).unwrap();
        let loaded = load(gathered(folder.path(), &[], None)).unwrap();
        assert_eq!(loaded.config.soak.grace.as_secs(), 5);
        assert_eq!(
            loaded.warnings,
            [format!(".env is too large: only its first {} bytes are read", LARGEST_DOTENV - 17)]
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_problems_but_for_those_in_dotenv() {
        use std::os::unix::ffi::OsStringExt as _;
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("switchback.toml"), [0xff]).unwrap();
        let bytes = || OsString::from_vec(vec![0xff]);
        let env = [(OsString::from("SWITCHBACK_GRACE"), bytes()), (bytes(), bytes()), ("HOME".into(), bytes())];
        fs::write(folder.path().join(".env"), [0xff]).unwrap();
        let inputs = gather(folder.path().to_owned(), env.into_iter(), Vec::new(), None);
        assert_eq!(
            unreadable(&inputs),
            [
                "SWITCHBACK_GRACE: the value is not UTF-8\n    from     environment SWITCHBACK_GRACE",
                "switchback.toml: the file cannot be read: the file is not UTF-8",
            ]
        );
    }

    #[test]
    fn the_process_itself_has_inputs() {
        assert!(Inputs::from_process(Vec::new(), None).folder.is_absolute());
    }
}
