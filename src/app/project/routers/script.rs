//! A script that takes a color and does nothing but move traffic.

use super::copy::UNCONFIRMED;
use super::record;
use super::{Choice, Look, Setting};
use crate::app::project::files::has_extension;
use crate::app::project::shell::Script;

/// What a script does that deploys, too.
const DEPLOYS: [&str; 12] =
    ["build", "pull", "run", "up", "create", "ci", "install", "clone", "checkout", "apply", "scp", "rsync"];
const NAMES: [&str; 7] = ["switch", "traffic", "toggle", "flip", "cutover", "swap", "router"];

pub fn find(look: &Look) -> Option<Choice> {
    let mut files = look.project.files.iter().filter(|file| file.path.starts_with(&look.project.root));
    files.find_map(|file| {
        let script = look.scripts.iter().find(|script| script.name == file.name)?;
        let named = NAMES.iter().any(|name| file.name.to_ascii_lowercase().contains(name));
        let is_shell = has_extension(&file.name, &["sh"]) || file.text.starts_with("#!");
        if !named || !is_shell || !takes_a_color(&file.text) || deploys(script) {
            return None;
        }
        let mut choice = Choice::default();
        choice.settings.push(Setting::text(
            "router.kind",
            "command",
            format!("{} takes a color and moves traffic", file.name),
        ));
        let program = format!("./{}", look.project.relative(&file.path));
        choice.settings.push(Setting::list("router.switch", vec![program, "{color}".to_owned()], "that script"));
        if let Some((words, place)) = record::read(look) {
            choice.settings.push(Setting::list("router.read", words, format!("{place} records it")));
            choice.notes.push(UNCONFIRMED.to_owned());
        }
        Some(choice)
    })
}

fn takes_a_color(text: &str) -> bool {
    let takes = text.contains("$1") || text.contains("${1");
    takes && text.to_ascii_lowercase().contains("blue") && text.to_ascii_lowercase().contains("green")
}

fn deploys(script: &Script) -> bool {
    script.commands.iter().any(|command| {
        let deploys = ["docker", "docker-compose", "npm", "git", "kubectl", "podman", "scp", "rsync"]
            .contains(&command.program());
        deploys && command.words.iter().any(|word| DEPLOYS.contains(&word.as_str()))
    })
}
