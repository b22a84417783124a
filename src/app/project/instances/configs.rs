//! Instances in the configuration of routers, and the published ports of compose services.

use std::sync::LazyLock;

use regex_lite::Regex;
use yaml_rust2::Yaml;

use super::{Rank, Seen, address, is_inside, only_color, yaml};
use crate::app::project::files::{File, Place, has_extension, name};
use crate::app::project::pattern;

/// Ports of debuggers and metrics.
const BESIDE: [&str; 4] = ["9229", "5005", "9464", "9090"];
/// Compose services beside the application's.
const OTHERS: [&str; 12] = [
    "db",
    "redis",
    "postgres",
    "mysql",
    "mongo",
    "cache",
    "queue",
    "worker",
    "exporter",
    "metrics",
    "prometheus",
    "nginx",
];

/// Servers of nginx, HAProxy and Caddy that a color's name stands at, or in a file of the color.
pub fn in_router(file: &File) -> Vec<Seen> {
    static SERVER: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?:^|[{;])\s*(?:server\s+(?:([A-Za-z][\w.-]*)\s+)?|reverse_proxy\s+|proxy_pass\s+|set\s+\$\w+\s+|to\s+|-\s*url:\s*)[\x22']?(?:https?://)?((?:[\w.-]+|\[[0-9a-f:]+\]):\d{2,5})\b",
        )
    });
    static BLOCK: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^\s*(?:upstream|backend|listen|@?[\w.-]*)\s*([\w.-]*(?i:blue|green)[\w.-]*)"));
    let of_file = only_color(&file.name);
    let is_config = has_extension(&file.name, &["conf", "inc", "cfg", "caddy", "blue", "green"])
        || (of_file.is_some() && has_extension(&file.name, &["yml", "yaml", "toml"]));
    if !is_config && !name(&file.path).starts_with("Caddyfile") {
        return Vec::new();
    }
    let mut block = None;
    let mut seen = Vec::new();
    for (at, line) in file.text.lines().enumerate() {
        if line.trim_start().starts_with('#') {
            continue;
        }
        let opened = BLOCK.captures(line).filter(|_| !line.trim_start().starts_with("server "));
        let opened = opened.map(|found| only_color(&found[1]));
        if let Some(of_block) = opened {
            block = of_block;
        } else if is_section(line) {
            block = None;
        }
        for found in SERVER.captures_iter(line) {
            let own = found.get(1).and_then(|name| only_color(name.as_str()));
            let Some(color) = own.or(block).or(of_file).or_else(|| only_color(&found[2])) else { continue };
            let Some(address) = address(&found[2]) else { continue };
            let rank = if is_inside(&address) { Rank::Inside } else { Rank::Router };
            seen.push(Seen { color, address, rank, place: Place { file: file.name.clone(), line: at + 1 } });
        }
        // A block ends with its brace, also on the line that opened it.
        if line.trim_start().starts_with('}') || (opened.is_some() && line.trim_end().ends_with('}')) {
            block = None;
        }
    }
    seen
}

/// A section of HAProxy begins at the start of a line.
fn is_section(line: &str) -> bool {
    ["frontend ", "backend ", "listen ", "defaults", "global", "upstream "].iter().any(|word| line.starts_with(word))
}

/// Published ports of compose services that are named after a color, or are in a file of the color.
pub fn in_compose(file: &File) -> Vec<Seen> {
    if !has_extension(&file.name, &["yml", "yaml"]) {
        return Vec::new();
    }
    let Some(document) = yaml(&file.text) else { return Vec::new() };
    let Some(services) = document["services"].as_hash() else { return Vec::new() };
    let mut seen = Vec::new();
    for (key, service) in services {
        let Some(key) = key.as_str() else { continue };
        let color = only_color(key).or_else(|| service["container_name"].as_str().and_then(only_color));
        let Some(color) = color.or_else(|| only_color(name(&file.path))) else { continue };
        if OTHERS.iter().any(|other| key.split(['-', '_']).any(|part| part == *other)) {
            continue;
        }
        // The first port is that of the application, after those of debuggers and metrics.
        let published = service["ports"].as_vec().into_iter().flatten().find_map(|port| {
            match port {
                Yaml::String(text) => published(text),
                Yaml::Hash(_) => match &port["published"] {
                    Yaml::Integer(port) => Some(port.to_string()),
                    Yaml::String(port) => Some(filled(port)),
                    _ => None,
                },
                _ => None,
            }
            .filter(|port| !BESIDE.iter().any(|other| port.ends_with(other)))
        });
        let Some(address) = published.as_deref().and_then(address) else { continue };
        let at = file.text.lines().position(|line| line.trim_start().starts_with(&format!("{key}:")));
        let place = Place { file: file.name.clone(), line: at.map_or(0, |at| at + 1) };
        seen.push(Seen { color, address, rank: Rank::Compose, place });
    }
    seen
}

/// `127.0.0.1:3001:3000` as `127.0.0.1:3001`, `3001:3000/tcp` as `3001`.
fn published(text: &str) -> Option<String> {
    let text = text.split('/').next()?;
    // `${BLUE_PORT:-3001}:3000` has colons of its own.
    let text = filled(text);
    let (outside, _inside) = text.rsplit_once(':')?;
    Some(outside.to_owned())
}

/// Defaults of variables, filled in.
fn filled(text: &str) -> String {
    static VARIABLE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\$\{\w+:?-?([^}]*)\}"));
    VARIABLE.replace_all(text, "$1").into_owned()
}
