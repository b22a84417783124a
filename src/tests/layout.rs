//! Where tests are: in the file, or in a `tests.rs` beside it; in `tests/NAME/main.rs` with its modules beside it.

use std::path::{Path, PathBuf};

use super::{files, read, root};

/// Every file of ours with Rust in it, by its path from the root; what was fetched for the services of the tests is left out.
fn sources() -> impl Iterator<Item = (PathBuf, String)> {
    let fetched = |path: &Path| path.starts_with("tests/node") || path.starts_with("tests/python");
    let paths = ["src", "tests"].into_iter().flat_map(|folder| files(folder, ".rs"));
    let named = paths.map(|path| (path.strip_prefix(root()).unwrap().to_owned(), path));
    named.filter(move |(name, _)| !fetched(name)).map(|(name, path)| (name, read(&path)))
}

#[test]
fn a_module_is_where_its_name_says() {
    let attribute = concat!("#[", "path");
    let mut seen = 0;
    for (path, text) in sources() {
        seen += 1;
        assert!(!text.contains(attribute), "{}: a module of another place; put it where its name says", path.display());
    }
    assert!(seen > 400, "only {seen} files were found");
}

#[test]
fn unit_tests_are_called_tests_and_what_they_share_testing() {
    let mut seen = 0;
    for (path, text) in sources().filter(|(path, _)| path.starts_with("src")) {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for pair in lines.windows(2).filter(|pair| pair[0] == "#[cfg(test)]") {
            let Some((_, name)) = pair[1].split_once("mod ") else { continue };
            seen += 1;
            let name = name.trim_end_matches([';', '{', ' ']);
            assert!(["tests", "testing"].contains(&name), "{}: the module `{name}` of tests", path.display());
        }
    }
    assert!(seen > 200, "only {seen} modules of tests were found");
}

#[test]
fn every_integration_binary_is_a_folder() {
    let files = files("tests", ".rs");
    let loose = files.iter().find(|path| path.parent() == Some(&root().join("tests")));
    assert_eq!(loose, None, "it is to be tests/NAME/main.rs");
    assert!(files.iter().filter(|path| path.ends_with("main.rs")).count() >= 8);
}
