//! What there is where a command was called, and what a command needs of it.

use std::io::ErrorKind;
use std::path::Path;

use super::failure::Failure;
use crate::config::{End, Loaded, Location};
use crate::model::Color;

/// For a command that acts or judges: needs one unambiguous deployment.
pub fn require(loaded: &Loaded) -> Result<(), Failure> {
    exists(loaded)?;
    unambiguous(&loaded.place)
}

/// For a command that only shows state: needs a deployment.
pub fn exists(loaded: &Loaded) -> Result<(), Failure> {
    if loaded.is_configured() || has_state(loaded) { Ok(()) } else { Err(nothing_here(loaded)) }
}

/// For a command that reads records, which may outlive the deployment.
pub fn has_records(loaded: &Loaded) -> Result<(), Failure> {
    if loaded.config.service_dir().exists() { Ok(()) } else { exists(loaded) }
}

/// For a command that talks to the monitor.
pub fn has_monitor(loaded: &Loaded) -> Result<(), Failure> {
    if loaded.config.control.socket.exists() { Ok(()) } else { has_records(loaded) }
}

/// For a command that gives the monitor an order.
pub fn has_one_monitor(loaded: &Loaded) -> Result<(), Failure> {
    has_monitor(loaded)?;
    unambiguous(&loaded.place)
}

/// For a command that removes records.
pub fn has_one_record(loaded: &Loaded) -> Result<(), Failure> {
    has_records(loaded)?;
    unambiguous(&loaded.place)
}

/// Refuses a choice between two state files.
pub fn unambiguous(place: &Location) -> Result<(), Failure> {
    let Some(rival) = &place.rival else { return Ok(()) };
    let call = call(place);
    Err(Failure::usage(format!(
        "{rival}; nothing was done, because either deployment could be meant\n\
         next: for the one beside the configuration `{call} …`; for the other one set state_file, or SWITCHBACK_STATE_FILE"
    )))
}

/// For a move to another color: ports are assumed only beside a state file, which `deploy.ts` or an earlier switch has left.
pub fn has_instances(loaded: &Loaded) -> Result<(), Failure> {
    let missing = missing_instances(loaded);
    if missing.is_empty() { Ok(()) } else { Err(Failure::usage(missing.join("\n"))) }
}

/// Missing settings if no ports are assumed, a sentence each.
pub fn missing_instances(loaded: &Loaded) -> Vec<String> {
    if has_state(loaded) {
        return Vec::new();
    }
    let state_file = loaded.config.state_file.display();
    let missing = |(color, _): (Color, &str)| {
        format!(
            "colors.{color}.instances is not set; without a state file (`{state_file}`) no ports are assumed: \
             set it to the instances of {color}"
        )
    };
    loaded.assumed().into_iter().map(missing).collect()
}

/// Warnings about the location, a sentence each.
pub fn remarks(loaded: &Loaded) -> Vec<String> {
    let Location { end, rival, .. } = &loaded.place;
    let mut remarks: Vec<String> = rival.iter().map(ToString::to_string).collect();
    remarks.extend(end.iter().filter(|end| is_odd(end)).map(ToString::to_string));
    if has_state(loaded) {
        remarks.extend(assumption(loaded));
    }
    remarks
}

/// Which instances are assumed; `None` if all are configured.
pub fn assumption(loaded: &Loaded) -> Option<String> {
    let assumed = loaded.assumed();
    let each: Vec<_> = assumed.iter().map(|(color, instance)| format!("{color} is assumed at {instance}")).collect();
    let why = if loaded.is_configured() { "not every color has instances" } else { "no configuration was found" };
    (!each.is_empty()).then(|| format!("{why}: {}", each.join(", ")))
}

/// Whether there is a state file. What this user may not see counts as there: reading it says more.
pub fn has_state(loaded: &Loaded) -> bool {
    let missing = |kind| matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory);
    !std::fs::metadata(&loaded.config.state_file).is_err_and(|error| missing(error.kind()))
}

/// How the deployment of this place is called from anywhere.
pub fn call(place: &Location) -> String {
    let folder = place.folder.display();
    // One that `.env` names is found with it.
    let beside = place.config_file.as_deref().filter(|file| file.parent() == Some(&place.folder));
    match beside.and_then(Path::file_name).filter(|name| *name != "switchback.toml") {
        Some(name) => format!("switchback -C {folder} --config {}", Path::new(name).display()),
        None => format!("switchback -C {folder}"),
    }
}

fn nothing_here(loaded: &Loaded) -> Failure {
    let Location { looked, end, folder, .. } = &loaded.place;
    let list = if looked.is_empty() { std::slice::from_ref(folder) } else { looked };
    let list = list.iter().map(|folder| format!("`{}`", folder.display())).collect::<Vec<_>>().join(", ");
    let end = end.as_ref().map(|end| format!("; {end}")).unwrap_or_default();
    let next = match &loaded.place.end {
        Some(End::NotUsed { mark, .. }) => {
            let folder = mark.parent().unwrap_or(Path::new("/")).display();
            format!("if that is the deployment: switchback -C {folder} …")
        }
        _ => "switchback -C DIR …, where DIR is the folder of switchback.toml or .deployment-state.json; or --config FILE"
            .to_owned(),
    };
    Failure::usage(format!(
        "no deployment found here: no configuration, and no state file `{}`; nothing was done\n\
         looked in: {list}{end}\n\
         next: {next}",
        loaded.config.state_file.display()
    ))
}

fn is_odd(end: &End) -> bool {
    matches!(end, End::NotUsed { .. } | End::Closed { .. })
}
