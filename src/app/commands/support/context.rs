//! Loads the configuration for commands.

use crate::app::called;
use crate::app::cli::Common;
use crate::app::inputs;
use crate::config::{Loaded, Origin, Problem, Problems, keep_secret, load};

use super::failure::Failure;
use super::{output, place};

/// Loads the configuration for a command on this machine.
pub fn read(common: &Common) -> Result<Loaded, Failure> {
    if typed_url(common).is_some() {
        let told = "`--url` works only with attach, ctl, status and rollback; other commands run on this machine";
        return Err(Failure::usage(told));
    }
    let mut loaded = read_anywhere(common)?;
    loaded.config.control.url = None;
    Ok(loaded)
}

/// What a command needs from the folder where it runs.
pub type Needs = fn(&Loaded) -> Result<(), Failure>;

/// The same, refuses where the deployment is not what the command needs, and prints warnings on stderr.
pub fn loaded(common: &Common, needs: Needs) -> Result<Loaded, Failure> {
    let loaded = read(common)?;
    needs(&loaded)?;
    warn(&loaded);
    Ok(loaded)
}

/// The same for a command that judges a release: a misspelled `SWITCHBACK_` variable is an error.
pub fn loaded_strictly(common: &Common, needs: Needs) -> Result<Loaded, Failure> {
    let loaded = read(common)?;
    needs(&loaded)?;
    warn_of(&loaded.warnings);
    warn_of(&place::remarks(&loaded));
    strictly(loaded)
}

/// Refuses a configuration with a misspelled `SWITCHBACK_` variable.
pub fn strictly(loaded: Loaded) -> Result<Loaded, Failure> {
    if loaded.misspelled.is_empty() { Ok(loaded) } else { Err(Problems(loaded.misspelled).into()) }
}

/// The same for a command that can use a monitor on another machine.
pub fn loaded_anywhere(common: &Common, needs: Needs) -> Result<Loaded, Failure> {
    let loaded = read_anywhere(common)?;
    match &loaded.config.control.url {
        None => needs(&loaded)?,
        Some(_) => called::elsewhere(typed_url(common)),
    }
    warn(&loaded);
    Ok(loaded)
}

fn typed_url(common: &Common) -> Option<&str> {
    common.settings.0.iter().rfind(|(key, _)| key == "control.url").map(|(_, url)| url.as_str())
}

/// The service, if it was named.
pub fn named_service(loaded: &Loaded) -> Option<&str> {
    let named = loaded.settings.iter().any(|setting| setting.key == "service" && setting.origin != Origin::Default);
    named.then_some(loaded.config.service.as_str())
}

/// Loads the configuration for a command that can use a monitor on another machine.
pub fn read_anywhere(common: &Common) -> Result<Loaded, Failure> {
    let loaded = load(inputs::from_process(common.settings.0.clone(), common.config.clone()))?;
    keep_secret(&loaded.config);
    Ok(loaded)
}

pub fn warn(loaded: &Loaded) {
    warn_of(&loaded.warnings);
    if loaded.config.control.url.is_none() {
        warn_of(&place::remarks(loaded));
    }
    warn_of(&loaded.misspelled.iter().map(Problem::to_line).collect::<Vec<_>>());
}

fn warn_of(warnings: &[String]) {
    for warning in warnings {
        output::warn(warning);
    }
}
