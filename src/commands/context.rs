//! What every command needs first: the configuration.

use crate::cli::Common;
use crate::config::{Inputs, Loaded, keep_secret, load};

use super::failure::Failure;
use super::say;

/// Loads the configuration.
pub fn read(common: &Common) -> Result<Loaded, Failure> {
    let loaded = load(Inputs::from_process(common.settings.0.clone(), common.config.clone()))?;
    keep_secret(&loaded.config);
    Ok(loaded)
}

/// Loads the configuration and prints its warnings on stderr.
pub fn loaded(common: &Common) -> Result<Loaded, Failure> {
    let loaded = read(common)?;
    for warning in &loaded.warnings {
        say::warn(warning);
    }
    Ok(loaded)
}
