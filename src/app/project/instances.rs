//! Where the instances of blue and green are, according to the files: variables of scripts, upstreams, compose services.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use yaml_rust2::{Yaml, YamlLoader};

use super::files::{File, Place, Project, has_extension, name};
use super::pattern;
use super::shell::Script;
use crate::model::Color;

/// Lines behind a color's name in which its port may stand.
const NEAR: usize = 6;
/// Aliases of a YAML file. More could make it expand without end.
const MAX_ALIASES: usize = 32;

/// How well a source names an instance, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// `BLUE_PORT=3001`
    Variable,
    /// A server in a router's configuration.
    Router,
    /// A published port of a compose service.
    Compose,
    /// A port near a color's name.
    Near,
    /// A name that only a network of containers knows.
    Inside,
}

/// An address that a file gives for a color.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub color: Color,
    /// `127.0.0.1:3001`
    pub address: String,
    pub rank: Rank,
    pub place: Place,
}

/// The instances of both colors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instances {
    pub blue: Vec<String>,
    pub green: Vec<String>,
    /// Where each is from, in words.
    pub reasons: [String; 2],
}

impl Instances {
    pub fn of(&self, color: Color) -> &[String] {
        color.pick(&self.blue, &self.green)
    }

    /// The color of an address.
    pub fn color_of(&self, address: &str) -> Option<Color> {
        let address = plain(address);
        Color::ALL.into_iter().find(|color| self.of(*color).iter().any(|known| same(known, &address)))
    }

    /// The color with an instance at this port.
    pub fn color_of_port(&self, port: &str) -> Option<Color> {
        let has = |color: &Color| self.of(*color).iter().any(|known| self::port(known) == Some(port));
        let colors: Vec<_> = Color::ALL.into_iter().filter(has).collect();
        if let [color] = colors.as_slice() { Some(*color) } else { None }
    }
}

/// Every pair that the files give, the best first.
pub fn find(project: &Project, scripts: &[Script]) -> Vec<Instances> {
    let mut seen: Vec<Seen> = scripts.iter().flat_map(variables).collect();
    for file in &project.files {
        seen.extend(in_router(file));
        seen.extend(in_compose(file));
        seen.extend(near(file));
        seen.extend(branches::find(file));
    }
    pairs(&seen)
}

fn pairs(seen: &[Seen]) -> Vec<Instances> {
    let mut by_source: BTreeMap<(Rank, String), Vec<&Seen>> = BTreeMap::new();
    for one in seen {
        // Files of one folder may hold a color each.
        let folder = one.place.file.rsplit_once('/').map_or("", |(folder, _)| folder);
        by_source.entry((one.rank, format!("{}\0{}", one.place.file, 0))).or_default().push(one);
        if matches!(one.rank, Rank::Router | Rank::Variable) {
            by_source.entry((one.rank, format!("{folder}\u{7f}"))).or_default().push(one);
        }
    }
    let mut found: Vec<Instances> = Vec::new();
    for ((_, _), seen) in by_source {
        let of = |color: Color| {
            let mut known: Vec<&Seen> = Vec::new();
            for one in seen.iter().filter(|one| one.color == color) {
                if known.iter().all(|other| other.address != one.address) {
                    known.push(one);
                }
            }
            known
        };
        let (blue, green) = (of(Color::Blue), of(Color::Green));
        let shared = blue.iter().any(|one| green.iter().any(|other| other.address == one.address));
        if blue.is_empty() || green.is_empty() || shared || blue.len() > 64 || green.len() > 64 {
            continue;
        }
        let addresses = |seen: &[&Seen]| seen.iter().map(|one| one.address.clone()).collect::<Vec<_>>();
        let reason = |seen: &[&Seen]| {
            let mut places: Vec<_> = seen.iter().map(|one| one.place.to_string()).collect();
            places.dedup();
            format!("from {}", places.join(", "))
        };
        let pair =
            Instances { reasons: [reason(&blue), reason(&green)], blue: addresses(&blue), green: addresses(&green) };
        if found.iter().all(|known| (&known.blue, &known.green) != (&pair.blue, &pair.green)) {
            found.push(pair);
        }
    }
    found
}

/// `BLUE_PORT`, `PORT_GREEN`, `green_url`.
fn variables(script: &Script) -> Vec<Seen> {
    static NAMED: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(?i)(?:[a-z0-9]+_)*?(blue|green)(?:_[a-z0-9]+)*$"));
    static PORT: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"(?i)(^|_)(port|url|host|addr|address|upstream|backend|target|server|origin|base)(_|$|s$)")
    });
    let mut seen = Vec::new();
    for variable in script.variables.keys() {
        let spread = spread(variable);
        let (Some(found), true) = (NAMED.captures(&spread), PORT.is_match(&spread)) else { continue };
        // A port for metrics or debugging is another one.
        if ["metric", "health", "debug", "admin", "image", "tag"]
            .iter()
            .any(|other| spread.to_lowercase().contains(other))
        {
            continue;
        }
        let Some(color) = color(&found[1]) else { continue };
        for value in script.values(variable) {
            let addresses: Vec<String> = value.split([',', ' ']).filter_map(address).collect();
            let place = script.place(variable);
            seen.extend(addresses.into_iter().map(|address| Seen {
                color,
                address,
                rank: Rank::Variable,
                place: place.clone(),
            }));
        }
    }
    seen
}

/// `bluePort` as `blue_Port`.
fn spread(name: &str) -> String {
    let mut spread = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && spread.ends_with(|last: char| last.is_ascii_lowercase() || last.is_ascii_digit()) {
            spread.push('_');
        }
        spread.push(c);
    }
    spread
}

/// Servers of nginx, HAProxy and Caddy that a color's name stands at, or in a file of the color.
fn in_router(file: &File) -> Vec<Seen> {
    static SERVER: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?:^|[{;])\s*(?:server\s+(?:([A-Za-z][\w.-]*)\s+)?|reverse_proxy\s+|proxy_pass\s+|set\s+\$\w+\s+|to\s+)[\x22']?(?:https?://)?((?:[\w.-]+|\[[0-9a-f:]+\]):\d{2,5})\b",
        )
    });
    static BLOCK: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^\s*(?:upstream|backend|listen|@?[\w.-]*)\s*([\w.-]*(?i:blue|green)[\w.-]*)"));
    let is_config = ["conf", "inc", "cfg", "caddy", "blue", "green"].iter().any(|end| file.name.ends_with(end));
    if !is_config && !name(&file.path).starts_with("Caddyfile") {
        return Vec::new();
    }
    let of_file = only_color(name(&file.path));
    let mut block = None;
    let mut seen = Vec::new();
    for (at, line) in file.text.lines().enumerate() {
        if line.trim_start().starts_with('#') {
            continue;
        }
        if let Some(found) = SERVER.captures(line) {
            let own = found.get(1).and_then(|name| only_color(name.as_str()));
            let Some(color) = own.or(block).or(of_file).or_else(|| only_color(&found[2])) else { continue };
            let Some(address) = address(&found[2]) else { continue };
            let rank = if is_inside(&address) { Rank::Inside } else { Rank::Router };
            seen.push(Seen { color, address, rank, place: Place { file: file.name.clone(), line: at + 1 } });
        } else if let Some(found) = BLOCK.captures(line).filter(|_| !line.trim_start().starts_with("server ")) {
            block = only_color(&found[1]);
        } else if line.trim_start().starts_with('}') || is_section(line) {
            block = None;
        }
    }
    seen
}

/// A section of HAProxy begins at the start of a line.
fn is_section(line: &str) -> bool {
    ["frontend ", "backend ", "listen ", "defaults", "global", "upstream "].iter().any(|word| line.starts_with(word))
}

/// Published ports of compose services that are named after a color.
fn in_compose(file: &File) -> Vec<Seen> {
    if !has_extension(&file.name, &["yml", "yaml"]) {
        return Vec::new();
    }
    let Some(document) = yaml(&file.text) else { return Vec::new() };
    let Some(services) = document["services"].as_hash() else { return Vec::new() };
    let mut seen = Vec::new();
    for (key, service) in services {
        let Some(color) = key.as_str().and_then(only_color) else { continue };
        for port in service["ports"].as_vec().into_iter().flatten() {
            let published = match port {
                Yaml::String(text) => published(text),
                Yaml::Hash(_) => match &port["published"] {
                    Yaml::Integer(port) => Some(port.to_string()),
                    Yaml::String(port) => Some(fallback(port).to_owned()),
                    _ => None,
                },
                _ => None,
            };
            let Some(address) = published.as_deref().and_then(address) else { continue };
            let at = file
                .text
                .lines()
                .position(|line| line.trim_start().starts_with(&format!("{}:", key.as_str().unwrap_or_default())));
            let place = Place { file: file.name.clone(), line: at.map_or(0, |at| at + 1) };
            seen.push(Seen { color, address, rank: Rank::Compose, place });
        }
    }
    seen
}

/// The first document of a YAML file.
pub fn yaml(text: &str) -> Option<Yaml> {
    if text.matches(['*', '&']).count() > MAX_ALIASES {
        return None;
    }
    YamlLoader::load_from_str(text).ok()?.into_iter().next()
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

fn fallback(text: &str) -> &str {
    text.rsplit_once(":-").map_or(text, |(_, value)| value.trim_end_matches('}'))
}

/// Ports near a color's name: `blue: { port: 3001 }`, `blue) PORT=3001 ;;`, `[green]=3002`.
fn near(file: &File) -> Vec<Seen> {
    static COLOR: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)(?:^|[^a-z])(blue|green)(?:[^a-z]|$)"));
    static DIRECT: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r#"(?i)(?:blue|green)["'\])]*\s*(?:=>|[:=)]|\)\s*(?:echo|return))\s*["'{(]?\s*["']?(?:https?://)?((?:[\w.-]+:)?\d{4,5})\b"#,
        )
    });
    static PORT: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r#"(?i)(?:port\w*["']?\s*[:=]\s*["']?|--port[ =]|url["']?\s*[:=]\s*["']?https?://|(?:^|[^\w.])(?:https?://))((?:(?:localhost|[\w-]+(?:\.[\w-]+)*):)?\d{4,5})\b"#,
        )
    });
    static PUBLISHED: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:-p|--publish)[ =]+(?:[\d.]+:)?(\d{2,5}):\d"));
    if has_extension(&file.name, &["json"]) && !file.name.contains("deploy") {
        return Vec::new();
    }
    let mut seen: Vec<Seen> = Vec::new();
    let mut current: Option<(Color, usize)> = None;
    for (at, line) in file.text.lines().enumerate() {
        // What is compared with a color says nothing of what follows.
        let is_compared = branches::is_condition(line);
        let colors: Vec<Color> =
            COLOR.captures_iter(&line.replace('_', " ")).filter_map(|found| color(&found[1])).collect();
        let single = colors.first().copied().filter(|first| colors.iter().all(|color| color == first));
        match (colors.is_empty(), single) {
            (true, _) => {}
            (false, Some(color)) => current = Some((color, at)),
            (false, None) => current = None,
        }
        if is_compared || branches::ends(line) {
            current = None;
            continue;
        }
        let of_pair = DIRECT.captures_iter(line).filter_map(|found| {
            let whole = found.get(0)?.as_str();
            Some((
                color(&whole[..whole.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(whole.len())])?,
                found[1].to_owned(),
            ))
        });
        let mut found: Vec<(Color, String)> = of_pair.collect();
        if found.is_empty()
            && let Some((color, since)) = current.filter(|(_, since)| at - since <= NEAR)
            && let Some(port) = PUBLISHED.captures(line).or_else(|| PORT.captures(line))
        {
            found.push((color, port[1].to_owned()));
            // The first port behind a name is its own.
            if since != at {
                current = None;
            }
        }
        for (color, text) in found {
            let Some(address) = address(&text) else { continue };
            let rank = if is_inside(&address) { Rank::Inside } else { Rank::Near };
            seen.push(Seen { color, address, rank, place: Place { file: file.name.clone(), line: at + 1 } });
        }
    }
    seen
}

/// The color that a name speaks of, if it is only one.
pub fn only_color(text: &str) -> Option<Color> {
    let text = text.to_ascii_lowercase();
    match (text.contains("blue"), text.contains("green")) {
        (true, false) => Some(Color::Blue),
        (false, true) => Some(Color::Green),
        _ => None,
    }
}

fn color(word: &str) -> Option<Color> {
    Color::ALL.into_iter().find(|color| color.name().eq_ignore_ascii_case(word))
}

/// `HOST:PORT` of what is a port, an address or a URL; loopback where no host is named.
pub fn address(text: &str) -> Option<String> {
    static ADDRESS: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^(https?://)?(?:([\w.-]+|\[[0-9a-fA-F:]+\]):)?(\d{2,5})(?:/.*)?$"));
    let text = text.trim().trim_matches(['"', '\'', ';', ',']);
    let found = ADDRESS.captures(text)?;
    let port: u16 = found[3].parse().ok()?;
    let host = found.get(2).map_or("127.0.0.1", |host| host.as_str());
    let host =
        if ["localhost", "0.0.0.0", "host.docker.internal", "[::]"].contains(&host) { "127.0.0.1" } else { host };
    let scheme = found.get(1).map_or("", |scheme| scheme.as_str());
    // A bare number below is an amount.
    let bare = found.get(2).is_none() && scheme.is_empty();
    if port == 0 || (bare && port < 80) {
        return None;
    }
    let scheme = if scheme == "https://" { scheme } else { "" };
    Some(format!("{scheme}{host}:{port}"))
}

/// Whether only a network of containers knows the host.
pub fn is_inside(address: &str) -> bool {
    let host = plain(address);
    let host = host.rsplit_once(':').map_or(host.as_str(), |(host, _)| host);
    !(host.contains('.') || host.contains(':') || host == "localhost")
}

/// Without a scheme.
pub fn plain(address: &str) -> String {
    let address = address.split_once("://").map_or(address, |(_, rest)| rest);
    let address = address.split('/').next().unwrap_or(address);
    address.replace("localhost:", "127.0.0.1:")
}

pub fn port(address: &str) -> Option<&str> {
    address.rsplit_once(':').map(|(_, port)| port)
}

fn same(one: &str, other: &str) -> bool {
    plain(one) == plain(other)
}

mod branches;

#[cfg(test)]
mod tests;
