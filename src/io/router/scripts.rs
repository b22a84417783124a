//! Looks for the `package.json` scripts that commands run, before a move: a missing one makes `npm run --silent` fail
//! without output, and with `--if-present` even succeed.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

const WRAPPERS: [&str; 13] = [
    "chronic", "command", "corepack", "doas", "env", "exec", "ionice", "nice", "nohup", "setsid", "stdbuf", "sudo",
    "timeout",
];
const SHELLS: [&str; 5] = ["ash", "bash", "dash", "sh", "zsh"];
/// Options with a value, and those among them that name the package's folder.
const VALUED: [&str; 8] = [
    "--loglevel",
    "--script-shell",
    "--cache",
    "--userconfig",
    "--registry",
    "--reporter",
    "--silent-level",
    "--shell",
];
const FOLDER: [&str; 4] = ["--prefix", "-C", "--dir", "--cwd"];
/// Options that choose packages outside of the folder.
const ELSEWHERE: [&str; 9] =
    ["-w", "--workspace", "-ws", "--workspaces", "--filter", "-F", "-r", "--recursive", "--workspace-root"];
const NAMED: usize = 8;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Script {
    Found { script: String, package: PathBuf },
    Missing(MissingScript),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingScript {
    pub script: String,
    why: Why,
    /// The package manager reports success if the script is missing.
    if_present: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Why {
    /// In neither this folder nor those above.
    NoPackage(PathBuf),
    Unreadable(PathBuf, String),
    NoScript(PathBuf, Vec<String>),
}

impl fmt::Display for MissingScript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let script = &self.script;
        match &self.why {
            Why::NoPackage(folder) => {
                write!(f, "no package.json with a script `{script}` in `{}`", folder.display())
            }
            Why::Unreadable(package, why) => write!(f, "`{}` cannot be read: {why}", package.display()),
            Why::NoScript(package, known) => {
                write!(f, "`{}` has no script `{script}`", package.display())?;
                match known.as_slice() {
                    [] => f.write_str("; it has none"),
                    known => write!(f, "; it has {}", known.join(", ")),
                }
            }
        }?;
        if self.if_present { f.write_str(", and `--if-present` makes that a success") } else { Ok(()) }
    }
}

/// The script run through npm, pnpm, yarn or bun in `folder`; `None` if none can be found without running it.
pub fn script_of(words: &[String], folder: &Path) -> Option<Script> {
    let (program, rest) = words.split_first()?;
    if SHELLS.contains(&base(program)) {
        let at =
            rest.iter().position(|word| word.starts_with('-') && !word.starts_with("--") && word.ends_with('c'))?;
        return in_shell(rest.get(at + 1)?, folder);
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Call::of(&words, folder).map(Call::look)
}

/// The first missing script of a shell's command line, else the first one found.
fn in_shell(text: &str, folder: &Path) -> Option<Script> {
    let mut folder = folder.to_owned();
    let mut found = None;
    for part in text.split(['\n', ';', '|', '&', '(', ')']) {
        let words: Vec<&str> = part.split_whitespace().map(|word| word.trim_matches(['\'', '"'])).collect();
        // Shell substitutions are unknown.
        if words.iter().any(|word| word.contains(['$', '`'])) {
            return found;
        }
        match words.as_slice() {
            ["cd", to] => folder = folder.join(to),
            words => match Call::of(words, &folder).map(Call::look) {
                Some(missing @ Script::Missing(_)) => return Some(missing),
                script => found = found.or(script),
            },
        }
    }
    found
}

fn base(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

#[derive(Debug, PartialEq, Eq)]
struct Call {
    script: String,
    folder: PathBuf,
    /// Only that folder counts, not those above.
    exactly: bool,
    if_present: bool,
    /// Programs in `node_modules` count as scripts.
    programs: bool,
}

impl Call {
    fn of(words: &[&str], folder: &Path) -> Option<Self> {
        // `FOO=1 npm run x`, and wrappers with their options.
        let words = &words[words.iter().take_while(|word| word.contains('=') && !word.starts_with('-')).count()..];
        let at = words.iter().position(|word| matches!(base(word), "npm" | "pnpm" | "yarn" | "bun"))?;
        let wrapped = words[..at].first().is_none_or(|first| WRAPPERS.contains(&base(first)));
        if !wrapped || words[..at].iter().any(|word| matches!(*word, "-C" | "--chdir" | "-D")) {
            return None;
        }
        let manager = base(words[at]);
        let mut call = Self {
            script: String::new(),
            folder: folder.to_owned(),
            exactly: false,
            if_present: false,
            programs: manager != "npm",
        };
        let (mut runs, mut named) = (false, false);
        let mut rest = words[at + 1..].iter().take_while(|word| **word != "--");
        while let Some(word) = rest.next() {
            let (option, value) = word.split_once('=').map_or((*word, None), |(option, value)| (option, Some(value)));
            if ELSEWHERE.contains(&option) {
                return None;
            }
            match option {
                _ if FOLDER.contains(&option) => {
                    (call.folder, call.exactly) = (folder.join(value.or_else(|| rest.next().copied())?), true);
                }
                "--if-present" => call.if_present = true,
                _ if VALUED.contains(&option) && value.is_none() => drop(rest.next()),
                _ if option.starts_with('-') => {}
                // What follows belongs to the script; npm also finds its own options there.
                _ if named => {}
                "run" | "run-script" | "rum" | "urn" if !runs => runs = true,
                // `yarn deploy:status`: a package manager's own commands have no colon.
                _ if runs || (manager != "npm" && word.contains(':')) => {
                    (*word).clone_into(&mut call.script);
                    named = true;
                    if manager != "npm" {
                        break;
                    }
                }
                _ => return None,
            }
        }
        named.then_some(call)
    }

    fn look(self) -> Script {
        let Self { script, folder, exactly, if_present, programs } = self;
        let missing = |why| Script::Missing(MissingScript { script: script.clone(), why, if_present });
        let folders = folder.ancestors().take(if exactly { 1 } else { usize::MAX });
        let Some(package) = folders.map(|folder| folder.join("package.json")).find(|file| file.is_file()) else {
            return missing(Why::NoPackage(folder));
        };
        let scripts = match scripts(&package) {
            Ok(scripts) => scripts,
            Err(why) => return missing(Why::Unreadable(package, why)),
        };
        let program = package.with_file_name("node_modules").join(".bin").join(&script);
        // npm has these even without a script.
        let built_in = !programs && matches!(script.as_str(), "start" | "restart" | "env");
        if scripts.contains_key(&script) || built_in || (programs && program.exists()) {
            return Script::Found { script, package };
        }
        missing(Why::NoScript(package, alike(&script, &scripts)))
    }
}

fn scripts(package: &Path) -> Result<Map<String, Value>, String> {
    let text = fs::read_to_string(package).map_err(|error| error.to_string())?;
    let value: Value = serde_json::from_slice(text.as_bytes()).map_err(|error| error.to_string())?;
    Ok(value.get("scripts").and_then(Value::as_object).cloned().unwrap_or_default())
}

/// Similarly named scripts, else all; sorted and limited.
fn alike(script: &str, scripts: &Map<String, Value>) -> Vec<String> {
    let family = script.split_once(':').map(|(family, _)| format!("{family}:"));
    let mut known: Vec<String> = scripts.keys().cloned().collect();
    known.sort_unstable();
    if let Some(family) = family.filter(|family| known.iter().any(|name| name.starts_with(family))) {
        known.retain(|name| name.starts_with(&family));
    }
    known.truncate(NAMED);
    known.into_iter().map(|name| format!("`{name}`")).collect()
}

#[cfg(test)]
mod tests;
