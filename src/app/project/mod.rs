//! What the files of a project say about its deployment: the instances, what moves traffic, the readiness path. Reads, and runs
//! nothing.
//!
//! | file | holds |
//! | --- | --- |
//! | `files` | which files are read, and their lines |
//! | `health` | the readiness path that the scripts ask |
//! | `instances` | the instances of both colors |
//! | `listeners` | the processes that listen on this machine |
//! | `routers` | what moves traffic |
//! | `service` | the service's name, and the scripts of its `package.json` |
//! | `shell` | the commands in scripts |
//! | `standby` | scripts that stop the previous color |

pub mod files;
pub mod health;
pub mod instances;
pub mod listeners;
pub mod routers;
pub mod service;
pub mod shell;
pub mod standby;

use regex_lite::Regex;

use files::Project;
use shell::Script;

/// The scripts among the files.
pub fn scripts(project: &Project) -> Vec<Script> {
    let mut scripts: Vec<Script> = project.files.iter().filter_map(shell::read).collect();
    let sourced: Vec<Vec<Script>> = scripts.iter().map(|script| sourced(script, &scripts)).collect();
    for (script, others) in scripts.iter_mut().zip(sourced) {
        for other in &others {
            script.source(other);
        }
    }
    scripts
}

/// The scripts that a script sources.
fn sourced(script: &Script, scripts: &[Script]) -> Vec<Script> {
    let named = script.commands.iter().filter(|command| ["source", "."].contains(&command.program()));
    let files = named.filter_map(|command| Some(script.fill(command.words.get(1)?)));
    let of = |file: String| {
        let name = file.rsplit('/').next().unwrap_or(&file).to_owned();
        scripts.iter().find(|other| other.name.rsplit('/').next() == Some(&name) && other.name != script.name).cloned()
    };
    files.filter_map(of).collect()
}

#[expect(clippy::expect_used, reason = "a test of each module compiles its patterns")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a valid pattern")
}

#[cfg(test)]
mod testing;
