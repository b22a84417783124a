//! The commands in scripts: words, variables, what is written into which file. Nothing is run.
//!
//! It reads shell, and the command lines in the strings of JavaScript, Python and YAML. What depends on arguments, on other
//! commands or on loops stays unknown: a [`HOLE`] with the variable's name.
//!
//! | file | holds |
//! | --- | --- |
//! | `bash` | scripts of the shell, and makefiles |
//! | `data` | command lines in YAML and `package.json` |
//! | `languages` | command lines in JavaScript and Python |
//! | `words` | a line of shell as words |

mod bash;
mod data;
mod languages;
mod words;

use std::collections::BTreeMap;

pub use self::bash::TEXT_OF;
use self::bash::of_shell;
use self::data::{of_package, of_yaml};
use self::languages::of_strings;
use self::words::variable;
use super::files::{File, Place, name};

/// Stands around the name of a variable whose value is not known.
pub const HOLE: char = '\u{1}';
/// Stands for the folder of the script itself.
const HERE: char = '\u{3}';
/// Values that one variable may have, one after the other.
const MAX_VALUES: usize = 8;
/// Commands of a script.
const MAX_COMMANDS: usize = 5_000;
/// Characters of a text with its variables filled in.
const MAX_FILLED: usize = 16_384;
/// Characters of a command for people.
const MAX_SHOWN: usize = 120;
/// Options whose value may be a secret.
const HIDING: [&str; 14] = [
    "-H",
    "--header",
    "-u",
    "--user",
    "-b",
    "--cookie",
    "-d",
    "--data",
    "--data-raw",
    "-p",
    "--password",
    "--token",
    "-e",
    "--env",
];
/// What a variable with a secret is called.
pub const SECRETS: [&str; 8] = ["pass", "secret", "token", "key", "pwd", "auth", "cred", "pin"];
/// Variables in variables.
const MAX_DEPTH: usize = 6;

/// One simple command of a script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command {
    /// Its words, without `sudo` and assignments in front; quotes are gone, variables are not filled in.
    pub words: Vec<String>,
    /// What it reads from a pipe or a here document, as far as that is in the script.
    pub input: Option<String>,
    /// The file that its output goes to.
    pub output: Option<String>,
    /// The file that it reads as its input.
    pub from: Option<String>,
    /// The function of a script, or the target of a makefile, that it is in; 0 for what is in none.
    pub part: usize,
    /// Run with `sudo`.
    pub sudo: bool,
    pub place: Place,
    /// Its place among the commands of the script.
    pub index: usize,
}

impl Command {
    /// The command for people: its words, without what may be a secret, and not too long.
    pub fn shown(&self) -> String {
        shown(&self.words)
    }

    /// Its name, without a folder.
    pub fn program(&self) -> &str {
        self.words.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word))
    }
}

/// A file with commands.
#[derive(Clone, Debug, Default)]
pub struct Script {
    pub name: String,
    pub commands: Vec<Command>,
    /// Values of variables, in the order of their assignments.
    pub variables: BTreeMap<String, Vec<String>>,
    /// The lines of their first assignments.
    pub lines: BTreeMap<String, usize>,
    /// The functions, with the [`Command::part`] of their commands.
    pub functions: BTreeMap<String, usize>,
    /// Its folder, below the project's.
    folder: String,
    /// The part that commands are added to.
    part: usize,
}

/// The commands of a file; `None` if it has none.
pub fn read(file: &File) -> Option<Script> {
    let kind = file.path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let script = match kind {
        "sh" | "bash" | "zsh" | "mk" | "service" | "env" => of_shell(file),
        "ts" | "mts" | "cts" | "js" | "mjs" | "cjs" | "py" | "rb" => of_strings(file),
        "yml" | "yaml" => of_yaml(file),
        "json" if name(&file.path) == "package.json" => of_package(file),
        "conf" | "inc" | "cfg" | "json" | "toml" | "caddy" => return None,
        _ if file.text.starts_with("#!") && file.text.lines().next().is_some_and(|line| line.contains("node")) => {
            of_strings(file)
        }
        _ => of_shell(file),
    };
    let mut script = script;
    script.commands.truncate(MAX_COMMANDS);
    for (index, command) in script.commands.iter_mut().enumerate() {
        command.index = index;
    }
    (!(script.commands.is_empty() && script.variables.is_empty())).then_some(script)
}

/// Words as a line, with `…` for headers, credentials and what is assigned to a variable that may hold one.
fn shown(words: &[String]) -> String {
    let mut line = String::new();
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        let hides_next = HIDING.contains(&word.as_str());
        let names_secret = |name: &str| SECRETS.iter().any(|secret| name.to_ascii_lowercase().contains(secret));
        // `--header=…` and `-HName:…`.
        let hides_itself = HIDING.iter().find(|option| {
            let rest = word.strip_prefix(**option);
            rest.is_some_and(|rest| if option.starts_with("--") { rest.starts_with('=') } else { !rest.is_empty() })
        });
        let word = match (hides_itself, word.split_once('=')) {
            (Some(option), _) if !word.starts_with("--") || word.contains('=') => format!("{option}…"),
            (_, Some((name, _))) if names_secret(name) => format!("{name}=…"),
            _ => without_login(word),
        };
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&readable(&word));
        if hides_next && words.next().is_some() {
            line.push_str(" …");
        }
        if line.len() > MAX_SHOWN {
            break;
        }
    }
    match line.char_indices().nth(MAX_SHOWN) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

/// Unknown parts as variables.
fn readable(text: &str) -> String {
    let part = |(at, part): (usize, &str)| if at % 2 == 0 { part.to_owned() } else { format!("${part}") };
    text.split(HOLE).enumerate().map(part).collect::<String>().replace(HERE, ".").replace("\\$", "$")
}

/// A URL without user and password.
fn without_login(word: &str) -> String {
    let Some((scheme, rest)) = word.split_once("://") else { return word.to_owned() };
    let end = rest.find('/').unwrap_or(rest.len());
    match rest[..end].rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://…@{host}{}", &rest[end..]),
        None => word.to_owned(),
    }
}

impl Script {
    fn new(file: &File) -> Self {
        let folder = file.name.rsplit_once('/').map_or(".", |(folder, _)| folder).to_owned();
        Self { name: file.name.clone(), folder, ..Self::default() }
    }

    /// The text with its variables filled in; what is not known is `HOLE NAME HOLE`.
    pub fn fill(&self, text: &str) -> String {
        self.fill_within(text, MAX_DEPTH).replace(HERE, &self.folder)
    }

    fn fill_within(&self, text: &str, depth: usize) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            filled.push_str(&rest[..at]);
            if filled.ends_with('\\') {
                filled.pop();
                filled.push('$');
                rest = &rest[at + 1..];
                continue;
            }
            let Some((variable, fallback, after)) = variable(&rest[at + 1..]) else {
                filled.push('$');
                rest = &rest[at + 1..];
                continue;
            };
            rest = after;
            match (self.variables.get(variable).map(Vec::as_slice), fallback) {
                (Some([value]), _) if depth > 0 && !is_computed(value) && filled.len() < MAX_FILLED => {
                    filled.push_str(&self.fill_within(value, depth - 1));
                }
                (None, Some(fallback)) if depth > 0 => filled.push_str(&self.fill_within(fallback, depth - 1)),
                _ => {
                    filled.push(HOLE);
                    filled.push_str(variable);
                    filled.push(HOLE);
                }
            }
        }
        filled.push_str(rest);
        filled
    }

    /// All values that a variable may have, filled in.
    pub fn values(&self, variable: &str) -> Vec<String> {
        self.variables.get(variable).into_iter().flatten().map(|value| self.fill(value)).collect()
    }

    /// Where a variable is assigned first.
    pub fn place(&self, variable: &str) -> Place {
        Place { file: self.name.clone(), line: self.lines.get(variable).copied().unwrap_or(0) }
    }

    /// Takes over the variables of a script that this one sources.
    pub fn source(&mut self, other: &Self) {
        for (name, values) in &other.variables {
            for value in values {
                let value = value.replace(HERE, &other.folder);
                self.assign(name, &value, self.lines.get(name).copied().unwrap_or(0));
            }
        }
    }

    fn assign(&mut self, name: &str, value: &str, line: usize) {
        self.lines.entry(name.to_owned()).or_insert(line);
        // `PORT=${PORT:-3001}` keeps what it was called with.
        let own = value.strip_prefix('$').and_then(variable).filter(|(known, ..)| *known == name);
        let value = own.and_then(|(_, fallback, _)| fallback).unwrap_or(value);
        let values = self.variables.entry(name.to_owned()).or_default();
        if !values.iter().any(|known| known == value) && values.len() < MAX_VALUES {
            values.push(value.to_owned());
        }
    }
}

/// Whether a value is what another command says.
fn is_computed(value: &str) -> bool {
    value.contains("$(") || value.contains('`')
}

fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests;
