//! Mistakes in the code, planted one at a time into a copy of the tree: the simulation has to notice each. `tests/run mutants`
//! does that, in some minutes; that every mistake still finds its place is tested always.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what it expects by failing")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

/// So many seeds have to be enough to notice any mistake.
const SEEDS: &str = "10000";

/// What the copy is made of.
const PARTS: [&str; 5] = ["Cargo.toml", "Cargo.lock", "README.md", "src", "tests"];

#[derive(Deserialize)]
struct Mutants {
    mutant: Vec<Mutant>,
}

#[derive(Deserialize)]
struct Mutant {
    name: String,
    edit: Vec<Edit>,
}

#[derive(Deserialize)]
struct Edit {
    file: PathBuf,
    find: String,
    replace: String,
}

impl Edit {
    /// The file's text with the mistake in it.
    fn made_in(&self, text: &str) -> Result<String, String> {
        // The first newline of a text of several lines is its layout's.
        let plain = |text: &str| text.strip_prefix('\n').unwrap_or(text).to_owned();
        let find = plain(&self.find);
        match text.matches(&find).count() {
            1 => Ok(text.replace(&find, &plain(&self.replace))),
            found => Err(format!("{} has {found} times: {find}", self.file.display())),
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn mutants() -> Vec<Mutant> {
    let text = fs::read_to_string(root().join("tests/mutants/mutants.toml")).unwrap();
    toml::from_str::<Mutants>(&text).unwrap().mutant
}

#[test]
fn every_mistake_finds_its_place() {
    let mutants = mutants();
    assert!(mutants.len() >= 15, "{}", mutants.len());
    let lost: Vec<String> = mutants
        .iter()
        .flat_map(|mutant| &mutant.edit)
        .filter_map(|edit| edit.made_in(&fs::read_to_string(root().join(&edit.file)).unwrap()).err())
        .collect();
    assert!(lost.is_empty(), "{}", lost.join("\n"));
}

#[test]
#[ignore = "builds the program once for every mistake: tests/run mutants"]
fn every_mistake_is_noticed_by_the_simulation() {
    let tree = root().join("target/mutants/tree");
    let mut unnoticed = Vec::new();
    for mutant in mutants() {
        copy(&tree);
        for edit in &mutant.edit {
            let file = tree.join(&edit.file);
            let text = edit.made_in(&fs::read_to_string(&file).unwrap()).unwrap();
            fs::write(&file, text).unwrap();
        }
        match simulated(&tree) {
            Ok(violation) => println!("noticed: {}: {violation}", mutant.name),
            Err(why) => unnoticed.push(format!("{}: {why}", mutant.name)),
        }
    }
    println!("{} mistakes were planted, {} were not noticed", mutants().len(), unnoticed.len());
    assert!(unnoticed.is_empty(), "{}", unnoticed.join("\n"));
}

/// The first violation that the simulation tells of.
fn simulated(tree: &Path) -> Result<String, String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(tree).args(["test", "--profile", "stress", "--locked", "--test", "simulation", "no_seed"]);
    cargo.env("CARGO_TARGET_DIR", root().join("target/mutants/target")).env("RUST_BACKTRACE", "0");
    let seeds = std::env::var("SWITCHBACK_SIMULATION_SEEDS").unwrap_or_else(|_| SEEDS.to_owned());
    cargo.env("SWITCHBACK_SIMULATION_SEEDS", seeds);
    // This process may be measured; what it builds is not.
    for inherited in ["RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "RUSTFLAGS", "LLVM_PROFILE_FILE"] {
        cargo.env_remove(inherited);
    }
    let done = cargo.output().unwrap();
    let (printed, errors) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    if done.status.success() {
        return Err("not noticed".to_owned());
    }
    let violation = errors.lines().chain(printed.lines()).skip_while(|line| !line.contains("panicked at")).nth(1);
    match violation {
        Some(violation) if errors.contains("replay: ") || printed.contains("replay: ") => Ok(violation.to_owned()),
        _ => Err(format!("it could not be tried:\n{errors}")),
    }
}

/// Copies the tree. Files that are there and the same stay as they are, and so does what was built of them.
fn copy(tree: &Path) {
    fs::create_dir_all(tree).unwrap();
    for part in PARTS {
        copy_into(&root().join(part), &tree.join(part));
    }
}

fn copy_into(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
            let name = entry.file_name();
            if name != "node_modules" && name != "venv" {
                copy_into(&entry.path(), &to.join(name));
            }
        }
    } else {
        let content = fs::read(from).unwrap();
        if fs::read(to).ok().as_ref() != Some(&content) {
            fs::write(to, content).unwrap();
        }
    }
}
