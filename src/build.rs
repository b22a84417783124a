//! Finds the commit that is built, for `switchback version`. Reads files only: neither git nor a network is needed.

use std::fs;
use std::path::{Path, PathBuf};

/// So many hex digits of the commit are shown.
const SHORT: usize = 12;

fn main() {
    println!("cargo::rerun-if-changed=src/build.rs");
    println!("cargo::rerun-if-env-changed=SWITCHBACK_BUILD_COMMIT");
    let given = std::env::var("SWITCHBACK_BUILD_COMMIT").ok();
    let root = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    let commit = given.or_else(|| commit(&root)).filter(|commit| is_hash(commit));
    if let Some(commit) = commit {
        println!("cargo::rustc-env=SWITCHBACK_COMMIT={}", &commit[..SHORT]);
    }
}

/// Names by SHA-1 and SHA-256.
fn is_hash(text: &str) -> bool {
    text.len() >= SHORT && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The commit that is checked out in `root`; see gitrepository-layout(5).
fn commit(root: &Path) -> Option<String> {
    let mark = root.join(".git");
    // In a work tree beside its repository `.git` is a file that says where the rest is.
    let git = match fs::read_to_string(&mark) {
        Ok(text) => root.join(text.strip_prefix("gitdir:")?.trim()),
        Err(_) => mark,
    };
    let common = fs::read_to_string(git.join("commondir")).map_or(git.clone(), |text| git.join(text.trim()));
    let head = read(&git.join("HEAD"))?;
    // A branch that is packed moves in a file that is not there yet; what happens to HEAD is noted here as well.
    let _ = read(&git.join("logs/HEAD"));
    let Some(branch) = head.strip_prefix("ref:").map(str::trim) else { return Some(head) };
    let loose = common.join(branch);
    if loose.exists() {
        return read(&loose);
    }
    let packed = read(&common.join("packed-refs"))?;
    let lines = packed.lines().filter_map(|line| line.split_once(' '));
    lines.filter(|(_, name)| *name == branch).map(|(hash, _)| hash.to_owned()).next()
}

/// What a file holds, and once more when it changes.
fn read(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?.trim().to_owned();
    println!("cargo::rerun-if-changed={}", path.display());
    Some(text)
}
