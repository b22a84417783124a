//! `verify`: is the journal whole?

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::app::cli::Common;
use crate::config::Config;
use crate::io::journal;
use crate::io::journal::{Head, Journal, Report, VerifyError};
use crate::io::state::StateFile;

use super::history::nothing_decided;
use super::support::failure::Failure;
use super::support::{context, output, place};

fn known_head(config: &Config) -> Option<Head> {
    let state = StateFile::open(&config.state_file).ok()?.read().ok()?;
    state.journal().filter(|head| head.service == config.service).cloned()
}

/// Checks the hash chain, and that nothing was cut off.
pub fn run(common: &Common, file: Option<PathBuf>) -> Result<u8, Failure> {
    let (path, known, service) = if let Some(file) = file {
        (file, None, None)
    } else {
        let config = context::loaded(common, place::has_records)?.config;
        let path = Journal::new(&config.service_dir(), &config.service).path().to_owned();
        (path, known_head(&config), Some(config.service))
    };
    match journal::verify(&path, known.as_ref()) {
        Ok(report) => {
            let Report { service, records, head } = report;
            output::line(&format!(
                "{}: intact, {records} decisions of service `{service}`, head {head}",
                path.display()
            ));
            Ok(0)
        }
        Err(VerifyError::Damaged(damage)) => Err(Failure::new(14, damage)),
        Err(VerifyError::Io { source, path }) if source.kind() == ErrorKind::NotFound => {
            Err(Failure::usage(nothing_to_verify(&path, service.as_deref())))
        }
        Err(error) => Err(Failure::usage(error)),
    }
}

fn nothing_to_verify(journal: &Path, service: Option<&str>) -> String {
    match service {
        Some(service) => {
            format!("there is nothing to verify: {}\nnext: switchback status", nothing_decided(journal, service))
        }
        None => format!("there is nothing to verify: the file `{}` does not exist", journal.display()),
    }
}
