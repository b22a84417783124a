//! `kubectl patch service`: the color in a Service's selector.

use std::sync::LazyLock;

use regex_lite::Regex;

use super::{Choice, HOLE, Look, Setting};
use crate::app::project::instances::only_color;
use crate::app::project::pattern;

pub fn find(look: &Look) -> Option<Choice> {
    static KEY: LazyLock<Regex> = LazyLock::new(|| pattern(r#"["']?([\w./-]+)["']?\s*:\s*["']?[\w-]*\{color\}"#));
    look.commands().filter(|(_, command)| command.program() == "kubectl").find_map(|(script, command)| {
        let words: Vec<String> = command.words.iter().map(|word| script.fill(word)).collect();
        let service = words.iter().position(|word| ["service", "svc", "services"].contains(&word.as_str()));
        let name = match service {
            Some(at) => words.get(at + 1)?.clone(),
            None => words
                .iter()
                .find_map(|word| word.strip_prefix("svc/").or_else(|| word.strip_prefix("service/")))?
                .to_owned(),
        };
        if words.get(1).is_none_or(|verb| verb != "patch" && !verb.starts_with('-')) || name.contains(HOLE) {
            return None;
        }
        let filled: Vec<String> = words.iter().map(|word| with_color(word)).collect();
        let patch = filled.iter().find(|word| word.contains("selector") && word.contains("{color}"))?;
        let key = KEY.captures(patch)?[1].to_owned();
        let space = filled.windows(2).find(|pair| pair[0] == "-n" || pair[0] == "--namespace");
        let mut read: Vec<String> = ["kubectl", "get", "service", &name, "--output"].map(str::to_owned).to_vec();
        let key = key.replace('.', "\\.");
        read.push(format!("jsonpath={{.spec.selector.{key}}}"));
        read.extend(space.into_iter().flatten().cloned());
        if read.iter().chain(&filled).any(|word| word.contains(HOLE)) {
            return None;
        }
        let place = &command.place;
        Some(Choice {
            settings: vec![
                Setting::text("router.kind", "command", format!("{place} patches the selector of a Service")),
                Setting::list("router.switch", filled, format!("what {place} does, for either color")),
                Setting::list("router.read", read, "the color in that selector"),
            ],
            notes: Vec::new(),
        })
    })
}

/// The text for either color.
fn with_color(text: &str) -> String {
    let parts: Vec<&str> = text.split(HOLE).collect();
    if parts.len() == 3 {
        return format!("{}{{color}}{}", parts[0], parts[2]);
    }
    match only_color(text) {
        Some(color) if text.contains("selector") => text.replace(color.name(), "{color}"),
        _ => text.to_owned(),
    }
}
