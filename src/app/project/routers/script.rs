//! A script that takes a color and does nothing but move traffic.

use super::copy::UNCONFIRMED;
use super::record;
use super::{Choice, Look, Setting};
use crate::app::project::shell::Script;

/// What a script does that deploys, too.
const DEPLOYS: [&str; 12] =
    ["build", "pull", "run", "up", "create", "ci", "install", "clone", "checkout", "apply", "scp", "rsync"];
const NAMES: [&str; 12] = [
    "switch", "traffic", "toggle", "flip", "cutover", "swap", "router", "shift", "promote", "activate", "go-live",
    "golive",
];

pub fn find(look: &Look) -> Option<Choice> {
    let mut files = look.project.files.iter().filter(|file| file.path.starts_with(&look.project.root));
    files.find_map(|file| {
        let script = look.scripts.iter().find(|script| script.name == file.name)?;
        let named = NAMES.iter().any(|name| file.name.to_ascii_lowercase().contains(name));
        let path = look.project.relative(&file.path);
        let program = program(&path, &file.text);
        if !named || program.is_empty() || !takes_a_color(&file.text) || deploys(script) {
            return None;
        }
        let mut choice = Choice::default();
        choice.settings.push(Setting::text(
            "router.kind",
            "command",
            format!("{} takes a color and moves traffic", file.name),
        ));
        let words = program.into_iter().chain(["{color}".to_owned()]).collect();
        choice.settings.push(Setting::list("router.switch", words, "that script"));
        if let Some((words, place)) = record::read(look) {
            choice.settings.push(Setting::list("router.read", words, format!("{place} records it")));
            choice.notes.push(UNCONFIRMED.to_owned());
        }
        Some(choice)
    })
}

/// The words that run the script.
fn program(path: &str, text: &str) -> Vec<String> {
    let by = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).chain([path.to_owned()]).collect();
    match path.rsplit('.').next().unwrap_or_default() {
        "py" => by(&["python3"]),
        "js" | "mjs" | "cjs" => by(&["node"]),
        "ts" | "mts" | "cts" => by(&["npx", "--no-install", "tsx"]),
        "rb" => by(&["ruby"]),
        "sh" => vec![format!("./{path}")],
        _ if text.starts_with("#!") => vec![format!("./{path}")],
        _ => Vec::new(),
    }
}

fn takes_a_color(text: &str) -> bool {
    let takes = ["$1", "${1", "sys.argv", "process.argv", "ARGV"].iter().any(|word| text.contains(word));
    takes && text.to_ascii_lowercase().contains("blue") && text.to_ascii_lowercase().contains("green")
}

fn deploys(script: &Script) -> bool {
    script.commands.iter().any(|command| {
        let deploys = ["docker", "docker-compose", "npm", "git", "kubectl", "podman", "scp", "rsync"]
            .contains(&command.program());
        deploys && command.words.iter().any(|word| DEPLOYS.contains(&word.as_str()))
    })
}
