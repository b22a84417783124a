//! Traefik's file provider: a router that names the service of a color.

use super::copy::UNCONFIRMED;
use super::{Choice, Look, Setting};
use crate::app::project::files::{File, Place, has_extension};
use crate::app::project::instances::{only_color, yaml};

pub fn find(look: &Look) -> Option<Choice> {
    look.files().filter(|file| has_extension(&file.name, &["yml", "yaml"])).find_map(|file| of_file(look, file))
}

fn of_file(look: &Look, file: &File) -> Option<Choice> {
    let document = yaml(&file.text)?;
    let services = document["http"]["services"].as_hash()?;
    let mut named = document["http"]["routers"].as_hash()?.values().filter_map(|router| router["service"].as_str());
    let active = named.find(|service| only_color(service).is_some())?;
    let color = only_color(active)?;
    let other = active.replace(color.name(), color.other().name());
    services.keys().find(|key| key.as_str() == Some(&other))?;
    let line = file.text.lines().position(|line| {
        let line = line.trim();
        line.starts_with("service:") && line.contains(active)
    })?;
    let (before, after) = active.split_once(color.name())?;
    let path = look.project.relative(&file.path);
    let switch = format!(
        "sed 's/service: [\\x22]*{before}\\(blue\\|green\\){after}/service: {before}{{color}}{after}/' {path} > {path}.new && mv {path}.new {path}",
    );
    let read = format!("s/^ *service: [\\x22]*{before}\\(blue\\|green\\){after}.*/\\1/p");
    let place = Place { file: file.name.clone(), line: line + 1 };
    Some(Choice {
        settings: vec![
            Setting::text("router.kind", "command", format!("{place} names the service of a color")),
            Setting::list(
                "router.switch",
                vec!["sh".to_owned(), "-c".to_owned(), switch],
                "replaces that word, in one step",
            ),
            Setting::list("router.read", vec!["sed".to_owned(), "-n".to_owned(), read, path], "reads that word"),
        ],
        notes: vec![
            format!("Traefik has to watch the folder of {}, and not the file: `providers.file.directory`", file.name),
            UNCONFIRMED.to_owned(),
        ],
    })
}
