//! The processes that listen on this machine, and the color that they were started with. Linux only; elsewhere none are known.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::instances::only_color;
use crate::io::texts::read_some;
use crate::model::Color;

/// Bytes of a process' command line or environment.
const MAX_BYTES: u64 = 256 << 10;
/// The state `LISTEN` in `/proc/net/tcp`.
const LISTEN: &str = "0A";

/// A listening TCP port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    pub port: u16,
    /// The process, if it may be seen.
    pub process: Option<u32>,
    /// The color that its command line or environment speaks of.
    pub color: Option<Color>,
}

/// Every listening port of this machine, in ascending order.
pub fn list() -> Vec<Listener> {
    list_below(Path::new("/proc"))
}

fn list_below(proc: &Path) -> Vec<Listener> {
    let mut ports: BTreeMap<u16, String> = BTreeMap::new();
    for table in ["net/tcp", "net/tcp6"] {
        let Ok(text) = fs::read_to_string(proc.join(table)) else { continue };
        ports.extend(text.lines().filter_map(listening));
    }
    let owners = owners(proc);
    let listener = |(port, inode): (u16, String)| {
        let process = owners.get(&inode).copied();
        Listener { port, process, color: process.and_then(|process| color_of(&proc.join(process.to_string()))) }
    };
    ports.into_iter().map(listener).collect()
}

/// Port and inode of a line of `/proc/net/tcp`, if it listens.
fn listening(line: &str) -> Option<(u16, String)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [_, local, _, LISTEN, _, _, _, _, _, inode, ..] = words.as_slice() else { return None };
    Some((u16::from_str_radix(local.rsplit(':').next()?, 16).ok()?, (*inode).to_owned()))
}

/// The processes of this user by the inodes of their sockets.
fn owners(proc: &Path) -> BTreeMap<String, u32> {
    let mut owners = BTreeMap::new();
    for entry in fs::read_dir(proc).into_iter().flatten().filter_map(Result::ok) {
        let Some(process) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        for file in fs::read_dir(entry.path().join("fd")).into_iter().flatten().filter_map(Result::ok) {
            let Ok(target) = fs::read_link(file.path()) else { continue };
            let inode = target
                .to_str()
                .and_then(|target| target.strip_prefix("socket:[")?.strip_suffix(']').map(str::to_owned));
            owners.extend(inode.map(|inode| (inode, process)));
        }
    }
    owners
}

fn color_of(process: &Path) -> Option<Color> {
    let words = |file: &str| {
        let (bytes, _) = read_some(&process.join(file), MAX_BYTES).unwrap_or_default();
        let words = bytes.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned());
        words.collect::<Vec<_>>()
    };
    let told = |word: &String| {
        let (name, value) = word.split_once('=').unwrap_or_default();
        let name = name.to_ascii_lowercase();
        let names_it = ["colo", "slot", "deploy", "service", "app", "name"].iter().any(|word| name.contains(word));
        names_it.then(|| only_color(value)).flatten()
    };
    let mut arguments = words("cmdline").into_iter().skip(1);
    let folder = || only_color(fs::read_link(process.join("cwd")).ok()?.file_name()?.to_str()?);
    arguments.find_map(|word| only_color(&word)).or_else(|| words("environ").iter().find_map(told)).or_else(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listening_line_has_port_and_inode() {
        let line =
            "   0: 0100007F:0BB9 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 x";
        assert_eq!(listening(line), Some((3001, "4711".to_owned())));
        assert_eq!(listening(&line.replace(" 0A ", " 01 ")), None);
    }

    #[test]
    fn the_color_is_in_the_arguments_or_in_a_variable() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("cmdline"), "node\0server.js\0--color=green\0").unwrap();
        assert_eq!(color_of(folder.path()), Some(Color::Green));
        fs::write(folder.path().join("cmdline"), "node\0server.js\0").unwrap();
        fs::write(folder.path().join("environ"), "PATH=/blue/bin\0DEPLOY_COLOR=blue\0").unwrap();
        assert_eq!(color_of(folder.path()), Some(Color::Blue));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_own_listener_is_found_with_its_process() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let found = list().into_iter().find(|known| known.port == port).unwrap();
        assert_eq!(found.process, Some(std::process::id()));
    }
}
