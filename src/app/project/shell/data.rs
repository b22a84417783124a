//! Command lines in YAML, and in the scripts of a `package.json`.

use std::sync::LazyLock;

use regex_lite::Regex;
use serde_json::Value;

use super::languages::{add_words, arguments, is_command};
use super::{Script, is_name};
use crate::app::project::files::{File, Place};
use crate::app::project::pattern;

pub fn of_package(file: &File) -> Script {
    let mut script = Script::new(file);
    let package: Value = serde_json::from_slice(file.text.as_bytes()).unwrap_or_default();
    let scripts = package.get("scripts").and_then(Value::as_object).into_iter().flatten();
    for (name, line) in scripts {
        let quoted = format!("\"{name}\"");
        let at = file.text.lines().position(|line| line.contains(&quoted));
        let place = Place { file: file.name.clone(), line: at.map_or(0, |at| at + 1) };
        script.add_line(line.as_str().unwrap_or_default(), &place, None);
    }
    script
}

pub fn of_yaml(file: &File) -> Script {
    static EXPRESSION: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"\$\{\{\s*(?:env|vars|inputs|steps\.[\w-]+\.outputs)\.([A-Za-z_]\w*)\s*\}\}"));
    let mut script = Script::new(file);
    for (at, line) in file.text.lines().enumerate() {
        let place = Place { file: file.name.clone(), line: at + 1 };
        let line = EXPRESSION.replace_all(line, "$${$1}");
        let line = line.trim().trim_start_matches("- ").trim();
        if let Some((name, value)) = line.split_once(':')
            && is_name(name)
            && value.starts_with([' ', '\t'])
            && !["run", "script", "command", "test", "entrypoint", "image", "name"].contains(&name)
        {
            script.assign(name, value.trim().trim_matches(['"', '\'']), place.line);
            continue;
        }
        let line = ["run:", "script:", "command:", "test:", "entrypoint:"]
            .iter()
            .find_map(|key| line.strip_prefix(key))
            .unwrap_or(line)
            .trim();
        match line.strip_prefix('[') {
            Some(list) => {
                let words = arguments(list.trim_end_matches(']'));
                let skipped = words.iter().take_while(|word| ["CMD", "CMD-SHELL"].contains(&word.as_str())).count();
                add_words(&mut script, &words[skipped..], &place);
            }
            None if is_command(line) || assigns(line) => script.add_line(line, &place, None),
            None => {}
        }
    }
    script
}

fn assigns(line: &str) -> bool {
    line.split_once('=').is_some_and(|(name, value)| is_name(name) && !value.starts_with(['=', ' ']))
}
