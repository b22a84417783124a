//! Ports of colors in the branches of scripts: `if`, `case` and `?:`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex_lite::Regex;

use super::{Rank, Seen, address, color};
use crate::app::project::files::{File, Place};
use crate::app::project::pattern;
use crate::model::Color;

/// What belongs together in one branch.
#[derive(Default)]
struct Branch {
    /// What the branch is taken for: the variable and the color that it is compared with.
    condition: Option<(String, Color)>,
    colors: BTreeMap<String, Color>,
    ports: BTreeMap<String, (String, usize)>,
}

/// Whether a line compares something with a color.
pub fn is_condition(line: &str) -> bool {
    condition(line).is_some()
}

/// Whether a branch of a shell script ends or begins here.
pub fn ends(line: &str) -> bool {
    ["else", "elif", "fi", ";;", "esac"]
        .iter()
        .any(|word| line.trim() == *word || line.trim().starts_with(&format!("{word} ")))
}

pub fn find(file: &File) -> Vec<Seen> {
    static KEYWORD: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"(?:\b(?:then|else|elif|fi|esac)\b|;;|^\s*\}|(?i:[\x22']?\b(?:blue|green)[\x22']?\)))")
    });
    static ASSIGNED: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r#"(?i)(?:\b([a-z_][a-z0-9_]*)\s*=|\b(?:echo|return)\s)\s*["']?((?:[\w.]+[-_])?(?:blue|green)|(?:https?://)?(?:[\w.-]+:)?\d{4,5})\b"#,
        )
    });
    let mut seen = ternaries(file);
    let (mut branch, mut opened, mut last) = (Branch::default(), None, None);
    for (at, line) in file.text.lines().enumerate() {
        if line.trim_start().starts_with('#') {
            continue;
        }
        let mut from = 0;
        let keywords = KEYWORD.find_iter(line).map(|found| (found.end(), found.as_str())).chain([(line.len(), "")]);
        for (end, keyword) in keywords {
            let part = &line[from..end];
            from = end;
            let compared = condition(part);
            opened = compared.clone().or(opened);
            if compared.is_none() {
                for found in ASSIGNED.captures_iter(part) {
                    let name = found.get(1).map_or("", |name| name.as_str()).to_owned();
                    match super::only_color(&found[2]) {
                        Some(color) => drop(branch.colors.insert(name, color)),
                        None => drop(branch.ports.insert(name, (found[2].to_owned(), at + 1))),
                    }
                }
            }
            if keyword.is_empty() {
                continue;
            }
            seen.extend(branch.close(file));
            branch = Branch::default();
            let label = super::only_color(keyword).filter(|_| keyword.ends_with(')'));
            branch.condition = match (keyword, label) {
                (_, Some(color)) => Some((String::new(), color)),
                ("then", _) => {
                    last = opened.take();
                    last.clone()
                }
                // Of two colors it is the other one.
                ("else", _) => last.take().map(|(variable, color)| (variable, color.other())),
                _ => None,
            };
        }
    }
    seen.extend(branch.close(file));
    seen
}

impl Branch {
    fn close(&self, file: &File) -> Vec<Seen> {
        let mut seen = Vec::new();
        for (variable, (port, line)) in &self.ports {
            let Some(color) = self.color_of(variable) else { continue };
            let Some(address) = address(port) else { continue };
            let place = Place { file: file.name.clone(), line: *line };
            seen.push(Seen { color, address, rank: Rank::Near, place });
        }
        seen
    }

    /// The color that the port in a variable belongs to.
    fn color_of(&self, variable: &str) -> Option<Color> {
        if let Some(color) = super::only_color(variable) {
            return Some(color);
        }
        let speaks = ["port", "addr", "url", "dial", "upstream", "backend", "target"];
        let name = variable.to_ascii_lowercase();
        if !(name.is_empty() || name == "p" || speaks.iter().any(|word| name.contains(word))) {
            return None;
        }
        let role = role(variable);
        let of_role = self.colors.iter().find(|(name, _)| self::role(name) == role).map(|(_, color)| *color);
        let only =
            (self.colors.len() == 1 && self.ports.len() == 1).then(|| self.colors.values().next().copied()).flatten();
        // Without a role it is that of what comes.
        let of_next = || {
            let next = self.colors.iter().find(|(name, _)| is_of_future(name)).map(|(_, color)| *color);
            next.filter(|_| role.is_empty() || is_of_future(variable))
        };
        of_role.or(only).or_else(of_next).or_else(|| {
            let (compared, color) = self.condition.as_ref().filter(|_| self.colors.is_empty())?;
            // `if [ "$CURRENT" = blue ]; then NEW_PORT=3002`: it is the other one's.
            match (is_of_present(compared), is_of_present(variable), is_of_future(variable)) {
                (true, false, true) => Some(color.other()),
                (false, true, _) | (true, false, false) => None,
                (false, ..) | (true, true, _) => Some(*color),
            }
        })
    }
}

/// `NEW` of `NEW_PORT` and `NEW_COLOR`.
fn role(variable: &str) -> String {
    let name = variable.to_ascii_lowercase();
    let parts = name
        .split('_')
        .filter(|part| !part.starts_with("colo") && !["port", "env", "name", "environment", "slot"].contains(part));
    parts.collect::<Vec<_>>().join("_").replace("port", "").replace("color", "")
}

fn is_of_present(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["current", "active", "live", "old", "prev", "running", "before"].iter().any(|word| name.contains(word))
        && !name.contains("inactive")
}

fn is_of_future(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["new", "next", "target", "idle", "inactive", "standby", "deploy", "other", "after"]
        .iter()
        .any(|word| name.contains(word))
}

/// The variable and the color of `[ "$X" = "blue" ]`, `[[ $X == blue ]]` and `x === 'blue'`.
fn condition(line: &str) -> Option<(String, Color)> {
    static COMPARED: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r#"(?i)(?:\[\s.*?\$\{?([a-z0-9_]+)[^=\]]*\s={1,2}\s*|([a-z0-9_.]+)\s*={2,3}\s*)["']?(blue|green)\b"#)
    });
    let found = COMPARED.captures(line)?;
    let variable = found.get(1).or_else(|| found.get(2))?.as_str().to_owned();
    Some((variable, color(&found[3])?))
}

/// `color === 'blue' ? 3001 : 3002`
fn ternaries(file: &File) -> Vec<Seen> {
    static CHOICE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r#"(?i)([a-z0-9_.$]+)["'\]\s]*={1,3}\s*["']?(blue|green)["']?\s*\]*\s*(?:\?|&&\s*echo)\s*["']?(\d{4,5})["']?\s*(?::|\|\|\s*echo)\s*["']?(\d{4,5})"#,
        )
    });
    let mut seen = Vec::new();
    for (at, line) in file.text.lines().enumerate() {
        for found in CHOICE.captures_iter(line) {
            let Some(first) = color(&found[2]) else { continue };
            // The port of what comes next stands behind what is there now.
            let first = if is_of_present(&found[1]) && is_of_future(line.split('=').next().unwrap_or_default()) {
                first.other()
            } else {
                first
            };
            for (color, port) in [(first, &found[3]), (first.other(), &found[4])] {
                let place = Place { file: file.name.clone(), line: at + 1 };
                seen.extend(address(port).map(|address| Seen { color, address, rank: Rank::Near, place }));
            }
        }
    }
    seen
}
