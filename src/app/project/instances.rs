//! Where the instances of blue and green are, according to the files: variables of scripts, upstreams, compose services.
//!
//! | file | holds |
//! | --- | --- |
//! | `branches` | ports in the branches of scripts |
//! | `configs` | servers of routers, and published ports |
//! | `near` | ports near a color's name |

mod branches;
mod configs;
mod near;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::LazyLock;

use regex_lite::Regex;
use yaml_rust2::{Yaml, YamlLoader};

use super::files::{Place, Project};
use super::pattern;
use super::shell::{SECRETS, Script};
use crate::config::InstanceUrl;
use crate::model::Color;

/// Variables with these words are about another port.
const OTHERS: [&str; 12] =
    ["metric", "health", "debug", "admin", "image", "tag", "db", "database", "redis", "postgres", "mysql", "mongo"];
/// Levels of a YAML file.
const MAX_YAML_DEPTH: usize = 64;
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
        seen.extend(configs::in_router(file));
        seen.extend(configs::in_compose(file));
        seen.extend(near::find(file));
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
        // `nginx/blue/app.conf` and `nginx/green/app.conf`.
        let alike = one.place.file.replace(one.color.name(), "\u{7e}");
        if alike != one.place.file {
            by_source.entry((one.rank, format!("{alike}\u{7e}"))).or_default().push(one);
        }
        if one.rank != Rank::Inside {
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
        if OTHERS.iter().chain(&SECRETS).any(|other| spread.to_lowercase().contains(other)) {
            continue;
        }
        let Some(color) = color(&found[1]) else { continue };
        for value in script.values(variable) {
            let addresses: Vec<String> = value.split([',', ' ', '(', ')']).filter_map(address).collect();
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

/// The first document of a YAML file.
pub fn yaml(text: &str) -> Option<Yaml> {
    if text.matches(['*', '&']).count() > MAX_ALIASES || is_deep(text) {
        return None;
    }
    YamlLoader::load_from_str(text).ok()?.into_iter().next()
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
    // Numbers and dots alone are an address, or a slip.
    if host.chars().all(|c| c.is_ascii_digit() || c == '.') && host.parse::<Ipv4Addr>().is_err() {
        return None;
    }
    let host =
        if ["localhost", "0.0.0.0", "host.docker.internal", "[::]"].contains(&host) { "127.0.0.1" } else { host };
    let scheme = found.get(1).map_or("", |scheme| scheme.as_str());
    // A bare number below is an amount.
    let bare = found.get(2).is_none() && scheme.is_empty();
    if port == 0 || (bare && port < 80) {
        return None;
    }
    let scheme = if scheme == "https://" { scheme } else { "" };
    let address = format!("{scheme}{host}:{port}");
    let url = if scheme.is_empty() { format!("http://{address}") } else { address.clone() };
    InstanceUrl::parse(&url).is_ok().then_some(address)
}

/// Whether only a network of containers knows the host.
pub fn is_inside(address: &str) -> bool {
    let host = plain(address);
    let host = host.rsplit_once(':').map_or(host.as_str(), |(host, _)| host);
    !(host.contains('.') || host.contains(':') || host == "localhost")
}

/// Whether a YAML file is nested so deep that reading it might not end well.
fn is_deep(text: &str) -> bool {
    let (mut depth, mut deepest) = (0_usize, 0);
    for c in text.chars() {
        match c {
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    let dashes = text.lines().map(|line| line.matches("- ").count()).max().unwrap_or(0);
    let indented = text.lines().map(|line| line.len() - line.trim_start().len()).max().unwrap_or(0);
    deepest.max(dashes) > MAX_YAML_DEPTH || indented > 4 * MAX_YAML_DEPTH
}

/// Without scheme and path, and with one name for loopback.
pub fn plain(address: &str) -> String {
    host_and_port(address).replace("localhost:", "127.0.0.1:")
}

/// The port that an address names.
pub fn port(address: &str) -> Option<&str> {
    host_and_port(address).rsplit_once(':').map(|(_, port)| port)
}

/// The host, without a port.
pub fn host(address: &str) -> &str {
    let address = host_and_port(address);
    address.rsplit_once(':').map_or(address, |(host, _)| host)
}

/// Without scheme and path.
fn host_and_port(address: &str) -> &str {
    let address = address.split_once("://").map_or(address, |(_, rest)| rest);
    address.split('/').next().unwrap_or(address)
}

fn same(one: &str, other: &str) -> bool {
    plain(one) == plain(other)
}

#[cfg(test)]
mod tests;
