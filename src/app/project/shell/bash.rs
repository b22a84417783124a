//! Scripts of the shell, and makefiles.

use std::sync::LazyLock;

use regex_lite::Regex;

use super::words::{here_document, is_open, parts, redirected, split};
use super::{Command, HERE, Script, is_name};
use crate::app::project::files::{File, Place, has_extension, name};
use crate::app::project::pattern;

/// Bytes of a line.
const MAX_LINE: usize = 8_192;
/// Commands in commands.
const MAX_DEPTH: usize = 4;
const SHELLS: [&str; 5] = ["sh", "bash", "zsh", "dash", "ash"];

pub fn of_shell(file: &File) -> Script {
    static FUNCTION: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^\s*(?:function\s+([\w-]+)\s*(?:\(\s*\))?|([\w-]+)\s*\(\s*\))\s*\{?\s*$"));
    static TARGET: LazyLock<Regex> = LazyLock::new(|| pattern(r"^([\w./%-]+)\s*:(?:[^=]|$)"));
    let is_makefile =
        name(&file.path).to_ascii_lowercase().starts_with("makefile") || has_extension(&file.name, &["mk"]);
    let mut script = Script::new(file);
    let mut known_parts = 0;
    let mut lines = file.text.lines().enumerate();
    while let Some((at, first)) = lines.next() {
        let place = Place { file: file.name.clone(), line: at + 1 };
        let mut line = first.to_owned();
        while line.ends_with('\\') || is_open(&line) {
            let continues = line.ends_with('\\');
            let Some((_, next)) = lines.next().filter(|_| line.len() < MAX_LINE) else { break };
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
            let text = text.join("\n");
            // Behind `<<'EOF'` nothing is filled in.
            let is_literal = ["<<'", "<<\"", "<<-'", "<<-\"", "<< '"].iter().any(|mark| line.contains(mark));
            document = Some(if is_literal { text.replace('$', "\\$") } else { text });
        }
        let begins = if is_makefile { &*TARGET } else { &*FUNCTION };
        if let Some(found) = begins.captures(&line).filter(|_| !line.starts_with('\t')) {
            known_parts += 1;
            script.part = known_parts;
            let name = found.get(1).or_else(|| found.get(2)).map_or("", |name| name.as_str());
            script.functions.insert(name.to_owned(), known_parts);
            continue;
        }
        // A function ends with its brace at the start of a line.
        if !is_makefile && line.trim_end() == "}" {
            script.part = 0;
        }
        let line = if is_makefile { of_make(&line) } else { line };
        script.add_line(&located(&line), &place, document.as_deref());
    }
    script
}

/// The line with the folder of the script, and that of the project, where commands would print them.
fn located(line: &str) -> String {
    static FOLDER: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r#"\$\(\s*cd\s+(?:--\s+)?"?\$\(\s*dirname\s+[^()]*\)"?((?:/[\w.-]+)*)"?\s*(?:&?>[^&]*)?&&\s*pwd(?:\s+-P)?\s*\)|\$\(\s*dirname\s+(?:--\s+)?"?(?:\$\(\s*(?:readlink|realpath)[^()]*\)|\$\{?(?:0|BASH_SOURCE)[^()]*?)"?\s*\)|\$\{0%/\*\}"#,
        )
    });
    static PROJECT: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\$\(\s*git rev-parse --show-toplevel\s*\)|\$\(\s*pwd\s*\)|\$\{?(?:PWD|GITHUB_WORKSPACE|CI_PROJECT_DIR)\b\}?",
        )
    });
    let line = FOLDER.replace_all(line, format!("{HERE}$1"));
    PROJECT.replace_all(&line, ".").into_owned()
}

impl Script {
    /// The commands of a command line, with pipes.
    pub(super) fn add_line(&mut self, line: &str, place: &Place, document: Option<&str>) {
        self.add_within(line, place, document, MAX_DEPTH);
    }

    fn add_within(&mut self, line: &str, place: &Place, document: Option<&str>, depth: usize) {
        // A line of this length is data, or was made by a machine.
        if depth == 0 || line.len() > MAX_LINE || self.commands.len() >= super::MAX_COMMANDS {
            return;
        }
        let line = line.trim().trim_start_matches(['@', '-']).trim_start();
        for inner in substitutions(line) {
            self.add_within(&inner, place, None, depth - 1);
        }
        let mut said: Option<String> = None;
        for (part, piped) in parts(line) {
            let (words, files, reads) = redirected(split(&part));
            let input = if reads { document.map(str::to_owned) } else { None };
            let input = input.or_else(|| said.take());
            let (words, sudo) = self.command_of(words, place.line);
            // What a command says on the pipe is known for the commands that repeat their words.
            let text = spoken(&words, input.as_ref(), files.input.as_ref());
            let output = files.output.or_else(|| tee(&words));
            said = if piped { text.clone() } else { None };
            if words.is_empty() {
                continue;
            }
            for (inner, at) in nested(&words, input.as_deref(), place) {
                // The variables that this shell fills in before it hands the line on.
                let inner = self.fill(&inner);
                let before = self.commands.len();
                self.add_within(&inner, &at, None, depth - 1);
                if words[0].contains("docker") || words[0].contains("podman") {
                    self.keep_within(before);
                }
            }
            let input = if output.is_some() { text } else { input };
            let (place, part) = (place.clone(), self.part);
            self.commands.push(Command { words, input, output, from: files.input, part, sudo, place, index: 0 });
        }
    }

    /// Of the commands from `first` on, which run in a container: files there are not those of this machine.
    fn keep_within(&mut self, first: usize) {
        let within = self.commands.split_off(first);
        let kept = within.into_iter().filter(|command| !["ln", "cp", "sed"].contains(&command.program()));
        self.commands.extend(kept.map(|command| Command { output: None, input: None, ..command }));
    }

    /// The words without what stands in front of a command; assignments are kept as variables.
    fn command_of(&mut self, words: Vec<String>, line: usize) -> (Vec<String>, bool) {
        let mut sudo = false;
        let mut words = words.into_iter().peekable();
        while let Some(word) = words.peek() {
            if let Some((name, value)) = assignment(word) {
                let (name, value) = (name.to_owned(), value.to_owned());
                self.assign(&name, &value, line);
            } else if word == ":" || word.starts_with("${") && word.contains(":=") {
                // `: "${DIR:=/srv}"` gives a default.
                let known = word.strip_prefix("${").and_then(|word| word.trim_end_matches('}').split_once(":="));
                if let Some((name, value)) = known.filter(|(name, _)| is_name(name)) {
                    let (name, value) = (name.to_owned(), value.to_owned());
                    self.assign(&name, &value, line);
                }
            } else if word == "sudo" {
                sudo = true;
                words.next();
                while words.peek().is_some_and(|word| word.starts_with('-')) {
                    let has_value = words.next().is_some_and(|flag| ["-u", "-g", "-h"].contains(&flag.as_str()));
                    if has_value {
                        words.next();
                    }
                }
                continue;
            } else if word == "timeout" || word == "xargs" {
                words.next();
                while words
                    .peek()
                    .is_some_and(|word| word.starts_with('-') || word.starts_with(|c: char| c.is_ascii_digit()))
                {
                    words.next();
                }
                continue;
            } else if !(is_prefix(word) || is_case(word) || word.ends_with("()")) {
                break;
            }
            words.next();
        }
        (words.collect(), sudo)
    }
}

/// Command lines that a command hands to a shell, here or on another machine.
fn nested(words: &[String], document: Option<&str>, place: &Place) -> Vec<(String, Place)> {
    let program = words[0].rsplit('/').next().unwrap_or_default();
    let shell = words.iter().position(|word| SHELLS.contains(&word.rsplit('/').next().unwrap_or_default()));
    let takes_line = |flag: &String| flag.starts_with('-') && flag.ends_with('c') && flag.len() <= 4;
    if let Some(at) = shell
        && words.get(at + 1).is_some_and(takes_line)
    {
        return words.get(at + 2).map(|line| (located(line), place.clone())).into_iter().collect();
    }
    let runs_input = shell.is_some() || program == "ssh";
    if let (true, Some(text)) = (runs_input, document) {
        let line = |(at, line): (usize, &str)| (located(line), Place { line: place.line + at + 1, ..place.clone() });
        return text.lines().enumerate().map(line).collect();
    }
    if program == "ssh" {
        let line = words[1..].iter().filter(|word| word.contains(' ')).map(|line| (located(line), place.clone()));
        return line.collect();
    }
    Vec::new()
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
        // What is nested in it is found in its own turn.
        rest = &after[end..];
    }
    found
}

/// Keywords, and programs that run another one.
fn is_prefix(word: &str) -> bool {
    ["if", "then", "else", "elif", "while", "until", "do", "!", "{", "(", "export", "local", "readonly", "declare"]
        .contains(&word)
        || ["exec", "command", "time", "nohup", "env", "-E", "-n", "-r", "-x", "-gx", "typeset", "run:", "eval", "nice"]
            .contains(&word)
}

/// `blue)` of a `case`.
fn is_case(word: &str) -> bool {
    word.len() > 1 && word.ends_with(')') && !word.ends_with("()") && !word.contains(['(', '$', '/'])
}

fn assignment(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    is_name(name).then_some((name, value))
}

/// Stands around the name of a file whose text a command says.
pub const TEXT_OF: char = '\u{2}';

/// What a command says that repeats its words or what it reads; `TEXT_OF FILE TEXT_OF` is the text of a file.
fn spoken(words: &[String], input: Option<&String>, from: Option<&String>) -> Option<String> {
    let program = words.first()?.rsplit('/').next()?;
    let flags = |word: &&String| word.starts_with('-') && word.len() <= 3;
    let text_of = |file: &String| format!("{TEXT_OF}{file}{TEXT_OF}");
    match program {
        "echo" => Some(words[1..].iter().skip_while(flags).cloned().collect::<Vec<_>>().join(" ")),
        "printf" => {
            let (format, values) = words.get(1..)?.split_first()?;
            let mut values = values.iter();
            let mut text = String::new();
            let mut rest = format.replace("\\n", "\n").replace("%d", "%s");
            while let Some((before, after)) = rest.split_once("%s") {
                text.push_str(before);
                text.push_str(values.next().map_or("", String::as_str));
                rest = after.to_owned();
            }
            Some(text + &rest)
        }
        "tee" => input.cloned(),
        "cat" => input.cloned().or_else(|| from.or_else(|| words.get(1)).map(text_of)),
        "envsubst" => input.cloned().or_else(|| from.map(text_of)),
        "sed" if !words.iter().any(|word| word.starts_with("-i") || word == "-n") => {
            let file = || words[1..].iter().rfind(|word| !word.starts_with(['-', 's'])).map(text_of);
            input.cloned().or_else(|| from.map(text_of)).or_else(file)
        }
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

/// A line of a makefile as a shell would write it: `X := 1` is `X=1`, `$(X)` is `${X}`.
fn of_make(line: &str) -> String {
    let name_of =
        |name: &str| name.trim_start_matches("export ").trim_end_matches([':', '?', '+', ' ']).trim().to_owned();
    let line = match line.split_once('=').filter(|(name, _)| is_name(&name_of(name))) {
        Some((name, value)) => format!("{}={}", name_of(name), value.trim()),
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
