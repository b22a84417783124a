//! From the inputs to a configuration, or to everything that is wrong with them.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::draft::Draft;
use super::keys::{Fallback, Key, keys};
use super::layers::{Entry, Inputs, Layers, ReadText};
use super::model::Config;
use super::place::Location;
use super::problem::{Origin, Problem, Problems};
use super::raw::{Raw, Scalar};
use super::rules;
use super::variables::is_instances;
use crate::model::Color;

/// The longest secret file, in bytes. Tokens of identity providers reach a few kilobytes.
const MAX_SECRET_BYTES: u64 = 64 * 1024;

/// A valid configuration, and how it came to be.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Every key with its value and origin, in the order of the table.
    pub settings: Vec<Setting>,
    /// What is odd and does not stop anything, one sentence each.
    pub warnings: Vec<String>,
    /// Variables that resemble ours: an error for what judges a release, a warning for what must work in an emergency.
    pub misspelled: Vec<Problem>,
    /// Where the deployment lies.
    pub place: Location,
    /// The files that secrets were read from, by the key of the secret.
    pub secret_files: BTreeMap<&'static str, PathBuf>,
}

impl Loaded {
    /// Whether there is a configuration: a file, or something that says where instances are.
    pub fn is_configured(&self) -> bool {
        let given = |setting: &Setting| is_instances(setting.key) && setting.origin != Origin::Default;
        self.place.config_file.is_some() || self.settings.iter().any(given)
    }

    /// Something wrong with the value of a key that only shows on this machine.
    pub fn problem(&self, name: &str, what: impl Into<String>) -> Option<Problem> {
        let key = keys().find(|key| key.name == name)?;
        let Setting { value, origin, .. } = self.settings.iter().find(|setting| setting.key == name)?;
        Some(Problem::of(key, origin.clone(), value.as_deref().unwrap_or_default(), what))
    }

    /// The colors that nobody said anything about, with the instance that is assumed.
    pub fn assumed(&self) -> Vec<(Color, &str)> {
        let of = |color: Color| {
            let key = format!("colors.{color}.instances");
            let setting = self.settings.iter().find(|setting| setting.key == key)?;
            Some((color, setting.value.as_deref().filter(|_| setting.origin == Origin::Default)?))
        };
        Color::ALL.into_iter().filter_map(of).collect()
    }
}

/// The effective value of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The dotted name of the key.
    pub key: &'static str,
    /// The value as its variable would carry it; secrets and credentials masked as `***`. None where nothing is set.
    pub value: Option<String>,
    /// Where it came from.
    pub origin: Origin,
}

/// Puts the layers together and reports all problems. Depends only on `inputs`, which also reads the files of secrets.
pub fn load(inputs: Inputs) -> Result<Loaded, Problems> {
    let (place, mut draft) = begun(&inputs);
    let read_text = inputs.read_text;
    let mut layers = Layers::read(inputs);
    let mut settled = Settled { settings: Vec::new(), refused: Vec::new() };
    for key in keys() {
        let setting = settle(key, &mut layers, &mut draft, read_text).unwrap_or_else(|problem| {
            layers.problems.push(*problem);
            settled.refused.push(key.name);
            fall_back(key, &mut draft)
        });
        settled.settings.push(setting);
    }
    let Layers { mut problems, mut warnings, misspelled, complete, .. } = layers;
    // Rules between keys would blame the wrong one while a part of the input is missing.
    if complete {
        rules::check(&draft, &settled, &mut problems, &mut warnings);
    }
    if problems.is_empty() {
        let secret_files = draft.secret_files.clone();
        let settings = settled.settings;
        Ok(Loaded { config: draft.finish(), settings, warnings, misspelled, place, secret_files })
    } else {
        // Everything at once: one of them may be the reason for another.
        problems.extend(misspelled);
        Err(Problems(problems))
    }
}

/// Where state file and data folder are by these inputs, whatever else is wrong with them.
pub fn files(inputs: Inputs) -> (PathBuf, PathBuf) {
    let (_, mut draft) = begun(&inputs);
    let read_text = inputs.read_text;
    let mut layers = Layers::read(inputs);
    for key in keys().filter(|key| ["state_file", "data_dir"].contains(&key.name)) {
        if settle(key, &mut layers, &mut draft, read_text).is_err() {
            fall_back(key, &mut draft);
        }
    }
    (draft.config.state_file, draft.config.data_dir)
}

fn begun(inputs: &Inputs) -> (Location, Draft) {
    let mut place = inputs.place.clone();
    for folder in [&mut place.folder, &mut place.called_from] {
        if folder.as_os_str().is_empty() {
            folder.clone_from(&inputs.folder);
        }
    }
    let draft = Draft::blank(place.folder.clone(), place.called_from.clone());
    (place, draft)
}

/// The values so far, for the rules between them.
pub struct Settled {
    pub settings: Vec<Setting>,
    /// Keys whose own value was refused and that carry their default instead.
    pub refused: Vec<&'static str>,
}

fn settle(
    key: &'static Key,
    layers: &mut Layers,
    draft: &mut Draft,
    read_text: Option<ReadText>,
) -> Result<Setting, Box<Problem>> {
    let Some((Entry { raw, origin }, is_file)) = layers.take(key)? else {
        return Ok(fall_back(key, draft));
    };
    draft.reads_from(&origin);
    let raw = if is_file { secret_from_file(key, &raw, &origin, draft, read_text)? } else { raw };
    match key.kind.store(draft, &raw) {
        Ok(value) => Ok(Setting { key: key.name, value: Some(value), origin }),
        Err(what) => Err(Box::new(Problem::of(key, origin, &key.kind.sort().given(&raw), what))),
    }
}

fn fall_back(key: &'static Key, draft: &mut Draft) -> Setting {
    draft.reads_from(&Origin::Default);
    let value = match &key.default {
        // A test stores every default, so none is refused here.
        Fallback::Text(text) => key.kind.store(draft, &Raw::text(*text)).ok(),
        Fallback::Derived { fill, .. } => fill(draft),
        Fallback::Unset => None,
    };
    Setting { key: key.name, value, origin: Origin::Default }
}

fn secret_from_file(
    key: &Key,
    path: &Raw,
    origin: &Origin,
    draft: &mut Draft,
    read_text: Option<ReadText>,
) -> Result<Raw, Box<Problem>> {
    let unreadable = |given: &str, what: String| Box::new(key.secret_file_problem(origin.clone(), given, what));
    let path = path.scalar(&[Scalar::String], "a string").map_err(|what| unreadable("***", what.into()))?;
    let file = draft.base().join(path);
    let secret = secret_in(&file, read_text).map_err(|error| {
        // Whoever puts the secret itself where its file should be named must not find it in a log.
        let given = if path.starts_with(['/', '.']) { path } else { "***" };
        unreadable(given, format!("the file with the secret cannot be read: {error}"))
    })?;
    draft.secret_files.insert(key.name, file);
    Ok(Raw::text(secret))
}

/// The secret in a file of its own, without its last line break.
pub fn secret_in(file: &Path, read_text: Option<ReadText>) -> io::Result<String> {
    let read_text = read_text.ok_or(io::ErrorKind::Unsupported)?;
    let text = read_text(file, MAX_SECRET_BYTES)?;
    let secret = text.strip_suffix('\n').unwrap_or(&text);
    Ok(secret.strip_suffix('\r').unwrap_or(secret).to_owned())
}

#[cfg(test)]
mod tests;
