//! `config show`, `check` and `template`.

use crate::app::cli::{Common, ConfigCommand};
use crate::config::{Loaded, Problems, show, show_json, template};
use crate::io::control::no_such_group;

use super::support::failure::Failure;
use super::support::{context, output, place};

pub fn run(common: &Common, command: &ConfigCommand) -> Result<u8, Failure> {
    match command {
        ConfigCommand::Template => output::out(&template()),
        ConfigCommand::Check => {
            let loaded = context::read_anywhere(common)?;
            place::exists(&loaded)?;
            let loaded = context::strictly(loaded)?;
            context::warn(&loaded);
            group(&loaded)?;
            output::line(&format!("the configuration of service `{}` is valid", loaded.config.service));
        }
        ConfigCommand::Show { json: false } => output::out(&show(&context::loaded_anywhere(common, |_| Ok(()))?)),
        ConfigCommand::Show { json: true } => {
            let shown = show_json(&context::loaded_anywhere(common, |_| Ok(()))?);
            output::line(&serde_json::to_string_pretty(&shown).map_err(Failure::internal)?);
        }
    }
    Ok(0)
}

/// Refuses a group that does not exist, with which no monitor can start. `doctor` checks the rest.
fn group(loaded: &Loaded) -> Result<(), Failure> {
    let Some(what) = loaded.config.control.group.as_deref().and_then(no_such_group) else { return Ok(()) };
    match loaded.problem("control.group", what) {
        // A machine that asks a monitor elsewhere need not know its groups.
        Some(problem) if loaded.config.control.url.is_some() => output::warn(&problem.to_line()),
        Some(problem) => return Err(Problems(vec![problem]).into()),
        None => {}
    }
    Ok(())
}
