//! `config show`, `check` and `template`.

use crate::app::cli::{Common, ConfigCommand};
use crate::config::{show, show_json, template};

use super::failure::Failure;
use super::{context, place, say};

/// Prints or checks the configuration.
pub fn run(common: &Common, command: &ConfigCommand) -> Result<u8, Failure> {
    match command {
        ConfigCommand::Template => say::out(&template()),
        ConfigCommand::Check => {
            let loaded = context::read_anywhere(common)?;
            place::exists(&loaded)?;
            let loaded = context::strictly(loaded)?;
            context::warn(&loaded);
            say::line(&format!("the configuration of service `{}` is valid", loaded.config.service));
        }
        ConfigCommand::Show { json: false } => say::out(&show(&context::loaded_anywhere(common, |_| Ok(()))?)),
        ConfigCommand::Show { json: true } => {
            let shown = show_json(&context::loaded_anywhere(common, |_| Ok(()))?);
            say::line(&serde_json::to_string_pretty(&shown).map_err(Failure::internal)?);
        }
    }
    Ok(0)
}
