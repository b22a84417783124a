//! HAProxy: a backend with the servers of both colors, moved over the Runtime API.

use std::sync::LazyLock;

use regex_lite::Regex;

use super::{Choice, HOLE, Look, Setting, quoted};
use crate::app::project::files::{File, Place, has_extension};
use crate::app::project::instances::only_color;
use crate::app::project::pattern;
use crate::model::Color;

/// A backend as it is configured.
#[derive(Debug, Default)]
struct Backend {
    name: String,
    blue: Vec<String>,
    green: Vec<String>,
    line: usize,
}

pub fn find(look: &Look) -> Option<Choice> {
    let configured = look.files().filter(|file| is_config(file)).find_map(|file| Some((file, shared(look, file)?)));
    let told = told(look);
    let socket = configured.as_ref().and_then(|(file, _)| socket(file)).or_else(|| socket_of_script(look));
    let (backend, place) = match (&configured, told) {
        (Some((file, backend)), _) => (backend, Place { file: file.name.clone(), line: backend.line }),
        (None, Some((ref backend, place))) => return Some(choice(backend, &place, socket)),
        (None, None) => return None,
    };
    Some(choice(backend, &place, socket))
}

fn choice(backend: &Backend, place: &Place, socket: Option<(String, Place)>) -> Choice {
    let mut choice = Choice::default();
    let kind = format!("{place} has the servers of both colors in the backend {}", quoted(&backend.name));
    choice.settings.push(Setting::text("router.kind", "haproxy", kind));
    if let Some((socket, place)) = socket {
        choice.settings.push(Setting::text("router.socket", socket, format!("the stats socket of {place}")));
    } else {
        let usual = "the usual place: no configuration here names a stats socket";
        choice.settings.push(Setting::text("router.socket", "/run/haproxy/admin.sock", usual));
        choice.notes.push(format!(
            "{} has no `stats socket`: add `stats socket /run/haproxy/admin.sock mode 660 level admin` to its section `global`",
            place.file
        ));
    }
    choice.settings.push(Setting::text("router.backend", backend.name.clone(), place.to_string()));
    choice.settings.push(Setting::list("router.blue", backend.blue.clone(), "the servers of blue there"));
    choice.settings.push(Setting::list("router.green", backend.green.clone(), "the servers of green there"));
    choice
}

fn is_config(file: &File) -> bool {
    (has_extension(&file.name, &["cfg"]) || file.name.contains("haproxy")) && file.text.contains("server ")
}

/// The first backend with servers of both colors.
fn shared(look: &Look, file: &File) -> Option<Backend> {
    let mut backend = Backend::default();
    let is_shared = |backend: &Backend| !backend.blue.is_empty() && !backend.green.is_empty();
    for (at, line) in file.text.lines().enumerate() {
        let words: Vec<&str> = line.split('#').next().unwrap_or_default().split_whitespace().collect();
        match words.as_slice() {
            ["backend" | "listen", name, ..] => {
                if is_shared(&backend) {
                    break;
                }
                backend = Backend { name: (*name).to_owned(), line: at + 1, ..Backend::default() };
            }
            ["frontend" | "defaults" | "global" | "userlist" | "resolvers", ..] => {
                if is_shared(&backend) {
                    break;
                }
                backend = Backend::default();
            }
            ["server", name, address, ..] if !backend.name.is_empty() => {
                let color =
                    only_color(name).or_else(|| look.instances.color_of(address)).or_else(|| only_color(address));
                match color {
                    Some(Color::Blue) => backend.blue.push((*name).to_owned()),
                    Some(Color::Green) => backend.green.push((*name).to_owned()),
                    None => {}
                }
            }
            _ => {}
        }
    }
    is_shared(&backend).then_some(backend)
}

/// `stats socket PATH level admin`.
fn socket(file: &File) -> Option<(String, Place)> {
    let mut lines = file.text.lines().enumerate();
    let (at, words) = lines.find_map(|(at, line)| {
        let words: Vec<&str> = line.split_whitespace().collect();
        matches!(words.as_slice(), ["stats", "socket", ..]).then_some((at, words))
    })?;
    let named = words.get(2)?;
    let socket = match named.split_once('@') {
        Some((_, address)) if address.contains(':') => format!("tcp://{}", address.replace("*:", "127.0.0.1:")),
        _ if named.starts_with('/') => (*named).to_owned(),
        _ => format!("tcp://{}", named.replace("*:", "127.0.0.1:")),
    };
    Some((socket, Place { file: file.name.clone(), line: at + 1 }))
}

fn socket_of_script(look: &Look) -> Option<(String, Place)> {
    static SOCKET: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?i)(?:unix-connect:|unix-client:|unix:)?(/\S+\.sock\w*)"));
    static TCP: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)^tcp(?:4|-connect)?:([\w.]+:\d+)"));
    let mut clients = look.commands().filter(|(_, command)| ["socat", "nc", "ncat"].contains(&command.program()));
    clients.find_map(|(script, command)| {
        command.words[1..].iter().map(|word| script.fill(word)).filter(|word| !word.contains(HOLE)).find_map(|word| {
            let socket = match (SOCKET.captures(&word), TCP.captures(&word)) {
                (Some(found), _) => found[1].to_owned(),
                (None, Some(found)) => format!("tcp://{}", found[1].replace("localhost", "127.0.0.1")),
                (None, None) => return None,
            };
            Some((socket, command.place.clone()))
        })
    })
}

/// `set server app/blue state ready` of a script.
fn told(look: &Look) -> Option<(Backend, Place)> {
    static SERVER: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?:set\s+(?:server|weight)|(?:enable|disable)\s+server)\s+([^\s/;]+)/([^\s;]+)"));
    look.commands().find_map(|(script, command)| {
        let text = script.fill(&command.words.join(" "));
        let found = SERVER.captures(&text)?;
        let (backend, server) = (found[1].to_owned(), &found[2]);
        if backend.contains(HOLE) {
            return None;
        }
        let named = |color: Color| {
            if server.contains(HOLE) {
                return look.fill(script, server, color);
            }
            let written = only_color(server)?;
            Some(server.replace(written.name(), color.name()))
        };
        let (blue, green) = (named(Color::Blue)?, named(Color::Green)?);
        let backend = Backend { name: backend, blue: vec![blue], green: vec![green], line: 0 };
        Some((backend, command.place.clone()))
    })
}
