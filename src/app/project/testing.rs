//! Projects for the tests, without a disk.

use std::path::PathBuf;

use super::files::{File, Project};
use super::shell::Script;

pub fn project(files: &[(&str, &str)]) -> Project {
    let file = |(name, text): &(&str, &str)| File {
        path: PathBuf::from("/srv/shop").join(name),
        name: (*name).to_owned(),
        text: (*text).to_owned(),
        link: None,
    };
    Project { root: PathBuf::from("/srv/shop"), files: files.iter().map(file).collect() }
}

pub fn scripts(project: &Project) -> Vec<Script> {
    super::scripts(project)
}
