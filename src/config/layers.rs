//! The layers of the configuration, from the flags down to the file, each with the origin of its values.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::dotenv::{self, DotEnv, Ours};
use super::file;
use super::keys::{Key, keys};
use super::nearest::{nearest, suggestion};
use super::place::Location;
use super::problem::{Origin, Problem, printable};
use super::raw::Raw;
use super::variables::{self, Oddities, Variable};

/// What all our variables begin with.
pub const PREFIX: &str = "SWITCHBACK_";

/// Reads a UTF-8 text of at most so many bytes.
pub type ReadText = fn(&Path, u64) -> io::Result<String>;

/// Everything the configuration is made of; nothing here reads the real environment. No `Debug`: it may hold secrets.
#[derive(Clone, Default)]
pub struct Inputs {
    /// Key names (`soak.window`) and values from the command line. They win over everything else.
    pub flags: Vec<(String, String)>,
    /// The variables of the environment; those of others are ignored.
    pub env: Vec<(String, String)>,
    /// `.env`, where there is one.
    pub dotenv: Option<DotEnv>,
    /// The configuration file as it was named, and its text.
    pub file: Option<(PathBuf, String)>,
    /// The folder of the deployment: relative paths of file and `.env` lie in it.
    pub folder: PathBuf,
    /// How that was found, and where relative paths of flags and environment lie; where it is not said, in `folder`.
    pub place: Location,
    /// How the files of secrets are read. Without it there are none.
    pub read_text: Option<ReadText>,
    /// What could not be gathered.
    pub unreadable: Vec<Problem>,
    /// What was odd on the way and stops nothing, one sentence each.
    pub warnings: Vec<String>,
}

pub struct Entry {
    pub raw: Raw,
    pub origin: Origin,
}

/// One layer: values by the name of the key, or of a secret's file key.
pub type Layer = BTreeMap<&'static str, Entry>;

/// All layers, the strongest first, with what was wrong on the way and what is only worth a warning.
pub struct Layers {
    by_strength: [Layer; 5],
    /// Whether every file was there and could be read, so that what is not given is known to be not given.
    pub complete: bool,
    pub problems: Vec<Problem>,
    pub misspelled: Vec<Problem>,
    pub warnings: Vec<String>,
}

impl Layers {
    pub fn read(inputs: Inputs) -> Self {
        let mut problems = inputs.unreadable;
        let mut found = Oddities { warnings: inputs.warnings, ..Oddities::default() };
        let ambient = variables::ambient(&inputs.env);
        let env = inputs.env.into_iter().map(|(name, value)| {
            let origin = Origin::Environment { variable: name.clone() };
            Variable { name, value, origin }
        });
        let env = variables::sort_out(env, &mut found);
        let otherwise = inputs.file.is_some() || gives_instances(&env);
        let dotenv = match inputs.dotenv {
            Some(dotenv) => dotenv_layer(dotenv, otherwise, &mut problems, &mut found),
            None => Layer::new(),
        };
        let misspelled = std::mem::take(&mut found.misspelled);
        let warnings = found.into_warnings();
        let all_read = problems.is_empty();
        let flags = command_line(inputs.flags, &mut problems);
        let file = match inputs.file {
            Some((path, text)) => file::read(&path, &text, &mut problems),
            None => Some(Layer::new()),
        };
        let complete = all_read && file.is_some();
        Self {
            by_strength: [flags, env, dotenv, file.unwrap_or_default(), ambient],
            complete,
            problems,
            misspelled,
            warnings,
        }
    }

    /// The value of the strongest layer that has one; `true` for a secret's file. Fails if one has both.
    pub fn take(&mut self, key: &Key) -> Result<Option<(Entry, bool)>, Box<Problem>> {
        let file_key = key.secret_file().map_or("", |(name, _)| name);
        for layer in &mut self.by_strength {
            match (layer.remove(key.name), layer.remove(file_key)) {
                (Some(value), None) => return Ok(Some((value, false))),
                (None, Some(file)) => return Ok(Some((file, true))),
                (Some(value), Some(file)) => {
                    let what = format!("also given by {}: remove one of the two", file.origin);
                    return Err(Box::new(Problem::of(key, value.origin, "***", what)));
                }
                (None, None) => {}
            }
        }
        Ok(None)
    }
}

fn command_line(flags: Vec<(String, String)>, problems: &mut Vec<Problem>) -> Layer {
    let mut layer = Layer::new();
    for (name, value) in flags {
        match keys().find(|key| key.name == name) {
            Some(key) if key.is_secret() => {
                let what = "secrets are not allowed on the command line, where every user of the machine can read them";
                let origin = Origin::CommandLine { flag: None };
                problems.push(Problem::of(key, origin, "***", what));
            }
            Some(key) => {
                let origin = Origin::CommandLine { flag: key.flag };
                layer.insert(key.name, Entry { raw: Raw::text(value), origin });
            }
            None => {
                let found = suggestion(nearest(&name, keys().map(|key| key.name)));
                let problem = Problem::about(printable(&name), format!("unknown key{found}"));
                problems.push(problem.at(Origin::CommandLine { flag: None }));
            }
        }
    }
    layer
}

/// `.env` belongs to others as well; unreadable it is a problem, unless the configuration is elsewhere (`otherwise`).
fn dotenv_layer(file: DotEnv, otherwise: bool, problems: &mut Vec<Problem>, found: &mut Oddities) -> Layer {
    let DotEnv { path, bytes, is_cut } = file;
    let shown = printable(&path.display().to_string());
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(why) if otherwise => {
            found
                .warnings
                .push(format!("{shown} cannot be read ({why}): if it sets SWITCHBACK_ variables, they are missing"));
            return Layer::new();
        }
        Err(why) => {
            let what = format!(
                "the file cannot be read: {why}. There is no other configuration, so it may be the one that says where \
                 instances and router are; run this as a user who can read it, or name a configuration with --config"
            );
            problems.push(Problem::about(shown, what));
            return Layer::new();
        }
    };
    let at = |line| Origin::DotEnv { path: path.clone(), line };
    let Ours { assignments, bad, overlooked } = dotenv::parse(&bytes);
    if is_cut {
        found.warnings.push(format!("{shown} is too large: only its first {} bytes are read", bytes.len()));
    }
    let more = bad.len().saturating_sub(MAX_BAD_LINES);
    for bad in bad.into_iter().take(MAX_BAD_LINES) {
        problems.push(Problem::about(&shown, bad.what).at(at(bad.line)));
    }
    if more > 0 {
        problems.push(Problem::about(&shown, format!("{more} more lines that begin with {PREFIX} cannot be read")));
    }
    for line in overlooked.into_iter().take(MAX_BAD_LINES) {
        let told = "a SWITCHBACK_ variable is not read: put it at the start of its line";
        found.warnings.push(format!("{}: {told}", at(line)));
    }
    let variable = |one: dotenv::Assignment| {
        let origin = at(one.line);
        Variable { name: one.name, value: one.value, origin }
    };
    variables::sort_out(assignments.into_iter().map(variable), found)
}

const MAX_BAD_LINES: usize = 20;

fn gives_instances(layer: &Layer) -> bool {
    layer.keys().any(|key| variables::is_instances(key))
}
