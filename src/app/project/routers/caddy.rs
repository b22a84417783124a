//! Caddy: a Caddyfile that leads to a color, moved over the admin API.

use std::sync::LazyLock;

use regex_lite::Regex;

use super::{Choice, Look, Setting, quoted};
use crate::app::project::files::{File, Place, has_extension, name};
use crate::app::project::instances::plain;
use crate::app::project::pattern;

/// Where Caddy listens for its admin API if nothing else is said.
const ADMIN: &str = "http://127.0.0.1:2019";

pub fn find(look: &Look) -> Option<Choice> {
    if in_container(look) {
        return None;
    }
    if let Some(choice) = over_api(look) {
        return Some(choice);
    }
    let file = look.files().filter(|file| is_caddyfile(file)).find_map(|file| Some((file, proxy(look, file)?)));
    let (file, (line, upstreams)) = file?;
    let admin = admin(file);
    if admin.as_deref() == Some("off") {
        return None;
    }
    let place = Place { file: file.name.clone(), line };
    let mut choice = Choice::default();
    choice.settings.push(Setting::text("router.kind", "caddy", format!("{place} is a reverse_proxy to an instance")));
    let (url, reason) = match admin {
        Some(address) => (address, format!("`admin` in {}", file.name)),
        None => (ADMIN.to_owned(), "Caddy's default".to_owned()),
    };
    choice.settings.push(Setting::text("router.admin_url", url, reason));
    // Caddy's name for an instance, where it is not the instance's address.
    if let Some((blue, green)) = upstreams {
        let reason = format!("as in {}", file.name);
        choice.settings.push(Setting::text("router.blue", blue, reason.clone()));
        choice.settings.push(Setting::text("router.green", green, reason));
    }
    choice.notes.push(format!(
        "Caddy forgets moves over its admin API when it reads {} again: run it with --resume, or keep the file in step",
        quoted(&file.name)
    ));
    Some(choice)
}

/// Whether Caddy is reloaded in a container, which does not show its admin API outside.
fn in_container(look: &Look) -> bool {
    let reloads = look.commands().any(|(_, command)| {
        let has = |word: &str| command.words.iter().any(|known| known == word);
        command.program().starts_with("docker") && has("exec") && has("caddy") && has("reload")
    });
    reloads
        && !look.project.files.iter().any(|file| file.text.contains(":2019:2019") || file.text.contains("\"2019:2019"))
}

/// A script that moves the upstreams itself.
fn over_api(look: &Look) -> Option<Choice> {
    static URL: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?:https?://)?(localhost|127\.0\.0\.1):(2019)((?:/(?:config|id)/[\w/.-]+)?)"));
    look.project.files.iter().filter(|file| file.path.starts_with(&look.project.root)).find_map(|file| {
        let (at, found) = file.text.lines().enumerate().find_map(|(at, line)| {
            let path = URL.captures(line).map(|found| found[3].trim_end_matches("/upstreams").to_owned())?;
            (path.starts_with("/id/") || path.starts_with("/config/")).then_some((at, path))
        })?;
        let place = Place { file: file.name.clone(), line: at + 1 };
        let mut choice = Choice::default();
        choice.settings.push(Setting::text("router.kind", "caddy", format!("{place} moves it over the admin API")));
        choice.settings.push(Setting::text("router.admin_url", ADMIN, place.to_string()));
        let is_upstreams = !found.ends_with("/dial");
        if is_upstreams {
            choice.settings.push(Setting::text("router.upstream_path", found, place.to_string()));
        }
        Some(choice)
    })
}

fn is_caddyfile(file: &File) -> bool {
    let name = name(&file.path);
    name.starts_with("Caddyfile") || has_extension(name, &["caddy", "caddyfile"])
}

/// The line of a `reverse_proxy` to an instance, and the names of both colors if they are not addresses.
fn proxy(look: &Look, file: &File) -> Option<(usize, Option<(String, String)>)> {
    file.text.lines().enumerate().find_map(|(at, line)| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let ["reverse_proxy" | "to", upstreams @ ..] = words.as_slice() else { return None };
        upstreams.iter().find_map(|upstream| {
            // A template has a place for it.
            let is_place = ["__", "{{", "${", "{$"].iter().any(|mark| upstream.contains(mark));
            if is_place || look.instances.color_of(upstream).is_some() {
                return Some((at + 1, None));
            }
            let color = crate::app::project::instances::only_color(upstream)?;
            let other = upstream.replace(color.name(), color.other().name());
            let (blue, green) = color.pick((*upstream, other.as_str()), (other.as_str(), *upstream));
            Some((at + 1, Some((plain(blue), plain(green)))))
        })
    })
}

/// `admin ADDRESS` of the global options; `off` where there is none.
fn admin(file: &File) -> Option<String> {
    let line = file.text.lines().map(str::trim).find_map(|line| line.strip_prefix("admin "))?;
    let address = line.trim().trim_end_matches('{').trim();
    Some(match address {
        "off" => "off".to_owned(),
        address => match address.strip_prefix("unix/") {
            Some(path) => format!("unix:///{}", path.trim_start_matches('/')),
            None => format!("http://{}", address.replace("localhost", "127.0.0.1").replace("0.0.0.0", "127.0.0.1")),
        },
    })
}
