//! A file for each color, of which one is active: by a link, or by a copy.

use std::path::{Path, PathBuf};

use super::reload;
use super::template::Template;
use super::{Choice, HOLE, Look, Setting, quoted};
use crate::app::project::files::{File, has_extension, name};
use crate::app::project::instances::only_color;
use crate::app::project::shell::{Command, Script};
use crate::config::shell_word;
use crate::model::Color;

/// A file for each color, and the one that is active.
struct Active<'a> {
    file: PathBuf,
    /// The source for a color, with `{color}`.
    pattern: String,
    reason: String,
    by: Option<(&'a Script, &'a Command)>,
}

/// nginx includes a link to the file of a color.
pub fn linked(look: &Look) -> Option<Choice> {
    let by_script = look.commands().filter(|(_, command)| command.program() == "ln").find_map(|(script, command)| {
        let active = active(look, script, command)?;
        (is_nginx(&active) && speaks_of_nginx(look, &active)).then_some(active)
    });
    let on_disk = || {
        let mut links = look.files().filter(|file| only_color(&file.name).is_none());
        links.find_map(|file| {
            let target = name(file.link.as_deref()?);
            let color = only_color(target)?;
            let other = target.replace(color.name(), color.other().name());
            look.project.file(&file.link.as_deref()?.with_file_name(&other))?;
            let active = Active {
                file: file.path.clone(),
                pattern: target.replace(color.name(), "{color}"),
                reason: format!("a link to `{target}`, beside `{other}`"),
                by: None,
            };
            is_nginx(&active).then_some(active)
        })
    };
    let active = by_script.or_else(on_disk)?;
    let mut choice = nginx(look, &active);
    choice.settings.extend(reload::of_nginx(look));
    Some(choice)
}

/// A script copies the file of a color.
pub fn copied(look: &Look) -> Option<Choice> {
    let by_script = look
        .commands()
        .filter(|(_, command)| ["cp", "install"].contains(&command.program()))
        .find_map(|(script, command)| active(look, script, command));
    let Some(active) = by_script else { return copied_by_hand(look) };
    let in_nginx = is_nginx(&active);
    let text = |color: Color| text_of(look, &active, color);
    let template = text(Color::Blue).zip(text(Color::Green)).and_then(|(blue, green)| Template::of_pair(blue, green));
    match template.filter(|_| in_nginx) {
        Some(template) => Some(templated(look, &active, &template)),
        None => by_command(look, &active),
    }
}

/// A copy of which no script tells: the same text under a name without a color.
fn copied_by_hand(look: &Look) -> Option<Choice> {
    let files: Vec<&File> = look.files().filter(|file| has_extension(&file.name, &["conf", "inc"])).collect();
    files.iter().filter(|file| only_color(name(&file.path)).is_none() && file.link.is_none()).find_map(|file| {
        let beside = files.iter().filter(|other| other.path.parent() == file.path.parent());
        let source = beside
            .clone()
            .find(|other| only_color(name(&other.path)).is_some() && other.text.trim() == file.text.trim())?;
        let color = only_color(name(&source.path))?;
        let other = source.path.with_file_name(name(&source.path).replace(color.name(), color.other().name()));
        let other = look.project.file(&other)?;
        let (blue, green) = color.pick((&source.text, &other.text), (&other.text, &source.text));
        let template = Template::of_pair(blue, green)?;
        let active = Active {
            file: file.path.clone(),
            pattern: String::new(),
            reason: format!("has the text of `{}`", name(&source.path)),
            by: None,
        };
        Some(templated(look, &active, &template))
    })
}

/// The words that are no options; those of `install -m 0644` have values.
fn arguments(command: &Command) -> Vec<&String> {
    let mut words = command.words[1..].iter();
    let mut arguments = Vec::new();
    while let Some(word) = words.next() {
        if command.program() == "install" && ["-m", "-o", "-g"].contains(&word.as_str()) {
            words.next();
        } else if !word.starts_with('-') {
            arguments.push(word);
        }
    }
    arguments
}

fn active<'a>(look: &Look, script: &'a Script, command: &'a Command) -> Option<Active<'a>> {
    let words = arguments(command);
    let [from, to] = words.as_slice() else { return None };
    let filled = script.fill(from);
    // `upstream-$NEW.conf`, or the name of one color.
    let pattern = if filled.matches(HOLE).count() == 2 {
        filled.split(HOLE).enumerate().map(|(at, part)| if at % 2 == 0 { part } else { "{color}" }).collect()
    } else {
        let color = only_color(&filled)?;
        filled.replace(color.name(), "{color}")
    };
    let to = renamed(script, command, to);
    let file = look.path(script, command, &to)?;
    // In a folder the file keeps the name of its color.
    if to.ends_with('/') || file.is_dir() && file.file_name().is_some_and(|name| name != "current" && name != "active")
    {
        return None;
    }
    if only_color(&look.project.relative(&file)).is_some() || pattern.contains(HOLE) {
        return None;
    }
    // Scripts copy other things too, such as builds.
    let kind = Path::new(&pattern).extension().and_then(|end| end.to_str()).unwrap_or_default();
    let known = ["conf", "inc", "cfg", "caddy", "yml", "yaml", "toml", "{color}"].contains(&kind)
        || pattern.contains("Caddyfile")
        || pattern.contains("nginx");
    let reason = format!("{} {} to it", command.place, quoted(&command.shown()));
    if known {
        return Some(Active { file, pattern, reason, by: Some((script, command)) });
    }
    // A folder for each color, of which a link shows one.
    let folder = look.path(script, command, &pattern.replace("{color}", "blue"))?;
    let mut inside = look.project.files.iter().filter(|file| file.path.parent() == Some(&folder));
    let (only, None) = (inside.next()?, inside.next()) else { return None };
    let pattern = format!("{pattern}/{}", name(&only.path));
    Some(Active { file: file.join(name(&only.path)), pattern, reason, by: Some((script, command)) })
}

/// The name under which a file ends, if the script renames it.
fn renamed(script: &Script, command: &Command, to: &str) -> String {
    let at = command.index;
    let moved = script.commands[at..].iter().take(6).filter(|next| next.program() == "mv").find_map(|next| {
        let words: Vec<&String> = next.words[1..].iter().filter(|word| !word.starts_with('-')).collect();
        let [from, last] = words.as_slice() else { return None };
        (from.as_str() == to).then(|| (*last).clone())
    });
    moved.unwrap_or_else(|| to.to_owned())
}

/// Whether nginx reads such a file: by its path, its text, or a reload.
fn speaks_of_nginx(look: &Look, active: &Active) -> bool {
    let path = active.file.to_string_lossy();
    let others = ["apache", "httpd", "envoy", "/etc/default", "systemd", "haproxy"];
    let text = Color::ALL.into_iter().find_map(|color| text_of(look, active, color));
    let is_text =
        text.is_some_and(|text| ["upstream", "server", "proxy_pass", "set $"].iter().any(|word| text.contains(word)));
    !others.iter().any(|other| path.contains(other)) && (path.contains("nginx") || is_text || reload::has_nginx(look))
}

fn is_nginx(active: &Active) -> bool {
    let ends = [".cfg", ".yml", ".yaml", ".toml"].iter().any(|end| active.pattern.ends_with(end));
    !ends
        && !active.pattern.contains("Caddyfile")
        && !active.pattern.contains(".caddy")
        && !active.file.to_string_lossy().contains("haproxy")
        && !active.file.to_string_lossy().contains("caddy")
}

fn text_of<'a>(look: &'a Look, active: &Active, color: Color) -> Option<&'a str> {
    let source = active.pattern.replace("{color}", color.name());
    // What a link leads to is seen from its folder.
    let beside = active.file.with_file_name(&source);
    let named = active.by.and_then(|(script, command)| look.path(script, command, &source));
    let file = named.and_then(|path| look.project.file(&path)).or_else(|| look.project.file(&beside));
    file.map(|file| file.text.as_str())
}

fn nginx(look: &Look, active: &Active) -> Choice {
    let file = look.project.relative(&active.file);
    let reason = active.reason.trim_end_matches(" to it").to_owned();
    let mut choice = Choice::default();
    choice.settings.push(Setting::text("router.kind", "nginx", format!("nginx includes {}", quoted(&file))));
    choice.settings.push(Setting::text("router.include_file", file.clone(), reason));
    if !active.file.exists() {
        choice.notes.push(format!("{} does not exist on this machine", quoted(&file)));
    }
    choice
}

fn templated(look: &Look, active: &Active, template: &Template) -> Choice {
    let mut choice = nginx(look, active);
    let reason = "what the files of both colors share".to_owned();
    choice.settings.push(Setting::text("router.template", template.text.clone(), reason));
    if (template.blue.as_str(), template.green.as_str()) != ("blue", "green") {
        choice.settings.push(Setting::text("router.blue", template.blue.clone(), "stands in the file of blue"));
        choice.settings.push(Setting::text("router.green", template.green.clone(), "stands in the file of green"));
    }
    choice.settings.extend(reload::of_nginx(look));
    choice
}

/// What the script does, for either color.
fn by_command(look: &Look, active: &Active) -> Option<Choice> {
    let (script, command) = active.by?;
    let file = active.file.display().to_string();
    let source = match look.path(script, command, &active.pattern.replace("{color}", "blue")) {
        Some(path) => path.parent()?.join(name(Path::new(&active.pattern))),
        None => PathBuf::from(&active.pattern),
    };
    let source = source.display().to_string();
    let sudo = if command.sudo { "sudo -n " } else { "" };
    if !(is_router_file(&active.file) || speaks_of_nginx(look, active)) {
        return None;
    }
    let (source, file) =
        (shell_word(&source.replace("{color}", "COLOR")).replace("COLOR", "{color}"), shell_word(&file));
    let switch = format!("{sudo}cp {source} {file}{}", reload::behind(script, command));
    let of_loop = source.replace("{color}", "$color");
    let read = format!(
        "for color in blue green; do if cmp -s {file} {of_loop}; then echo $color; exit; fi; done; echo neither"
    );
    let shell = |line: String| vec!["sh".to_owned(), "-c".to_owned(), line];
    let place = &command.place;
    Some(Choice {
        settings: vec![
            Setting::text("router.kind", "command", format!("{place} copies the file of a color")),
            Setting::list("router.switch", shell(switch), format!("what {place} does, for either color")),
            Setting::list("router.read", shell(read), "the color whose file is there"),
        ],
        notes: vec![UNCONFIRMED.to_owned()],
    })
}

/// Whether a path is that of a router's configuration.
fn is_router_file(file: &Path) -> bool {
    let path = file.to_string_lossy().to_ascii_lowercase();
    ["nginx", "haproxy", "caddy", "traefik", "envoy", "proxy", "upstream"].iter().any(|word| path.contains(word))
}

/// A file proves what was written, and not what is used.
pub const UNCONFIRMED: &str = "router.read reads a file, which does not prove that the router uses it: set router.probe_url to a page \
                               that says which color answers";
