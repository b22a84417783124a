//! What a row of the table is made of, and the rows as one list.

use super::{
    checks, control, coordination, general, instances, notify, prometheus, requests, retention, rollback, router, soak,
    terminal,
};
use crate::config::draft::Draft;
use crate::config::kind::Kind;
use crate::config::layers::PREFIX;
use crate::config::problem::{Origin, Problem};

pub struct Key {
    /// The dotted name in the file, such as `soak.window`. Flags are handed to [`load`](crate::config::load()) by it.
    pub name: &'static str,
    /// What its variable was called before, where that was irregular. It still works.
    pub(in crate::config) old_env: Option<&'static str>,
    /// The flag without its dashes, such as `window`; keys that are seldom changed by hand have none.
    pub flag: Option<&'static str>,
    /// What it does, in one sentence.
    pub help: &'static str,
    pub(in crate::config) default: Fallback,
    pub(in crate::config) kind: &'static dyn Kind,
    /// A rule that involves other keys, in words.
    pub(in crate::config) also: Option<&'static str>,
    /// A good value, as it would be written in the variable.
    pub(in crate::config) example: &'static str,
    /// The key that names a file with the value, for a secret.
    pub(in crate::config) file_name: &'static str,
}

/// What a key is when no layer gives it.
pub enum Fallback {
    /// This text, read like any other.
    Text(&'static str),
    /// Computed from keys that stand earlier in the table; the text describes how.
    Derived {
        text: &'static str,
        fill: fn(&mut Draft) -> Option<String>,
    },
    Unset,
}

pub(in crate::config) use Fallback::{Derived, Text, Unset};

/// The variable that gives a key: `soak.interval` → `SWITCHBACK_SOAK_INTERVAL`.
pub fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.to_ascii_uppercase().replace(['.', '-'], "_"))
}

impl Key {
    pub fn env(&self) -> String {
        variable(self.name)
    }

    /// What is allowed, in words: `3s..24h`, `hold, keep, rollback`.
    pub fn allowed(&self) -> String {
        let allowed = self.kind.sort().allowed();
        self.also.map_or(allowed.clone(), |also| format!("{allowed}; {also}"))
    }

    /// A value as it is written in the file.
    pub fn toml(&self, text: &str) -> String {
        self.kind.sort().toml(text)
    }

    /// The words that can be typed, where there are only so many.
    pub fn words(&self) -> Vec<&'static str> {
        self.kind.sort().words()
    }

    /// The default, in words: `10m`, `= window`, `none`.
    pub const fn default_text(&self) -> &'static str {
        match self.default {
            Text(text) | Derived { text, .. } => text,
            Unset => "none",
        }
    }

    /// Whether the value may never be shown, nor stand on the command line.
    pub fn is_secret(&self) -> bool {
        self.kind.sort().is_secret()
    }

    /// For a secret, the key and the variable that name a file with it.
    pub(in crate::config) fn secret_file(&self) -> Option<(&'static str, String)> {
        self.is_secret().then(|| (self.file_name, variable(self.file_name)))
    }

    /// A file for the secret, where container platforms mount them.
    pub(in crate::config) fn secret_file_example(&self) -> String {
        format!("/run/secrets/{}", self.name.replace(['.', '_'], "-"))
    }

    /// A good value, written for the place where the bad one stood.
    pub(in crate::config) fn example_at(&self, origin: &Origin) -> String {
        match (origin, self.flag) {
            (Origin::CommandLine { .. }, Some(flag)) => format!("--{flag} {}", shell_word(self.example)),
            (Origin::Environment { .. } | Origin::DotEnv { .. }, _) => {
                format!("{}={}", self.env(), shell_word(self.example))
            }
            _ => format!("{} = {}", self.name, self.kind.sort().toml(self.example)),
        }
    }

    /// A good value, written for a variable of this name.
    pub(in crate::config) fn example_as(&self, variable: &str) -> Option<String> {
        let is_file = self.secret_file().is_some_and(|(_, file)| file == variable);
        let value = if is_file { self.secret_file_example() } else { self.example.to_owned() };
        (is_file || !self.is_secret()).then(|| format!("{variable}={}", shell_word(&value)))
    }

    /// Something wrong with the file that holds a secret. `given` must be safe to show.
    pub(in crate::config) fn secret_file_problem(&self, origin: Origin, given: &str, what: String) -> Problem {
        let (name, env) = (self.file_name, variable(self.file_name));
        let file = self.secret_file_example();
        let example = match origin {
            Origin::File { .. } => format!("{name} = \"{file}\""),
            _ => format!("{env}={file}"),
        };
        let problem = Problem::of(self, origin, given, what);
        Problem {
            subject: name.to_owned(),
            allowed: Some("path of a readable file with nothing but the secret in it".to_owned()),
            example: Some(example),
            ..problem
        }
    }
}

/// A word that a shell takes literally, and so does a `.env` file where there is no single quote in it.
pub fn shell_word(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:,%@=".contains(&byte);
    let literal = !text.is_empty() && text.bytes().all(plain);
    if literal { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// All rows in order.
pub fn keys() -> impl Iterator<Item = &'static Key> {
    [
        general::KEYS,
        soak::KEYS,
        rollback::KEYS,
        instances::COLORS,
        instances::INSTANCES,
        instances::METRICS,
        instances::HEALTH,
        requests::KEYS,
        prometheus::KEYS,
        checks::ERROR_RATE,
        checks::LATENCY,
        checks::READINESS,
        checks::QUERIES,
        router::KEYS,
        coordination::KEYS,
        control::KEYS,
        notify::KEYS,
        retention::KEYS,
        terminal::KEYS,
    ]
    .into_iter()
    .flatten()
}

/// The section of a key by its name: `checks.error-rate` of `checks.error-rate.threshold`; nothing outside of any.
pub fn section(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(section, _)| section)
}

pub fn flags() -> impl Iterator<Item = &'static Key> {
    keys().filter(|key| key.flag.is_some())
}

/// Variables of ours that are no keys, and what they do.
pub const OTHER_VARIABLES: &[(&str, &str)] = &[(
    "SWITCHBACK_CONFIG",
    "The configuration file, as with --config; it has to exist, and the deployment lies beside it.",
)];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::path::PathBuf;

    use super::*;
    use crate::config::raw::Raw;

    #[test]
    fn names_variables_and_flags_are_unique() {
        let mut seen = HashSet::new();
        for key in keys() {
            let file = key.secret_file();
            let names = [key.name].into_iter().chain(file.iter().map(|(name, _)| *name)).map(str::to_owned);
            let env = [key.env()]
                .into_iter()
                .chain(key.old_env.map(str::to_owned))
                .chain(file.iter().map(|(_, env)| env.clone()));
            for name in names.chain(env).chain(key.flag.map(|flag| format!("--{flag}"))) {
                assert!(seen.insert(name.clone()), "{name} stands twice in the table");
            }
        }
    }

    #[test]
    fn every_default_and_every_example_is_allowed() {
        let mut draft = Draft::blank(PathBuf::from("/srv"), PathBuf::from("/srv"));
        for key in keys() {
            for text in [key.default_text(), key.example] {
                let literal = matches!(key.default, Text(_)) || text == key.example;
                let stored = literal.then(|| key.kind.store(&mut draft, &Raw::text(text)));
                assert!(!matches!(stored, Some(Err(_))), "{}: {text}", key.name);
            }
        }
    }

    #[test]
    fn every_help_is_one_sentence() {
        for key in keys() {
            assert!(key.help.ends_with('.') && !key.help.contains(". "), "{}: {}", key.name, key.help);
        }
    }

    #[test]
    fn no_secret_has_a_flag() {
        assert!(flags().all(|key| !key.is_secret()));
    }
}
