//! One line or one upstream that scripts write for nginx, such as `set $service_url http://127.0.0.1:3001;`.

use super::reload;
use super::template::{Template, bare, words};
use super::{Choice, Look, Setting, quoted};
use crate::app::project::files::name;
use crate::app::project::instances::only_color;

/// What such a text begins with.
const DIRECTIVES: [&str; 6] = ["set", "server", "upstream", "proxy_pass", "default", "map"];
/// A longer text is a configuration and no snippet.
const MAX_WORDS: usize = 24;

/// A script writes it.
pub fn written(look: &Look) -> Option<Choice> {
    look.commands().find_map(|(script, command)| {
        let text = script.fill(&look.text(script, command)?);
        let file = look.path(script, command, &renamed(script, command.output.as_ref()?))?;
        if only_color(name(&file)).is_some() || !is_snippet(&text) {
            return None;
        }
        let template = Template::of_written(look, script, &text)?;
        Some(choice(
            look,
            &look.project.relative(&file),
            &template,
            &format!("written by {} {}", command.place, quoted(&command.shown())),
        ))
    })
}

/// The name under which a file ends, if the script renames it.
pub fn renamed(script: &crate::app::project::shell::Script, file: &str) -> String {
    let moves = script.commands.iter().filter(|command| command.program() == "mv");
    let mut last = moves.filter_map(|command| {
        let words: Vec<&String> = command.words[1..].iter().filter(|word| !word.starts_with('-')).collect();
        let [from, to] = words.as_slice() else { return None };
        (from.as_str() == file).then(|| (*to).clone())
    });
    last.next_back().unwrap_or_else(|| file.to_owned())
}

/// A file that holds nothing but the address of a color.
pub fn on_disk(look: &Look) -> Option<Choice> {
    let mut files = look.files().filter(|file| {
        let ends = [".inc", ".conf"].iter().any(|end| file.name.ends_with(end));
        ends && only_color(&file.name).is_none() && is_snippet(&file.text)
    });
    files.find_map(|file| {
        let words = words(&file.text);
        let leads: Vec<&String> = words.iter().filter(|word| look.instances.color_of(bare(word)).is_some()).collect();
        let [word] = leads.as_slice() else { return None };
        let scheme = word.split_once("://").map_or(String::new(), |(scheme, _)| format!("{scheme}://"));
        let of = |instances: &[String]| {
            Some(format!("{scheme}{}", crate::app::project::instances::plain(instances.first()?)))
        };
        let (blue, green) = (of(&look.instances.blue)?, of(&look.instances.green)?);
        let text = words.iter().fold(String::new(), |text, next| {
            let next = if next == *word { "{upstream}" } else { next };
            if next == ";" || text.is_empty() { text + next } else { format!("{text} {next}") }
        });
        Some(choice(
            look,
            &look.project.relative(&file.path),
            &Template { text, blue, green },
            &format!("holds {}", quoted(file.text.trim())),
        ))
    })
}

fn is_snippet(text: &str) -> bool {
    let words = words(text);
    let first = words.first().map(String::as_str).unwrap_or_default();
    words.len() <= MAX_WORDS && DIRECTIVES.contains(&first) && words.iter().any(|word| word == ";")
}

fn choice(look: &Look, file: &str, template: &Template, reason: &str) -> Choice {
    let mut choice = Choice::default();
    choice.settings.push(Setting::text("router.kind", "nginx", format!("nginx includes {}", quoted(file))));
    choice.settings.push(Setting::text("router.include_file", file, reason));
    choice.settings.push(Setting::text("router.template", template.text.clone(), "what stands there for either color"));
    if (template.blue.as_str(), template.green.as_str()) != ("blue", "green") {
        choice.settings.push(Setting::text("router.blue", template.blue.clone(), "its instance"));
        choice.settings.push(Setting::text("router.green", template.green.clone(), "its instance"));
    }
    choice.settings.extend(reload::of_nginx(look));
    choice
}
