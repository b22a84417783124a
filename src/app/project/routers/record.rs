//! Files in which scripts keep the active color or port.

use std::path::PathBuf;

use super::{Choice, HOLE, Look, Value, is_port, quoted};
use crate::app::project::files::{Place, has_extension, name};
use crate::app::project::instances::{only_color, port};

/// What such a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Color,
    Port,
}

struct Record {
    file: PathBuf,
    holds: Holds,
    place: Place,
}

/// The command that reads the active color from such a file, and where the file is known from.
pub fn read(look: &Look) -> Option<(Vec<String>, Place)> {
    let record = find(look).into_iter().next()?;
    let file = look.project.relative(&record.file);
    let words = match record.holds {
        Holds::Color => vec!["cat".to_owned(), file],
        Holds::Port => {
            let of = |instances: &[String]| instances.first().and_then(|address| port(address)).map(str::to_owned);
            let (blue, green) = (of(&look.instances.blue)?, of(&look.instances.green)?);
            vec!["sed".to_owned(), "-n".to_owned(), format!("s/^{blue}$/blue/p; s/^{green}$/green/p"), file]
        }
    };
    Some((words, record.place))
}

/// Records that a rollback leaves behind, because it moves the router and not the script's own file.
pub fn stale(look: &Look, choice: &Choice) -> Vec<String> {
    let moved: String = choice
        .settings
        .iter()
        .map(|setting| match &setting.value {
            Value::Text(text) => format!("{text}\n"),
            Value::List(words) => format!("{}\n", words.join("\n")),
        })
        .collect();
    let by_script = choice.settings.iter().any(|setting| {
        setting.key == "router.switch" && matches!(&setting.value, Value::List(words) if words[0] != "sh")
    });
    if by_script {
        return Vec::new();
    }
    let records = find(look).into_iter().map(|record| (look.project.relative(&record.file), record.place));
    records.filter(|(file, _)| !moved.contains(file.as_str())).map(|(file, place)| {
        format!(
            "{place} keeps what is active in {}, which a rollback does not write: let the script ask `switchback status --inactive` instead",
            quoted(&file)
        )
    }).collect()
}

fn find(look: &Look) -> Vec<Record> {
    let written = look.commands().filter_map(|(script, command)| {
        let text = script.fill(command.input.as_ref()?);
        let file = look.path(script, command, command.output.as_ref()?)?;
        let (before, variable) = single(text.trim())?;
        let holds = match variable {
            Some(variable) if is_port(script, variable, before) => Holds::Port,
            Some(_) if is_plain(before) => Holds::Color,
            Some(_) => return None,
            None => Holds::Color,
        };
        // That one a rollback writes.
        let is_state = name(&file) == ".deployment-state.json";
        (names_it(name(&file)) && !is_state).then(|| Record { file, holds, place: command.place.clone() })
    });
    let on_disk =
        look.project.files.iter().filter(|file| file.path.starts_with(&look.project.root)).filter_map(|file| {
            let text = file.text.trim();
            // A script has a default, and is no record.
            let is_script = look.scripts.iter().any(|script| script.name == file.name && !script.commands.is_empty());
            if is_script || text.lines().count() > 4 {
                return None;
            }
            let holds = if text.chars().all(|c| c.is_ascii_digit()) && look.instances.color_of_port(text).is_some() {
                Holds::Port
            } else if only_color(text).is_some_and(|color| color.name() == text) || is_sourced(text) {
                Holds::Color
            } else {
                return None;
            };
            Some(Record { file: file.path.clone(), holds, place: Place::file(file) })
        });
    let mut records: Vec<Record> = Vec::new();
    for record in written.chain(on_disk) {
        if records.iter().all(|known| known.file != record.file) {
            records.push(record);
        }
    }
    records
}

/// What stands in front of the only unknown part, and that; or a plain color.
fn single(text: &str) -> Option<(&str, Option<&str>)> {
    let first = text.lines().next()?;
    if only_color(first).is_some_and(|color| first == color.name()) {
        return Some(("", None));
    }
    let (before, rest) = first.split_once(HOLE)?;
    let (variable, after) = rest.split_once(HOLE)?;
    after.trim_end_matches(['"', '}', ' ']).is_empty().then_some((before, Some(variable)))
}

/// Nothing, `ACTIVE_COLOR=` or `{"activeColor": "`.
fn is_plain(before: &str) -> bool {
    let before = before.to_ascii_lowercase();
    before.is_empty()
        || (before.contains("color") || before.contains("active") || before.contains("env")) && !before.contains(' ')
        || before.starts_with('{')
}

/// `ACTIVE_COLOR=blue`
fn is_sourced(text: &str) -> bool {
    text.lines().any(|line| {
        let (key, value) = line.split_once('=').unwrap_or_default();
        key.to_ascii_lowercase().contains("active")
            && only_color(value).is_some_and(|color| value.trim_matches('"') == color.name())
    })
}

fn names_it(file: &str) -> bool {
    let file = file.to_ascii_lowercase();
    ["active", "current", "color", "live", "port", "state", "slot", "environment"]
        .iter()
        .any(|word| file.contains(word))
        && !has_extension(&file, &["conf"])
}
