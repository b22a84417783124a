//! The questions on a terminal.

use std::io::{IsTerminal as _, stderr, stdin};
use std::path::Path;

use super::proposal::Proposal;
use crate::app::commands::support::failure::Failure;
use crate::app::commands::support::{ci_job, output};
use crate::app::project::instances::{Instances, address};
use crate::app::project::listeners::Listener;
use crate::model::Color;

/// How often a question is asked again.
const TRIES: usize = 3;
/// Listeners that are named.
const MAX_NAMED: usize = 8;

/// Whether somebody is there to answer.
pub fn can() -> bool {
    !ci_job::in_ci() && stdin().is_terminal() && stderr().is_terminal()
}

/// Asks for what nothing tells.
pub fn missing(proposal: &mut Proposal) -> Result<(), Failure> {
    if proposal.instances.is_some() {
        return Ok(());
    }
    if !proposal.listeners.is_empty() {
        output::note(&format!("answering on this machine, of unknown color: {}\n", listed(&proposal.listeners)));
    }
    let (blue, green) = (instances(Color::Blue)?, instances(Color::Green)?);
    let reason = "as answered".to_owned();
    proposal.take(Instances { blue, green, reasons: [reason.clone(), reason] });
    Ok(())
}

/// Addresses of listeners, of many only the first.
pub fn listed(listeners: &[Listener]) -> String {
    let named = listeners.iter().take(MAX_NAMED).map(|listener| format!("127.0.0.1:{}", listener.port));
    let named = named.collect::<Vec<_>>().join(", ");
    match listeners.len().saturating_sub(MAX_NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

fn instances(color: Color) -> Result<Vec<String>, Failure> {
    for _ in 0..TRIES {
        output::ask(&format!("instances of {color}, separated by commas (such as http://127.0.0.1:3001): "));
        let Some(line) = line()? else { break };
        let given: Vec<&str> = line.split([',', ' ']).filter(|word| !word.is_empty()).collect();
        let known: Option<Vec<String>> = given.iter().map(|word| address(word)).collect();
        match known {
            Some(known) if !known.is_empty() => return Ok(known),
            _ => output::note("that is not a URL with a port\n"),
        }
    }
    Err(Failure::usage(format!("no instances of {color}; nothing was written")))
}

/// Whether the file is to be written.
pub fn confirmed(file: &Path) -> Result<bool, Failure> {
    for _ in 0..TRIES {
        output::ask(&format!("write this to `{}`? [Y/n] ", file.display()));
        match line()?.as_deref().map(str::to_ascii_lowercase).as_deref() {
            Some("" | "y" | "yes") => return Ok(true),
            Some("n" | "no") | None => return Ok(false),
            Some(_) => {}
        }
    }
    Ok(false)
}

/// A line of the terminal; `None` at its end.
fn line() -> Result<Option<String>, Failure> {
    let mut line = String::new();
    let read = stdin()
        .read_line(&mut line)
        .map_err(|error| Failure::internal(format!("cannot read the terminal: {error}")))?;
    Ok((read > 0).then(|| line.trim().to_owned()))
}
