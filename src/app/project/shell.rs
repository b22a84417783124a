//! The commands in scripts: words, variables, what is written into which file. Nothing is run.
//!
//! It reads shell, and the command lines in the strings of JavaScript, Python and YAML. What depends on arguments, on other
//! commands or on loops stays unknown: a [`HOLE`] with the variable's name.
//!
//! | file | holds |
//! | --- | --- |
//! | `languages` | command lines in JavaScript, Python, YAML and `package.json` |
//! | `words` | a line of shell as words |

mod languages;
mod words;

use std::collections::BTreeMap;

use self::languages::{of_package, of_strings, of_yaml};
use self::words::{here_document, is_open, parts, redirected, split, variable};
use super::files::{File, Place, has_extension, name};

/// Stands around the name of a variable whose value is not known.
pub const HOLE: char = '\u{1}';
/// Values that one variable may have, one after the other.
const MAX_VALUES: usize = 8;
/// Variables in variables.
const MAX_DEPTH: usize = 6;

/// One simple command of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Its words, without `sudo` and assignments in front; quotes are gone, variables are not filled in.
    pub words: Vec<String>,
    /// What it reads from a pipe or a here document, as far as that is in the script.
    pub input: Option<String>,
    /// The file that its output goes to.
    pub output: Option<String>,
    /// Run with `sudo`.
    pub sudo: bool,
    pub place: Place,
    /// The script's own line.
    pub line: String,
}

impl Command {
    /// Its name, without a folder.
    pub fn program(&self) -> &str {
        self.words.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word))
    }
}

/// A file with commands.
#[derive(Clone, Debug)]
pub struct Script {
    pub name: String,
    pub commands: Vec<Command>,
    /// Values of variables, in the order of their assignments.
    pub variables: BTreeMap<String, Vec<String>>,
    /// The lines of their first assignments.
    pub lines: BTreeMap<String, usize>,
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
    (!(script.commands.is_empty() && script.variables.is_empty())).then_some(script)
}

impl Script {
    fn new(file: &File) -> Self {
        Self { name: file.name.clone(), commands: Vec::new(), variables: BTreeMap::new(), lines: BTreeMap::new() }
    }

    /// The text with its variables filled in; what is not known is `HOLE NAME HOLE`.
    pub fn fill(&self, text: &str) -> String {
        self.fill_within(text, MAX_DEPTH)
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
                (Some([value]), _) if depth > 0 && !is_computed(value) => {
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

    /// The commands of a command line, with pipes.
    fn add_line(&mut self, line: &str, place: &Place, document: Option<&str>) {
        let line = line.trim().trim_start_matches(['@', '-']).trim_start();
        for inner in substitutions(line) {
            self.add_line(&inner, place, None);
        }
        let mut said: Option<String> = None;
        for (part, piped) in parts(line) {
            let (words, output, reads) = redirected(split(&part));
            let input = if reads { document.map(str::to_owned) } else { None };
            let input = input.or_else(|| said.take());
            let (words, sudo) = self.command_of(words, place.line);
            // What a command says on the pipe is known for the commands that repeat their words.
            let text = spoken(&words, input.as_ref());
            let output = output.or_else(|| tee(&words));
            said = if piped { text.clone() } else { None };
            if words.is_empty() {
                continue;
            }
            let input = if output.is_some() { text } else { input };
            self.commands.push(Command { words, input, output, sudo, place: place.clone(), line: line.to_owned() });
        }
    }

    /// The words without what stands in front of a command; assignments are kept as variables.
    fn command_of(&mut self, words: Vec<String>, line: usize) -> (Vec<String>, bool) {
        let mut sudo = false;
        let mut words = words.into_iter().peekable();
        while let Some(word) = words.peek() {
            if let Some((name, value)) = assignment(word) {
                let (name, value) = (name.to_owned(), value.to_owned());
                self.assign(&name, &value, line);
            } else if word == "sudo" {
                sudo = true;
            } else if !(is_prefix(word) || (sudo && word.starts_with('-')) || is_case(word)) {
                break;
            }
            words.next();
        }
        (words.collect(), sudo)
    }
}

/// Whether a value is what another command says.
fn is_computed(value: &str) -> bool {
    value.contains("$(") || value.contains('`')
}

/// The commands in `$(…)`.
fn substitutions(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some((_, after)) = rest.split_once("$(") {
        let mut depth = 1_usize;
        let end = after.char_indices().find_map(|(at, c)| {
            depth += usize::from(c == '(');
            depth -= usize::from(c == ')');
            (depth == 0).then_some(at)
        });
        let Some(end) = end else { break };
        found.push(after[..end].to_owned());
        rest = after;
    }
    found
}

/// Keywords, and programs that run another one.
fn is_prefix(word: &str) -> bool {
    ["if", "then", "else", "elif", "while", "until", "do", "!", "{", "(", "export", "local", "readonly", "declare"]
        .contains(&word)
        || ["exec", "command", "time", "nohup", "env", "-E", "-n", "typeset", "run:", "eval"].contains(&word)
}

/// `blue)` of a `case`.
fn is_case(word: &str) -> bool {
    word.len() > 1 && word.ends_with(')') && !word.contains(['(', '$', '/'])
}

fn assignment(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    is_name(name).then_some((name, value))
}

fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// What a command says that repeats its words or what it reads.
fn spoken(words: &[String], input: Option<&String>) -> Option<String> {
    let program = words.first()?.rsplit('/').next()?;
    let flags = |word: &&String| word.starts_with('-') && word.len() <= 3;
    match program {
        "echo" => Some(words[1..].iter().skip_while(flags).cloned().collect::<Vec<_>>().join(" ")),
        "printf" => {
            let (format, values) = words.get(1..)?.split_first()?;
            let mut values = values.iter();
            let mut text = String::new();
            let mut rest = format.replace("\\n", "\n");
            while let Some((before, after)) = rest.split_once("%s") {
                text.push_str(before);
                text.push_str(values.next().map_or("", String::as_str));
                rest = after.to_owned();
            }
            Some(text + &rest)
        }
        "cat" | "tee" => input.cloned(),
        _ => None,
    }
}

/// The file that `tee` writes.
fn tee(words: &[String]) -> Option<String> {
    let program = words.first()?.rsplit('/').next()?;
    if program != "tee" {
        return None;
    }
    words[1..].iter().find(|word| !word.starts_with('-')).cloned()
}

fn of_shell(file: &File) -> Script {
    let is_makefile =
        name(&file.path).to_ascii_lowercase().starts_with("makefile") || has_extension(&file.name, &["mk"]);
    let mut script = Script::new(file);
    let mut lines = file.text.lines().enumerate();
    while let Some((at, first)) = lines.next() {
        let place = Place { file: file.name.clone(), line: at + 1 };
        let mut line = first.to_owned();
        while line.ends_with('\\') || is_open(&line) {
            let continues = line.ends_with('\\');
            let Some((_, next)) = lines.next().filter(|_| line.len() < 8_192) else { break };
            if continues {
                line.pop();
                line.push(' ');
            } else {
                line.push('\n');
            }
            line.push_str(next);
        }
        let mut document = None;
        if let Some(end) = here_document(&line) {
            let mut text = Vec::new();
            for (_, next) in lines.by_ref() {
                if next.trim() == end {
                    break;
                }
                text.push(next);
            }
            document = Some(text.join("\n"));
        }
        let line = if is_makefile { of_make(&line) } else { line };
        script.add_line(&line, &place, document.as_deref());
    }
    script
}

/// A line of a makefile as a shell would write it: `X := 1` is `X=1`, `$(X)` is `${X}`.
fn of_make(line: &str) -> String {
    let assigned = line.split_once('=').filter(|(name, _)| is_name(name.trim_end_matches([':', '?', '+', ' ']).trim()));
    let line = match assigned {
        Some((name, value)) => format!("{}={}", name.trim_end_matches([':', '?', '+', ' ']).trim(), value.trim()),
        None => line.to_owned(),
    };
    let mut shell = String::new();
    let mut rest = line.as_str();
    while let Some((before, after)) = rest.split_once("$(") {
        shell.push_str(before);
        match after.split_once(')') {
            Some((name, behind)) if is_name(name) => {
                shell.extend(["${", name, "}"]);
                rest = behind;
            }
            _ => {
                shell.push_str("$(");
                rest = after;
            }
        }
    }
    (shell + rest).replace("$$", "$")
}

#[cfg(test)]
mod tests;
