//! The proposed `switchback.toml`: the order of the table of keys, the reason above every line.

use std::fmt::Write as _;

use super::proposal::Proposal;
use crate::app::project::routers::{Setting, Value};
use crate::config::{Key, keys};

const HEAD: &str = "\
# switchback.toml, proposed by `switchback init`. The comment above a line says why it is there.
# `switchback config template` shows every key, `switchback doctor` checks this file.
";
/// Characters of a reason; a script's line may be long.
const MAX_REASON: usize = 320;
/// Characters of a line of the comment.
const MAX_LINE: usize = 116;

pub fn file(proposal: &Proposal) -> String {
    let mut text = HEAD.to_owned();
    let mut section = "";
    for key in keys() {
        let setting = proposal.settings.iter().find(|setting| setting.key == key.name);
        let suggestion =
            proposal.latency.as_ref().filter(|_| key.name == "checks.latency.threshold" && setting.is_none());
        if setting.is_none() && suggestion.is_none() {
            continue;
        }
        let (of, name) = split(key.name);
        if of == section {
            text.push('\n');
        } else {
            section = of;
            // Writing to a string cannot fail, here and below.
            let _ = write!(text, "\n[{section}]\n");
        }
        match (setting, suggestion) {
            (Some(setting), _) => {
                let _ = write!(text, "# {}\n{name} = {}\n", reason(setting), value(key, setting));
            }
            (None, Some((value, reason))) => {
                let _ = write!(text, "# {reason}; remove the # in front to judge latency too\n#{name} = \"{value}\"\n");
            }
            (None, None) => {}
        }
    }
    text
}

/// The section and the name in it; both colors stand in one section.
fn split(key: &str) -> (&str, &str) {
    match key.strip_prefix("colors.") {
        Some(name) => ("colors", name),
        None => key.rsplit_once('.').unwrap_or(("", key)),
    }
}

/// The reason as lines of a comment.
fn reason(setting: &Setting) -> String {
    let text: String = setting.reason.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let text = match text.char_indices().nth(MAX_REASON) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    };
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last().map_or(0, |line| line.chars().count());
        if last > 0 && last + word.chars().count() > MAX_LINE {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n# ")
}

fn value(key: &Key, setting: &Setting) -> String {
    match &setting.value {
        Value::Text(text) => key.toml(text),
        Value::List(words) => toml::Value::from(words.clone()).to_string(),
    }
}
