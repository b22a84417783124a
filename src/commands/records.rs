//! `history` and `verify`.

use std::path::PathBuf;

use crate::cli::Common;
use crate::config::Config;
use crate::deploy::StateFile;
use crate::journal::{self, Entry, Head, Journal, Report, VerifyError};
use crate::printable::clean;

use super::failure::Failure;
use super::{context, place, say};

/// So many decisions are shown where nobody says how many.
const SHOWN: usize = 50;

/// Prints the last decisions, newest last.
pub fn history(common: &Common, json: bool, limit: Option<usize>) -> Result<u8, Failure> {
    let loaded = context::loaded(common, place::has_records)?;
    let journal = Journal::new(&loaded.config.service_dir(), &loaded.config.service);
    for entry in journal.history(limit.unwrap_or(SHOWN)).map_err(Failure::usage)? {
        if json {
            say::line(&serde_json::to_string(&entry).map_err(Failure::internal)?);
        } else {
            say::line(&line(&entry));
        }
    }
    Ok(0)
}

fn line(entry: &Entry) -> String {
    let decision = &entry.decision;
    let why = decision.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let text = format!("{}{why}, {}", decision.message, decision.actor);
    format!("{}  {:15} {}", journal::rfc3339_ms(entry.ts), decision.decision, clean(&text))
}

/// Where the service's journal ended when that was last noted in the state file.
fn known_head(config: &Config) -> Option<Head> {
    let state = StateFile::open(&config.state_file).ok()?.read().ok()?;
    state.journal().filter(|head| head.service == config.service).cloned()
}

/// Checks the hash chain, and that nothing was cut off.
pub fn verify(common: &Common, file: Option<PathBuf>) -> Result<u8, Failure> {
    let (path, known) = if let Some(file) = file {
        (file, None)
    } else {
        let config = context::loaded(common, place::has_records)?.config;
        let path = Journal::new(&config.service_dir(), &config.service).path().to_owned();
        (path, known_head(&config))
    };
    match journal::verify(&path, known.as_ref()) {
        Ok(report) => {
            let Report { service, records, head } = report;
            say::line(&format!("{}: intact, {records} decisions of service `{service}`, head {head}", path.display()));
            Ok(0)
        }
        Err(VerifyError::Damaged(damage)) => Err(Failure::new(14, damage)),
        Err(error) => Err(Failure::usage(error)),
    }
}
