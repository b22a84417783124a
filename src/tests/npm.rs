//! The names of the npm packages: the name without a scope belongs to another project.

use std::path::Path;

use super::{files, read, root};

/// Folders with text of ours, without what is fetched or built in them.
const FOLDERS: [&str; 5] = ["src", "tests", "docs", "assets", ".github"];
const FETCHED: [&str; 4] = ["/node_modules/", "/venv/", "/fuzz/target/", "/fuzz/corpus/"];

/// The start of commands that would fetch the package of that other project, in pieces so that this file has none.
const FETCHING: [&str; 9] =
    ["npx ", "npx -y ", "npx --yes ", "npm install ", "npm i ", "npm exec ", "pnpm dlx ", "yarn dlx ", "bunx "];

fn scope() -> String {
    read(&root().join("assets/package/npm/scope")).trim().to_owned()
}

/// Every text file of ours with its path; the README is the only one at the top.
fn texts() -> Vec<(String, String)> {
    let found = FOLDERS.iter().flat_map(|folder| files(folder, "")).chain([root().join("README.md")]);
    let named = found.map(|path| (path.strip_prefix(root()).unwrap_or(Path::new("")).display().to_string(), path));
    let ours = named.filter(|(name, _)| !FETCHED.iter().any(|part| format!("/{name}").contains(part)));
    ours.filter_map(|(name, path)| Some((name, std::fs::read_to_string(path).ok()?))).collect()
}

/// The scopes of the packages that a text names.
fn scopes(text: &str) -> Vec<&str> {
    let named = text.match_indices(concat!("/", "switchback")).filter_map(|(at, _)| {
        let (_, before) = text[..at].rsplit_once(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_')?;
        text[..at - before.len()].ends_with('@').then_some(before)
    });
    named.collect()
}

fn fetches(text: &str) -> Option<String> {
    let commands = FETCHING.iter().map(|start| format!("{start}{}", "switchback"));
    commands.into_iter().find(|command| text.contains(command))
}

#[test]
fn packages_are_named_with_the_scope_of_the_one_file_that_has_it() {
    let scope = scope();
    assert!(!scope.is_empty() && scope.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{scope}");
    let mut seen = 0;
    for (name, text) in texts().iter().filter(|(name, _)| name != "src/tests/npm.rs") {
        for found in scopes(text) {
            seen += 1;
            assert_eq!(found, scope, "{name}: a package of another scope");
        }
    }
    assert!(seen > 5, "only {seen} names of packages were found");
    let others = scopes("@other/switchback, a@b.example/switchback and @x-y/switchback-linux-x64");
    assert_eq!(others, ["other", "x-y"]);
}

#[test]
fn no_command_fetches_the_package_of_another_project() {
    let texts = texts();
    assert!(texts.len() > 700, "only {} files were found", texts.len());
    for (name, text) in &texts {
        assert_eq!(fetches(text), None, "{name} would fetch the package of another project");
    }
    assert_eq!(fetches(concat!("run: npx ", "switchback status")).as_deref(), Some(concat!("npx ", "switchback")));
    assert_eq!(fetches("npm exec --no -- switchback status"), None, "what is installed, or nothing");
}
