//! What moves traffic, by the conventions of deploy scripts, the most telling first. The counts of public scripts that use each are
//! in `docs/backend/init.md`.
//!
//! | file | recognizes |
//! | --- | --- |
//! | `caddy` | a Caddyfile that leads to a color |
//! | `copy` | a file for each color that a script copies, links or swaps |
//! | `edit` | `sed` on a router's file |
//! | `haproxy` | a backend with both colors, and the Runtime API in scripts |
//! | `kubectl` | `kubectl patch service` |
//! | `npm` | the `deploy:*` scripts of a `package.json` |
//! | `reload` | how scripts test and reload the router |
//! | `record` | files in which scripts keep the active color or port |
//! | `script` | a script that takes a color and moves traffic |
//! | `snippet` | one line or upstream that scripts write for nginx |
//! | `template` | the text that two colors share |
//! | `traefik` | the file provider of Traefik |

mod caddy;
mod copy;
mod edit;
mod haproxy;
mod kubectl;
mod npm;
pub mod record;
mod reload;
mod script;
mod snippet;
mod template;
mod traefik;

use std::path::PathBuf;
use std::sync::LazyLock;

use regex_lite::Regex;

use super::files::{File, Project};
use super::instances::Instances;
use super::pattern;
use super::shell::{Command, HOLE, Script, TEXT_OF};
use crate::model::Color;

/// A value of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Text(String),
    List(Vec<String>),
}

/// A key of the configuration, with the reason for its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub key: &'static str,
    pub value: Value,
    pub reason: String,
}

impl Setting {
    pub fn text(key: &'static str, value: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { key, value: Value::Text(value.into()), reason: reason.into() }
    }

    pub fn list(key: &'static str, values: Vec<String>, reason: impl Into<String>) -> Self {
        Self { key, value: Value::List(values), reason: reason.into() }
    }
}

/// A router as it is proposed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    pub settings: Vec<Setting>,
    /// What the operator has to know of it.
    pub notes: Vec<String>,
}

/// What the recognizers look at.
pub struct Look<'a> {
    pub project: &'a Project,
    pub scripts: &'a [Script],
    pub instances: &'a Instances,
}

/// What moves traffic; `None` if nothing is recognized.
pub fn find(look: &Look) -> Option<Choice> {
    type Recognize = fn(&Look) -> Option<Choice>;
    let conventions: [Recognize; 11] = [
        npm::find,
        haproxy::find,
        copy::linked,
        snippet::written,
        caddy::find,
        copy::copied,
        traefik::find,
        kubectl::find,
        edit::find,
        script::find,
        snippet::on_disk,
    ];
    let mut choice = conventions.into_iter().find_map(|recognize| recognize(look))?;
    choice.notes.extend(record::stale(look, &choice));
    Some(choice)
}

impl Look<'_> {
    fn commands(&self) -> impl Iterator<Item = (&Script, &Command)> {
        self.scripts.iter().flat_map(|script| script.commands.iter().map(move |command| (script, command)))
    }

    /// The path that a command names, seen from the folder that its script changed into; `None` if it is not known.
    fn path(&self, script: &Script, command: &Command, word: &str) -> Option<PathBuf> {
        let word = script.fill(word);
        if word.contains([HOLE, '$', '`']) || word.is_empty() {
            return None;
        }
        let at = command.index;
        let entered = script.commands[..at].iter().rfind(|command| command.program() == "cd");
        let folder = entered.and_then(|command| Some(script.fill(command.words.get(1)?)));
        let folder = folder.unwrap_or_default();
        if folder.contains([HOLE, '$', '`']) && !word.starts_with('/') {
            return None;
        }
        Some(self.project.path(&PathBuf::from(folder).join(word).to_string_lossy()))
    }

    /// What a command writes: the text itself, or that of the template that it fills in.
    fn text(&self, script: &Script, command: &Command) -> Option<String> {
        static PLACE: LazyLock<Regex> = LazyLock::new(|| {
            // nginx has variables of its own, in small letters.
            pattern(r"(?:__|\{\{\s*|%%?|@@?)([A-Za-z][A-Za-z0-9_]*?)(?:__|\s*\}\}|%%?|@@?)|\\\$\{?([A-Z][A-Z0-9_]*)\}?")
        });
        let text = command.input.as_ref()?;
        let Some(file) = text.strip_prefix(TEXT_OF).and_then(|rest| rest.split(TEXT_OF).next()) else {
            return Some(text.clone());
        };
        let template = self.project.file(&self.path(script, command, file)?)?;
        let text = template.text.replace('$', "\\$");
        Some(PLACE.replace_all(&text, format!("{HOLE}${{1}}${{2}}{HOLE}")).into_owned())
    }

    /// Files that may be the router's of this service: those of the project, and others that lead to an instance.
    fn files(&self) -> impl Iterator<Item = &File> {
        let ours = |file: &&File| file.path.starts_with(&self.project.root) || self.leads_here(&file.text);
        self.project.files.iter().filter(ours)
    }

    fn leads_here(&self, text: &str) -> bool {
        let addresses = self.instances.blue.iter().chain(&self.instances.green);
        addresses.filter_map(|address| super::instances::port(address)).any(|port| text.contains(&format!(":{port}")))
    }

    /// A text with the unknown parts filled in for a color: `{port}` where a variable is a port, else the color's name.
    fn fill(&self, script: &Script, text: &str, color: Color) -> Option<String> {
        let mut filled = String::new();
        for (at, part) in text.split(HOLE).enumerate() {
            if at % 2 == 0 {
                filled.push_str(part);
            } else if let Some(address) = self.value_of(script, part, color) {
                filled.push_str(&address);
            } else if is_port(script, part, &filled) {
                filled.push_str(super::instances::port(self.instances.of(color).first()?)?);
            } else if is_color(script, part) {
                filled.push_str(color.name());
            } else {
                return None;
            }
        }
        Some(filled)
    }

    /// The address of a color that a variable may hold.
    fn value_of(&self, script: &Script, variable: &str, color: Color) -> Option<String> {
        let values = script.values(variable).into_iter().filter(|value| value.contains(':'));
        values.into_iter().find(|value| self.instances.color_of(value) == Some(color))
    }
}

/// Whether an unknown variable is a color: by its values, or by its name.
fn is_color(script: &Script, variable: &str) -> bool {
    let name = variable.to_ascii_lowercase();
    let named = [
        "colo", "new", "next", "target", "idle", "inactive", "slot", "env", "side", "deploy", "active", "live", "after",
    ];
    let is_short = ["1", "c", "to", "n"].contains(&name.as_str());
    is_short
        || named.iter().any(|word| name.contains(word))
        || script.values(variable).iter().any(|value| super::instances::only_color(value).is_some())
}

/// Whether an unknown variable is a port and no color.
fn is_port(script: &Script, variable: &str, before: &str) -> bool {
    let values = script.values(variable);
    let numeric = |value: &String| !value.is_empty() && value.chars().all(|c| c.is_ascii_digit());
    let said = variable.to_ascii_lowercase().contains("port");
    let behind =
        before.rsplit([' ', '/', '@', '"', '\'']).next().is_some_and(|word| word.ends_with(':') && word.len() > 1);
    said || behind || values.iter().any(numeric)
}

/// The text of a file for people: `` `FILE` ``.
fn quoted(text: &str) -> String {
    format!("`{text}`")
}

#[cfg(test)]
mod tests;
