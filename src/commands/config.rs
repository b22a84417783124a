//! `config show`, `check` and `template`.

use crate::cli::{Common, ConfigCommand};
use crate::config::{show, show_json, template};

use super::context;
use super::failure::Failure;

/// Prints or checks the configuration.
pub fn run(common: &Common, command: &ConfigCommand) -> Result<u8, Failure> {
    match command {
        ConfigCommand::Template => print!("{}", template()),
        ConfigCommand::Check => {
            let loaded = context::loaded(common)?;
            println!("the configuration of service `{}` is valid", loaded.config.service);
        }
        ConfigCommand::Show { json: false } => print!("{}", show(&context::loaded(common)?)),
        ConfigCommand::Show { json: true } => {
            let shown = show_json(&context::loaded(common)?);
            println!("{}", serde_json::to_string_pretty(&shown).map_err(Failure::internal)?);
        }
    }
    Ok(0)
}
