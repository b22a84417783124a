//! Reads the files of a project, and of the routers on this machine, as far as they may say how traffic is switched.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::io::texts::read_regular_text;

/// Levels of folders below the project's.
const MAX_DEPTH: usize = 5;
const MAX_ENTRIES: usize = 20_000;
const MAX_FILES: usize = 1_500;
/// Bytes of a file. Scripts and configurations are shorter.
const MAX_BYTES: u64 = 256 << 10;
/// Bytes of all files.
const MAX_TOTAL: usize = 8 << 20;
/// Folders with the work of others, or with ports that are nobody's.
const SKIPPED: [&str; 21] = [
    "assets",
    "static",
    "bower_components",
    "node_modules",
    "target",
    "dist",
    "build",
    "vendor",
    "coverage",
    "venv",
    "__pycache__",
    "test",
    "tests",
    "__tests__",
    "docs",
    "doc",
    "examples",
    "fixtures",
    "tmp",
    "logs",
    "public",
];
/// Hidden folders with scripts.
const HIDDEN: [&str; 5] = [".github", ".gitlab", ".circleci", ".ci", ".deploy"];
/// Where routers have their configuration.
const ROUTERS: [&str; 4] = ["/etc/nginx", "/etc/haproxy", "/etc/caddy", "/etc/traefik"];
const SCRIPTS: [&str; 14] =
    ["sh", "bash", "zsh", "ts", "mts", "cts", "js", "mjs", "cjs", "py", "rb", "mk", "ps1", "service"];
const SETTINGS: [&str; 12] =
    ["yml", "yaml", "json", "toml", "env", "conf", "inc", "cfg", "caddy", "template", "tmpl", "tpl"];

/// One file.
#[derive(Clone, Debug)]
pub struct File {
    pub path: PathBuf,
    /// The path for people: below the project's folder where it lies there.
    pub name: String,
    pub text: String,
    /// The file that it leads to, if it is a link.
    pub link: Option<PathBuf>,
}

/// A line of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub file: String,
    /// From 1; 0 for the whole file.
    pub line: usize,
}

impl Place {
    pub fn file(file: &File) -> Self {
        Self { file: file.name.clone(), line: 0 }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.file),
            line => write!(f, "{}:{line}", self.file),
        }
    }
}

/// The files that were read.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// The folder of the deployment.
    pub root: PathBuf,
    pub files: Vec<File>,
}

impl Project {
    /// The files below `root` that may say something. What cannot be read is left out.
    pub fn read(root: &Path) -> Self {
        let mut project = Self { root: root.to_owned(), files: Vec::new() };
        project.add_folder(root);
        project
    }

    /// Adds the configuration of the routers on this machine.
    pub fn add_routers(&mut self) {
        for folder in ROUTERS {
            self.add_folder(Path::new(folder));
        }
    }

    /// Adds a file that a script names, and the files beside it: a link's other target lies there.
    pub fn add_beside(&mut self, path: &Path) {
        let Some(folder) = path.parent().filter(|folder| folder.components().count() > 2) else { return };
        for path in entries(folder).into_iter().filter(|path| path.is_file()) {
            self.add(&path);
        }
    }

    /// The file at `path`.
    pub fn file(&self, path: &Path) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// A path as a script in the project's folder names it.
    pub fn path(&self, text: &str) -> PathBuf {
        let text = text.strip_prefix("~/").unwrap_or(text);
        normal(&self.root.join(text))
    }

    /// A path as it is written into the configuration: below the project's folder where it lies there.
    pub fn relative(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }

    fn add_folder(&mut self, root: &Path) {
        let mut folders = VecDeque::from([(root.to_owned(), 0)]);
        let (mut seen, mut visited) = (0, BTreeSet::new());
        while let Some((folder, depth)) = folders.pop_front() {
            if !folder.canonicalize().is_ok_and(|real| visited.insert(real)) {
                continue;
            }
            for path in entries(&folder) {
                seen += 1;
                if seen > MAX_ENTRIES {
                    return;
                }
                if path.is_dir() {
                    // A link may lead anywhere.
                    if depth < MAX_DEPTH && is_searched(&path) && !path.is_symlink() {
                        folders.push_back((path, depth + 1));
                    }
                } else if is_read(&path, depth) {
                    self.add(&path);
                }
            }
        }
    }

    fn add(&mut self, path: &Path) {
        let bytes: usize = self.files.iter().map(|file| file.text.len()).sum();
        if self.files.len() >= MAX_FILES || bytes > MAX_TOTAL || self.file(path).is_some() {
            return;
        }
        let Ok(text) = read_regular_text(path, MAX_BYTES) else { return };
        // Without an ending it is a script, or a note of the active color.
        if path.extension().is_none() && !has_a_name(path) && !text.starts_with("#!") && text.len() > 4_096 {
            return;
        }
        let link = fs::read_link(path).ok().and_then(|to| Some(normal(&path.parent()?.join(to))));
        let name = self.relative(path);
        self.files.push(File { path: path.to_owned(), name, text, link });
    }
}

/// The entries of a folder, by name.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().take(MAX_ENTRIES);
    let mut entries: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    entries.sort_unstable();
    entries
}

fn is_searched(folder: &Path) -> bool {
    let name = name(folder);
    HIDDEN.contains(&name) || !(name.starts_with('.') || SKIPPED.contains(&name))
}

fn is_read(path: &Path, depth: usize) -> bool {
    let name = name(path);
    if ["package-lock.json", "pnpm-lock.yaml", "tsconfig.json"].contains(&name) {
        return false;
    }
    match path.extension().and_then(|extension| extension.to_str()) {
        // `.active_color` and `.env` have no ending.
        None => depth <= 2,
        Some(extension) => {
            let known = SCRIPTS.contains(&extension) || SETTINGS.contains(&extension);
            known || has_a_name(path) || name.starts_with(".env") || matches!(extension, "blue" | "green")
        }
    }
}

/// Files that are known by their names.
fn has_a_name(path: &Path) -> bool {
    let name = name(path);
    ["Makefile", "makefile", "Justfile", "justfile", "Jenkinsfile", "Procfile", "Caddyfile", "Dockerfile"]
        .iter()
        .any(|known| name == *known || name.strip_prefix(known).is_some_and(|rest| rest.starts_with(['.', '-', '_'])))
}

/// Whether a name ends with one of these extensions.
pub fn has_extension(name: &str, extensions: &[&str]) -> bool {
    let extension = Path::new(name).extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| extensions.iter().any(|known| known.eq_ignore_ascii_case(extension)))
}

/// The last part of a path.
pub fn name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

/// The path without `.` and `..`, without asking the disk.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => drop(normal.pop()),
            part => normal.push(part),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_work_of_others_is_left_out_and_a_note_of_a_color_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for file in
            ["deploy.sh", "ops/switch.sh", "node_modules/x/index.js", ".git/config", ".active_color", "logo.png"]
        {
            fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
            fs::write(root.join(file), "blue\n").unwrap();
        }
        let names: Vec<_> = Project::read(root).files.into_iter().map(|file| file.name).collect();
        assert_eq!(names, [".active_color", "deploy.sh", "ops/switch.sh"]);
    }

    #[test]
    fn a_link_is_known_with_the_file_it_leads_to_and_a_circle_ends() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::write(root.join("blue.conf"), "server 127.0.0.1:1;").unwrap();
        std::os::unix::fs::symlink("./blue.conf", root.join("active.conf")).unwrap();
        std::os::unix::fs::symlink("..", root.join("circle")).unwrap();
        let project = Project::read(root);
        assert_eq!(project.file(&root.join("active.conf")).unwrap().link, Some(root.join("blue.conf")));
    }

    #[test]
    fn large_files_and_what_is_no_text_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("big.sh"), vec![b'x'; 300 << 10]).unwrap();
        fs::write(folder.path().join("bytes.sh"), [0xff, 0xfe]).unwrap();
        assert!(Project::read(folder.path()).files.is_empty());
    }
}
