//! What every command needs first: the configuration.

use crate::cli::Common;
use crate::config::{Inputs, Loaded, Origin, keep_secret, load};

use super::failure::Failure;
use super::say;

/// Loads the configuration for something that is done on this machine.
pub fn read(common: &Common) -> Result<Loaded, Failure> {
    if common.settings.0.iter().any(|(key, _)| key == "control.url") {
        let told = "`--url` is for attach, ctl, status and rollback: everything else is done on this machine";
        return Err(Failure::usage(told));
    }
    let mut loaded = read_anywhere(common)?;
    loaded.config.control.url = None;
    Ok(loaded)
}

/// The same, and prints the configuration's warnings on stderr.
pub fn loaded(common: &Common) -> Result<Loaded, Failure> {
    read(common).inspect(warn)
}

/// Loads the configuration for something that may be asked of a monitor on another machine, and prints its warnings on stderr.
pub fn loaded_anywhere(common: &Common) -> Result<Loaded, Failure> {
    read_anywhere(common).inspect(warn)
}

/// The service, if it was said which one is meant.
pub fn named_service(loaded: &Loaded) -> Option<&str> {
    let named = loaded.settings.iter().any(|setting| setting.key == "service" && setting.origin != Origin::Default);
    named.then_some(loaded.config.service.as_str())
}

fn read_anywhere(common: &Common) -> Result<Loaded, Failure> {
    let loaded = load(Inputs::from_process(common.settings.0.clone(), common.config.clone()))?;
    keep_secret(&loaded.config);
    Ok(loaded)
}

fn warn(loaded: &Loaded) {
    for warning in &loaded.warnings {
        say::warn(warning);
    }
}
