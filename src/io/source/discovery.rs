//! The current instances of a color: those listed, those behind a name, those in a file.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use tokio::net::lookup_host;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::config::{Colors, InstanceUrl};
use crate::model::Color;
use crate::model::number::duration_exact;

pub const MAX_INSTANCES: usize = 1_000;
const MAX_FILE: u64 = 4 << 20;
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(5);
/// Prometheus' label for `http` or `https`.
const SCHEME: &str = "__scheme__";

#[derive(Debug, thiserror::Error)]
pub enum DiscoveryError {
    #[error("`{}` cannot be read: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("`{}` is not a targets file: {why}", path.display())]
    Format { path: PathBuf, why: String },
    #[error("`{name}` cannot be resolved: {why}")]
    Name { name: String, why: String },
    #[error("{instance} is an instance of blue and of green")]
    Both { instance: String },
    #[error("{color} has {count} instances: 1 to {MAX_INSTANCES} can be watched")]
    Count { color: Color, count: usize },
}

#[derive(Clone, Debug)]
pub struct Discovery {
    color: Color,
    listed: Vec<InstanceUrl>,
    file: Option<PathBuf>,
}

/// <https://prometheus.io/docs/prometheus/latest/configuration/configuration/#file_sd_config>
#[derive(Deserialize)]
struct Group {
    targets: Vec<String>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

impl Discovery {
    pub fn of(colors: &Colors, color: Color) -> Self {
        Self { color, listed: colors.of(color).to_vec(), file: colors.file_of(color).map(Path::to_owned) }
    }

    pub fn changes(&self) -> bool {
        self.file.is_some() || self.has_names()
    }

    pub fn has_names(&self) -> bool {
        self.listed.iter().any(InstanceUrl::is_name)
    }

    /// Each once, sorted after those that are listed.
    pub async fn look(&self) -> Result<Vec<InstanceUrl>, DiscoveryError> {
        let mut found: Vec<InstanceUrl> = self.listed.iter().filter(|url| !url.is_name()).cloned().collect();
        let mut others = match &self.file {
            Some(path) => {
                let path = path.clone();
                // The disk may be slow or remote.
                spawn_blocking(move || targets(&path)).await.map_err(|error| DiscoveryError::File {
                    path: self.file.clone().unwrap_or_default(),
                    source: io::Error::other(error),
                })??
            }
            None => Vec::new(),
        };
        for name in self.listed.iter().filter(|url| url.is_name()) {
            others.extend(resolve(name).await?);
        }
        others.sort_unstable_by_key(ToString::to_string);
        for url in others {
            if !found.iter().any(|known| known.to_string() == url.to_string()) {
                found.push(url);
            }
        }
        match found.len() {
            1..=MAX_INSTANCES => Ok(found),
            count => Err(DiscoveryError::Count { color: self.color, count }),
        }
    }
}

pub async fn discover(colors: &Colors) -> Result<Colors, DiscoveryError> {
    let mut found = colors.clone();
    for color in Color::ALL {
        let discovery = Discovery::of(colors, color);
        if discovery.changes() {
            found = found.with(color, discovery.look().await?);
        }
    }
    apart(&found)?;
    Ok(found)
}

/// No instance may belong to both colors.
pub fn apart(colors: &Colors) -> Result<(), DiscoveryError> {
    let blue: HashSet<String> = colors.blue.iter().map(ToString::to_string).collect();
    match colors.green.iter().map(ToString::to_string).find(|green| blue.contains(green)) {
        Some(instance) => Err(DiscoveryError::Both { instance }),
        None => Ok(()),
    }
}

async fn resolve(url: &InstanceUrl) -> Result<Vec<InstanceUrl>, DiscoveryError> {
    let failed = |why: String| DiscoveryError::Name { name: url.to_string(), why };
    let addresses = timeout(RESOLVE_TIMEOUT, lookup_host(url.host_port()))
        .await
        .map_err(|_| failed(format!("no answer within {}", duration_exact(RESOLVE_TIMEOUT))))?
        .map_err(|error| failed(error.to_string()))?;
    let mut addresses: Vec<IpAddr> = addresses.map(|address| address.ip()).collect();
    addresses.sort_unstable();
    addresses.dedup();
    let addresses = each_host_once(addresses);
    if addresses.is_empty() {
        return Err(failed("it has no address".to_owned()));
    }
    Ok(addresses.into_iter().map(|address| url.at(address)).collect())
}

/// Only IPv4 if there are as many IPv6 addresses: each host then has one of both, and would count twice.
fn each_host_once(addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    let four = addresses.iter().filter(|address| address.is_ipv4()).count();
    if 2 * four == addresses.len() { addresses.into_iter().filter(IpAddr::is_ipv4).collect() } else { addresses }
}

/// From a JSON file in Prometheus' `file_sd_config` format.
fn targets(path: &Path) -> Result<Vec<InstanceUrl>, DiscoveryError> {
    let unreadable = |source| DiscoveryError::File { path: path.to_owned(), source };
    let length = std::fs::metadata(path).map_err(unreadable)?.len();
    if length > MAX_FILE {
        return Err(unreadable(io::ErrorKind::FileTooLarge.into()));
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let wrong = |why: String| DiscoveryError::Format { path: path.to_owned(), why };
    let groups: Vec<Group> = serde_json::from_slice(text.as_bytes()).map_err(|error| wrong(error.to_string()))?;
    let mut found = Vec::new();
    for Group { targets, labels } in groups {
        let scheme = labels.get(SCHEME).map_or("http", String::as_str);
        for target in targets {
            let url = if target.contains("://") { target } else { format!("{scheme}://{target}") };
            found.push(InstanceUrl::parse(&url).map_err(|why| wrong(format!("target {}: {why}", found.len() + 1)))?);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn discovery(listed: &[&str], file: Option<&Path>) -> Discovery {
        let one = |url: &&str| match url.strip_prefix("dns+") {
            Some(name) => InstanceUrl::parse(name).unwrap().as_name(),
            None => InstanceUrl::parse(url).unwrap(),
        };
        let listed = listed.iter().map(one).collect();
        Discovery { color: Color::Green, listed, file: file.map(Path::to_owned) }
    }

    async fn found(discovery: &Discovery) -> Vec<String> {
        discovery.look().await.unwrap().iter().map(ToString::to_string).collect()
    }

    async fn refused(discovery: &Discovery) -> String {
        discovery.look().await.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn targets_of_a_file_come_behind_what_is_listed_each_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("green.json");
        let text = r#"[{"targets":["10.0.0.8:3002","10.0.0.7:3002"],"labels":{"color":"green"}},
            {"targets":["pod-1:8443"],"labels":{"__scheme__":"https"}},{"targets":["http://10.0.0.7:3002"]}]"#;
        std::fs::write(&path, text).unwrap();
        let green = discovery(&["http://z:1"], Some(&path));
        assert!(green.changes());
        let expected = ["http://z:1", "http://10.0.0.7:3002", "http://10.0.0.8:3002", "https://pod-1:8443"];
        assert_eq!(found(&green).await, expected);
        for (text, why) in [
            ("{}", "is not a targets file: invalid type: map"),
            (r#"[{"targets":["a b"]}]"#, "target 1: contains a space or a control character"),
            (r#"[{"targets":["u:secret@:99999"]}]"#, "target 1: "),
            ("[]", "green has 0 instances: 1 to 1000 can be watched"),
        ] {
            std::fs::write(&path, text).unwrap();
            let told = refused(&discovery(&[], Some(&path))).await;
            assert!(told.contains(why) && !told.contains("secret"), "{told}");
        }
        let many: Vec<_> = (0..=MAX_INSTANCES).map(|n| format!("\"a:{}\"", n + 1)).collect();
        std::fs::write(&path, format!("[{{\"targets\":[{}]}}]", many.join(","))).unwrap();
        assert!(refused(&discovery(&[], Some(&path))).await.contains("green has 1001 instances"));
        std::fs::remove_file(&path).unwrap();
        assert!(refused(&green).await.contains("cannot be read: No such file"));
    }

    #[test]
    fn a_host_with_an_address_of_either_kind_counts_once() {
        let kept = |addresses: &[&str]| {
            let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
            each_host_once(addresses).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(kept(&["10.0.0.7", "fd00::7"]), ["10.0.0.7"]);
        assert_eq!(kept(&["10.0.0.7", "10.0.0.8", "fd00::7", "fd00::8"]), ["10.0.0.7", "10.0.0.8"]);
        for apart in [&["10.0.0.7", "10.0.0.8"][..], &["fd00::7", "fd00::8"], &["10.0.0.7", "10.0.0.8", "fd00::9"]] {
            assert_eq!(kept(apart), apart, "these may be hosts of their own");
        }
    }

    #[tokio::test]
    async fn a_name_is_an_instance_for_each_of_its_addresses() {
        let green = discovery(&["dns+http://u:p@127.0.0.1:3002/base"], None);
        assert!(green.changes());
        assert_eq!(found(&green).await, ["http://***@127.0.0.1:3002/base"]);
        let local = discovery(&["dns+http://localhost:3002"], None);
        assert!(found(&local).await.contains(&"http://127.0.0.1:3002".to_owned()));
        let told = refused(&discovery(&["dns+http://no.such.name.invalid:1"], None)).await;
        assert!(told.starts_with("`dns+http://no.such.name.invalid:1` cannot be resolved: "), "{told}");
        assert!(!discovery(&["http://a"], None).changes());
    }
}
