//! Exposure of secrets: who can read and write the files that hold them, and which hosts receive them.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::finding::Finding;
use crate::config::{Colors, Config, InstanceUrl, Loaded, Origin, Setting, credentials, keys, shell_word};
use crate::model::Color;

const AREA: &str = "secrets";

struct Meaning {
    secrets: Vec<&'static str>,
    /// What a writer of the file can choose.
    decides: &'static str,
}

pub fn files(loaded: &Loaded) -> Vec<Finding> {
    let files = meanings(loaded);
    let holding = files.values().filter(|meaning| !meaning.secrets.is_empty()).count();
    let findings: Vec<Finding> = files.iter().filter_map(|(path, meaning)| opened_to_all(path, meaning)).collect();
    if !findings.is_empty() || holding == 0 {
        return findings;
    }
    let files = if holding == 1 { "1 file".to_owned() } else { format!("{holding} files") };
    vec![Finding::ok(AREA, format!("{files} with secrets: readable only by owner and group"))]
}

fn meanings(loaded: &Loaded) -> BTreeMap<PathBuf, Meaning> {
    let Loaded { config, settings, place, secret_files, .. } = loaded;
    let mut files = BTreeMap::new();
    let mut add = |path: &Path, secret: Option<&'static str>, decides| {
        let meaning = files.entry(path.to_owned()).or_insert(Meaning { secrets: Vec::new(), decides });
        meaning.secrets.extend(secret);
    };
    for path in place.config_file.iter().cloned().chain([place.folder.join(".env")]) {
        add(&path, None, "the commands that run");
    }
    for file in Color::ALL.into_iter().filter_map(|color| config.colors.file_of(color)) {
        add(file, None, "the instances that receive requests and tokens");
    }
    // A secret in a file of its own is only named here.
    let in_file = |key: &str| secret_files.contains_key(key);
    for Setting { key, origin, .. } in settings.iter().filter(|setting| is_secret(setting.key) && !in_file(setting.key))
    {
        if let Origin::DotEnv { path, .. } | Origin::File { path, .. } = origin {
            add(&place.called_from.join(path), Some(key), "the commands that run");
        }
    }
    let private = [
        ("control.tls_key", &config.control.key),
        ("control.client_key", &config.control.client_key),
        ("instances.tls_key", &config.access.key),
    ];
    let private = private.into_iter().filter_map(|(key, path)| Some((key, path.as_deref()?)));
    for (key, path) in secret_files.iter().map(|(key, path)| (*key, path.as_path())).chain(private) {
        add(path, Some(key), "the secret");
    }
    files
}

fn is_secret(name: &str) -> bool {
    keys().any(|key| key.name == name && key.is_secret())
}

fn opened_to_all(path: &Path, meaning: &Meaning) -> Option<Finding> {
    const READ: u32 = 0o004;
    const WRITE: u32 = 0o002;
    // Unreadable files are reported by their readers.
    let mode = path.metadata().ok().filter(std::fs::Metadata::is_file)?.mode();
    let (shown, word) = (path.display(), shell_word(&path.display().to_string()));
    if mode & WRITE != 0 {
        let text = format!("any local user can write `{shown}`, and so choose {}", meaning.decides);
        return Some(Finding::warning(AREA, text, format!("chmod o-rwx {word}")));
    }
    if mode & READ == 0 || meaning.secrets.is_empty() {
        return None;
    }
    let text = format!("any local user can read `{shown}`, which holds {}", meaning.secrets.join(", "));
    Some(Finding::warning(AREA, text, format!("chmod o-rwx {word}")))
}

/// Hosts that receive credentials and are named only in a file.
pub fn hosts(config: &Config, found: &Colors) -> Vec<Finding> {
    let unlisted = |color: Color| -> Vec<InstanceUrl> {
        let listed = config.colors.of(color);
        let is_listed = |url: &InstanceUrl| listed.iter().any(|known| known.host_port() == url.host_port());
        let by_name = |url: &InstanceUrl| url.address().is_some();
        found.of(color).iter().filter(|url| !is_listed(url) && !by_name(url)).cloned().collect()
    };
    let colors = Color::ALL.into_iter().fold(found.clone(), |colors, color| colors.with(color, unlisted(color)));
    let config = Config { colors, ..config.clone() };
    let sent = credentials::to_instances(&config).into_iter().filter(|(_, urls)| !urls.is_empty());
    let told = |(key, urls): (&str, Vec<InstanceUrl>)| {
        if let Some(places) = credentials::in_the_clear(&urls) {
            let text = format!("{key} crosses the network unencrypted, to {places}, named only in a file");
            return Finding::warning(AREA, text, "use https URLs in the file");
        }
        let hosts: Vec<_> = urls.iter().map(InstanceUrl::host_port).collect();
        Finding::ok(AREA, format!("{key} is sent to {}, named only in a file", hosts.join(", ")))
    };
    sent.map(told).collect()
}
