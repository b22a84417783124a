//! `history` and `verify`.

use std::path::PathBuf;

use crate::cli::Common;
use crate::headless::clean;
use crate::journal::{self, Entry, Journal, Report, VerifyError};

use super::failure::Failure;
use super::{context, say};

/// So many decisions are shown where nobody says how many.
const SHOWN: usize = 50;

/// Prints the last decisions, newest last.
pub fn history(common: &Common, json: bool, limit: Option<usize>) -> Result<u8, Failure> {
    let loaded = context::loaded(common)?;
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

/// Checks the hash chain.
pub fn verify(common: &Common, file: Option<PathBuf>) -> Result<u8, Failure> {
    let path = if let Some(file) = file {
        file
    } else {
        let loaded = context::loaded(common)?;
        Journal::new(&loaded.config.service_dir(), &loaded.config.service).path().to_owned()
    };
    match journal::verify(&path) {
        Ok(report) => {
            let Report { service, records, head } = report;
            say::line(&format!("{}: intact, {records} decisions of service `{service}`, head {head}", path.display()));
            Ok(0)
        }
        Err(VerifyError::Damaged(damage)) => Err(Failure::new(14, damage)),
        Err(error) => Err(Failure::usage(error)),
    }
}
