//! `init`: looks at the project and at what runs on this machine, and writes a configuration with a reason beside every line.
//!
//! | file | holds |
//! | --- | --- |
//! | `ask` | the questions on a terminal |
//! | `live` | what answers: readiness, metrics, listeners |
//! | `proposal` | the settings that are proposed |
//! | `render` | the file |

mod ask;
mod live;
mod proposal;
mod render;

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use self::proposal::Proposal;
use super::doctor;
use super::support::failure::Failure;
use super::support::output;
use crate::app::cli::{Common, Init};
use crate::config::place::{CONFIG_FILE, CONFIG_VARIABLE};
use crate::config::{Config, Inputs, Location, load, shell_word};

/// Proposes a configuration, writes it if that is wanted, and ends with `doctor`. Exit code 0 once the file is written.
pub async fn run(common: &Common, init: &Init) -> Result<u8, Failure> {
    let (file, root) = target(common)?;
    if !init.print && std::fs::symlink_metadata(&file).is_ok() {
        let shown = file.display();
        return Err(Failure::usage(format!(
            "`{shown}` exists, and is never overwritten; nothing was written\n\
             next: switchback doctor checks it; switchback init --print shows what would be proposed today"
        )));
    }
    let mut proposal = Proposal::of(&root, common, init)?;
    if proposal.instances.is_none() {
        proposal.listening(live::candidates().await);
    }
    let asks = ask::can() && !init.yes && !init.print;
    if asks {
        ask::missing(&mut proposal)?;
    }
    if proposal.instances.is_none() {
        notes(&proposal);
        return Err(nothing(&root, &proposal));
    }
    let config = checked(&proposal, &root)?;
    proposal.answered(live::look(&config, &proposal).await);
    let text = render::file(&proposal);
    checked(&proposal, &root)?;
    output::out(&text);
    notes(&proposal);
    if init.print {
        return Ok(0);
    }
    if asks && !ask::confirmed(&file)? {
        output::line("nothing was written");
        return Ok(0);
    }
    if !asks && !init.yes {
        let next = "next: switchback init --yes writes it";
        return Err(Failure::usage(format!("no terminal to ask on; nothing was written\n{next}")));
    }
    write(&file, &text)?;
    output::line(&format!("\nwrote `{}`; now `switchback doctor` checks it:\n", file.display()));
    match doctor::run(common, false).await {
        Ok(0) => {}
        Ok(_) => output::line("\nfix what is marked FAILURE, then run `switchback doctor` again"),
        // The environment may have settings of its own.
        Err(failure) => output::error(&failure.message),
    }
    next_steps(&proposal);
    Ok(0)
}

/// The file to write, and the folder of the deployment.
fn target(common: &Common) -> Result<(PathBuf, PathBuf), Failure> {
    let working = std::env::current_dir()
        .map_err(|error| Failure::usage(format!("cannot find the working directory: {error}")))?;
    let named = common.config.clone().or_else(|| Some(std::env::var_os(CONFIG_VARIABLE)?.into()));
    let file = working.join(named.as_deref().unwrap_or(Path::new(CONFIG_FILE)));
    let root = file.parent().unwrap_or(&working).to_owned();
    Ok((file, root))
}

/// The configuration that the proposal makes; what is wrong with it is told before anything is written.
fn checked(proposal: &Proposal, root: &Path) -> Result<Config, Failure> {
    let text = render::file(proposal);
    let place = Location { folder: root.to_owned(), called_from: root.to_owned(), ..Location::default() };
    let file = Some((PathBuf::from("switchback.toml"), text));
    let loaded = load(Inputs { file, folder: root.to_owned(), place, ..Inputs::default() })?;
    Ok(loaded.config)
}

fn nothing(root: &Path, proposal: &Proposal) -> Failure {
    let seen = match proposal.listeners.as_slice() {
        [] => String::new(),
        listeners => {
            format!("\nanswering on this machine, of unknown color: {}", ask::listed(listeners))
        }
    };
    Failure::usage(format!(
        "no instances of blue and green found in `{}`; nothing was written{seen}\n\
         next: switchback init --blue http://127.0.0.1:3001 --green http://127.0.0.1:3002",
        root.display()
    ))
}

fn notes(proposal: &Proposal) {
    for note in &proposal.notes {
        output::warn(note);
    }
}

fn next_steps(proposal: &Proposal) {
    if let Some((manager, name)) = &proposal.deploy_script {
        let run = if *manager == "npm" { "npm run" } else { manager };
        output::line(&format!(
            "\nadd this line to the scripts of package.json, and deploy with `{run} {name}`:\n\
             \x20   \"{name}\": \"{run} deploy:switch-green && switchback soak\""
        ));
    } else {
        output::line("\nnext: switchback switch green moves traffic, watches, and rolls back if the release is bad");
    }
}

/// Never replaces a file, and never leaves half of one.
fn write(file: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        let shown = shell_word(&file.display().to_string());
        if error.kind() == ErrorKind::AlreadyExists {
            return Failure::usage(format!("{shown} was written by somebody else meanwhile; it is left as it is"));
        }
        Failure::usage(format!("cannot write {shown}: {error}"))
    };
    let folder = file.parent().unwrap_or(Path::new("/"));
    let mut part = tempfile::Builder::new().prefix(".switchback-init").tempfile_in(folder).map_err(failed)?;
    part.write_all(text.as_bytes()).map_err(failed)?;
    part.as_file().sync_all().map_err(failed)?;
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    part.as_file().set_permissions(mode).map_err(failed)?;
    part.persist_noclobber(file).map_err(|error| failed(error.error))?;
    Ok(())
}
