//! Command lines in JavaScript and Python, as the shell would get them.

use super::{Command, HERE, MAX_COMMANDS, Script, is_name};
use crate::app::project::files::{File, Place};

/// Bytes of a line. What is longer was made by a machine.
const MAX_LINE: usize = 2_048;
/// Lines of one call.
const MAX_LINES: usize = 12;
/// What a string has to begin with to be a command line.
const PROGRAMS: [&str; 34] = [
    "bash",
    "caddy",
    "cat",
    "cp",
    "curl",
    "docker",
    "docker-compose",
    "echo",
    "fuser",
    "haproxy",
    "http",
    "install",
    "kill",
    "killall",
    "kubectl",
    "ln",
    "mv",
    "nginx",
    "npm",
    "pkill",
    "pm2",
    "podman",
    "printf",
    "rsync",
    "sed",
    "service",
    "sh",
    "sleep",
    "ssh",
    "sudo",
    "supervisorctl",
    "systemctl",
    "tee",
    "wget",
];
/// Functions that run commands, by the last part of their names.
const RUNNERS: [&str; 20] = [
    "exec",
    "execSync",
    "execAsync",
    "execFile",
    "execFileSync",
    "execa",
    "execaSync",
    "execPromise",
    "spawn",
    "spawnSync",
    "run",
    "runCommand",
    "call",
    "check_call",
    "check_output",
    "Popen",
    "system",
    "sh",
    "shell",
    "command",
];

pub fn of_strings(file: &File) -> Script {
    let mut script = Script::new(file);
    let lines: Vec<&str> = file.text.lines().collect();
    // The file that was opened last.
    let mut opened: Option<String> = None;
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| line.len() <= MAX_LINE) {
        if script.commands.len() >= MAX_COMMANDS {
            break;
        }
        let trimmed = line.trim();
        if trimmed.starts_with("//") || trimmed.starts_with('#') || trimmed.starts_with('*') {
            continue;
        }
        let place = Place { file: file.name.clone(), line: at + 1 };
        if let Some((name, value)) = assigned(trimmed) {
            script.assign(name, &argument(value), place.line);
        }
        for (function, open) in calls(line) {
            let Some(inside) = inside(&lines[at..], open) else { continue };
            let words = arguments(&inside);
            let before = line[..open].trim_end_matches('(');
            let receiver = before.strip_suffix(function).and_then(|before| before.strip_suffix('.'));
            match (function, words.as_slice()) {
                // `open(path, "w")` of Python.
                ("open", [path, mode, ..]) if mode.starts_with(['w', 'a']) => opened = Some(path.clone()),
                ("write", [text]) => add_written(&mut script, opened.clone(), text, &place),
                ("write_text", [text, ..]) => {
                    let file =
                        receiver.map(|receiver| argument(receiver.rsplit([' ', '=']).next().unwrap_or(receiver)));
                    add_written(&mut script, file, text, &place);
                }
                _ => add_call(&mut script, function, &words, &place),
            }
        }
    }
    script
}

/// `const NAME = value` and `NAME = value`.
fn assigned(line: &str) -> Option<(&str, &str)> {
    let line =
        ["export ", "const ", "let ", "var "].iter().fold(line, |line, word| line.strip_prefix(word).unwrap_or(line));
    let (name, value) = line.split_once('=')?;
    let name = name.split(':').next()?.trim();
    let value = value.trim().trim_end_matches(';');
    (is_name(name) && !value.starts_with(['=', '>'])).then_some((name, value))
}

/// The functions called on a line, each with where its arguments begin.
fn calls(line: &str) -> Vec<(&str, usize)> {
    let opens = line.char_indices().filter(|(_, c)| matches!(c, '(' | '`'));
    let calls = opens.filter_map(|(at, c)| {
        let before = &line[..at];
        let start = before
            .char_indices()
            .rfind(|(_, c)| !(c.is_ascii_alphanumeric() || "_$".contains(*c)))
            .map_or(0, |(at, c)| at + c.len_utf8());
        let name = &before[start..];
        // `$`...`` of zx.
        (!name.is_empty() && (c == '(' || name == "$")).then_some((name, if c == '(' { at + 1 } else { at }))
    });
    calls.collect()
}

/// The text of the arguments that begin at `open` in the first line.
fn inside(lines: &[&str], open: usize) -> Option<String> {
    let text = lines.iter().take(MAX_LINES).copied().collect::<Vec<_>>().join("\n");
    let text = text.get(open..)?;
    // `$`…`` has no parentheses.
    let is_template = text.starts_with('`') && !lines.first()?[..open].ends_with('(');
    let (mut quote, mut depth) = (None, 0_usize);
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (Some(_), '\\') => drop(chars.next()),
            (Some(end), c) if end == c => {
                quote = None;
                if is_template && depth == 0 {
                    return Some(text[..=at].to_owned());
                }
            }
            (None, '\'' | '"' | '`') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') if depth == 0 => return Some(text[..at].to_owned()),
            (None, ')' | ']' | '}') => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Arguments at the commas outside of quotes; lists are taken apart.
pub fn arguments(text: &str) -> Vec<String> {
    let (mut arguments, mut one) = (Vec::new(), String::new());
    let (mut quote, mut depth) = (None, 0_usize);
    let mut chars = text.chars();
    let mut end = |one: &mut String| {
        let text = std::mem::take(one);
        match text.trim() {
            "" => {}
            text if text.starts_with('[') => arguments.extend(self::arguments(text.trim_matches(['[', ']']))),
            text => arguments.push(argument(text)),
        }
    };
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(_), '\\') => {
                one.push(c);
                one.extend(chars.next());
                continue;
            }
            (Some(end), c) if end == c => quote = None,
            (None, '\'' | '"' | '`') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                end(&mut one);
                continue;
            }
            _ => {}
        }
        one.push(c);
    }
    end(&mut one);
    arguments
}

/// One argument as the shell would write it: `'a'` is `a`, `name` is `${name}`.
fn argument(text: &str) -> String {
    let text = text.trim().trim_end_matches(';');
    // `process.env.X || 'default'`
    if let Some((_, fallback)) = text.rsplit_once("||").or_else(|| text.rsplit_once("??"))
        && !text.starts_with(['\'', '"', '`'])
    {
        return argument(fallback.trim_end_matches(')'));
    }
    for join in ["path.join(", "path.resolve(", "join(", "resolve(", "os.path.join(", "Path("] {
        if let Some(list) = text.strip_prefix(join) {
            let parts = arguments(list.trim_end_matches(')'));
            let here = |part: String| {
                if part.contains("dirname") || part.contains("__file__") { HERE.to_string() } else { part }
            };
            let known = parts.into_iter().filter(|part| !part.contains("cwd")).map(here);
            return known.collect::<Vec<_>>().join("/");
        }
    }
    let formatted = text.strip_prefix(['f', 'r']).filter(|rest| rest.starts_with(['\'', '"']));
    let text = formatted.unwrap_or(text);
    if let Some(quote) = text.chars().next().filter(|c| "'\"`".contains(*c)) {
        let inner = &text[1..];
        let Some(end) = closing(inner, quote) else { return inner.to_owned() };
        let literal = inner[..end].replace("\\n", "\n").replace("\\\\", "\\");
        let literal = match (quote, formatted) {
            ('`', _) => dollars(&literal),
            (_, Some(_)) => of_format(&literal.replace('$', "\\$")),
            _ => literal.replace('$', "\\$"),
        };
        let rest = inner[end + 1..].trim_start();
        return match rest.strip_prefix('+') {
            Some(more) => literal + &argument(more),
            None => literal,
        };
    }
    if let Some((first, more)) = text.split_once('+') {
        return argument(first) + &argument(more);
    }
    if text.chars().all(|c| c.is_ascii_digit()) {
        return text.to_owned();
    }
    let call = text.split('(').next().unwrap_or(text);
    let wraps = ["Number", "String", "parseInt", "str", "int"].contains(&call);
    let name =
        if wraps { text[call.len()..].trim_matches(['(', ')']).split(',').next().unwrap_or_default() } else { call };
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    format!("${{{name}}}")
}

/// `{name}` of Python as `${name}`; `{{` is a brace.
fn of_format(text: &str) -> String {
    let mut shell = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '{' if chars.next_if_eq(&'{').is_some() => shell.push('{'),
            '}' if chars.next_if_eq(&'}').is_some() => shell.push('}'),
            '{' => {
                let name: String = chars.by_ref().take_while(|c| *c != '}').collect();
                shell.push_str(&argument(name.split([':', '!']).next().unwrap_or_default()));
            }
            c => shell.push(c),
        }
    }
    shell
}

fn closing(text: &str, quote: char) -> Option<usize> {
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            c if c == quote => return Some(at),
            _ => {}
        }
    }
    None
}

/// A template: only `${name}` is a variable, and its name is one that a shell could have.
fn dollars(text: &str) -> String {
    let mut shell = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        shell.push_str(rest[..at].trim_end_matches('\\'));
        rest = &rest[at + 1..];
        match rest.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            Some((name, after)) => {
                let name = argument(name);
                shell.push_str(&name);
                rest = after;
            }
            None => shell.push_str("\\$"),
        }
    }
    shell + rest
}

/// A text that is written into a file.
fn add_written(script: &mut Script, file: Option<String>, text: &str, place: &Place) {
    let (words, input) = (vec!["echo".to_owned(), text.to_owned()], Some(text.to_owned()));
    script.commands.push(Command { words, input, output: file, place: place.clone(), ..Command::default() });
}

fn add_call(script: &mut Script, function: &str, words: &[String], place: &Place) {
    let own = |words: Vec<String>| Command { words, place: place.clone(), ..Command::default() };
    let name = function.trim_end_matches("Sync");
    let command = match (name, words) {
        ("symlink", [from, to, ..]) => own(vec!["ln".to_owned(), "-sfn".to_owned(), from.clone(), to.clone()]),
        ("copyFile" | "copyfile" | "copy", [from, to, ..]) => own(vec!["cp".to_owned(), from.clone(), to.clone()]),
        ("rename" | "replace" | "move", [from, to, ..]) => own(vec!["mv".to_owned(), from.clone(), to.clone()]),
        ("sleep", [time, ..]) => own(vec!["sleep".to_owned(), time.clone()]),
        ("writeFile", [file, text, ..]) => return add_written(script, Some(file.clone()), text, place),
        // Helpers that write: `writeAtomic(path, text)`.
        (name, [file, text, ..]) if is_writer(name) && file.contains(['/', '.', '$']) => {
            return add_written(script, Some(file.clone()), text, place);
        }
        ("fetch" | "get" | "axios" | "urlopen" | "request" | "head", [url, ..]) if url.contains('/') => {
            own(vec!["curl".to_owned(), "-f".to_owned(), url.clone()])
        }
        _ if RUNNERS.contains(&function) || function == "$" => {
            let Some(first) = words.first() else { return };
            if words.len() > 1 && !first.contains(' ') {
                add_words(script, words, place);
            } else if is_command(first) || first.contains(' ') {
                script.add_line(first, place, None);
            }
            return;
        }
        // `waitFor(url)`
        (_, [url, ..]) if url.starts_with("http://") || url.starts_with("https://") => {
            own(vec!["curl".to_owned(), "-f".to_owned(), url.clone()])
        }
        // `run` under another name.
        (_, [first, ..]) if first.contains(' ') && is_command(first) => return script.add_line(first, place, None),
        _ => return,
    };
    script.commands.push(command);
}

fn is_writer(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("write") || name.starts_with("save")
}

/// A command that is given as a list of words.
pub fn add_words(script: &mut Script, words: &[String], place: &Place) {
    if let [single] = words {
        return script.add_line(single, place, None);
    }
    if matches!(words, [shell, flag, ..] if shell.ends_with("sh") && flag.ends_with('c')) {
        return script.add_line(&words[2..].join(" "), place, None);
    }
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{}\"", word.replace('"', "\\\""))).collect();
    script.add_line(&quoted.join(" "), place, None);
}

pub fn is_command(line: &str) -> bool {
    let first = line.split_whitespace().next().unwrap_or_default();
    PROGRAMS.contains(&first.rsplit('/').next().unwrap_or(first)) || (first.starts_with("./") && first.len() > 2)
}
