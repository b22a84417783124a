//! A recipe of the page of routers, as it stands there, with the addresses of a test in place of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::apps::Apps;

/// A section of the page.
pub struct Recipe {
    section: String,
    /// One instance of each color: `host:port`.
    instances: [String; 2],
    replaced: Vec<(String, String)>,
}

impl Recipe {
    /// What stands below this heading. Its instances are the first ones of both colors, wherever their ports are named.
    #[track_caller]
    pub fn of(heading: &str, apps: &Apps) -> Self {
        let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/backend/routers.md")).unwrap();
        let (_, section) = page.split_once(&format!("\n### {heading}\n")).unwrap_or_else(|| panic!("no `{heading}`"));
        let section = section.split("\n### ").next().unwrap().split("\n## ").next().unwrap().to_owned();
        let addresses = apps.addresses();
        let instances = [addresses[0].clone(), addresses[2].clone()];
        let ports = instances.clone().map(|address| address.rsplit_once(':').unwrap().1.to_owned());
        let replaced = ["3001".to_owned(), "3002".to_owned()].into_iter().zip(ports).collect();
        Self { section, instances, replaced }
    }

    /// With another text in place of one that may stand in it. Of two that begin at the same place, what was said first counts.
    #[must_use]
    pub fn with(mut self, known: &str, new: impl Into<String>) -> Self {
        self.replaced.push((known.to_owned(), new.into()));
        self
    }

    /// The whole section as it stands on the page.
    pub fn section(&self) -> &str {
        &self.section
    }

    /// The first code block of a language.
    #[track_caller]
    pub fn block(&self, language: &str) -> String {
        let found = self.section.split_once(&format!("```{language}\n"));
        let (_, rest) = found.unwrap_or_else(|| panic!("no {language} in {}", self.section));
        self.here(rest.split("```").next().unwrap())
    }

    /// The rows of its table, without the code marks of their cells.
    pub fn rows(&self) -> Vec<Vec<String>> {
        let rows = self.section.lines().filter(|line| line.starts_with('|')).skip(2);
        let cell = |cell: &str| self.here(cell.trim().trim_matches('`'));
        rows.map(|row| row.trim_matches('|').split(" | ").map(cell).collect()).collect()
    }

    /// Runs its shell lines, which lay out files.
    #[track_caller]
    pub fn set_up(&self, folder: &Path) {
        let done = Command::new("sh").args(["-euc", &self.block("sh")]).current_dir(folder).status().unwrap();
        assert!(done.success());
    }

    /// The ports of the two instances.
    pub fn ports(&self) -> [String; 2] {
        self.instances.clone().map(|address| address.rsplit_once(':').unwrap().1.to_owned())
    }

    /// The instances of both colors, for the configuration.
    pub fn colors(&self) -> String {
        let [blue, green] = &self.instances;
        format!("[colors]\nblue.instances = [\"http://{blue}\"]\ngreen.instances = [\"http://{green}\"]\n")
    }

    /// A text of the recipe as it has to be here. What was put in is not looked at again.
    fn here(&self, text: &str) -> String {
        let (mut rest, mut here) = (text, String::new());
        let first = |rest: &str| {
            let found = self.replaced.iter().filter_map(|pair| Some((rest.find(&pair.0)?, pair)));
            found.min_by_key(|(at, _)| *at)
        };
        while let Some((at, (known, new))) = first(rest) {
            here.push_str(&rest[..at]);
            here.push_str(new);
            rest = &rest[at + known.len()..];
        }
        here + rest
    }
}

/// Writes a program of a recipe.
pub fn write_script(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}
