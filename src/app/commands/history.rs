//! `history`: what was decided, and which soaks were recorded.

pub mod prune;

use std::path::Path;

use jiff::tz::TimeZone;

use crate::app::cli::Common;
use crate::app::deploy::{Deployment, Made};
use crate::config::{Engine, Loaded};
use crate::io::journal::{Entry, Journal, recordings};
use crate::model::Decision;
use crate::model::printable::clean;

use super::support::failure::Failure;
use super::support::{context, output, place};

/// Decisions shown without `--limit`.
const SHOWN: usize = 50;

pub async fn run(common: &Common, json: bool, limit: Option<usize>) -> Result<u8, Failure> {
    let loaded = context::loaded(common, place::has_records)?;
    let journal = Journal::new(&loaded.config.service_dir(), &loaded.config.service);
    let limit_or_default = limit.unwrap_or(SHOWN);
    let entries = journal.history(limit_or_default).map_err(Failure::usage)?;
    let others = made_elsewhere(&loaded, &entries).await;
    if !others.is_empty() {
        return merged(entries, others, json, limit_or_default);
    }
    if entries.is_empty() && limit != Some(0) {
        // Stdout is for decisions: a script that counts them finds none.
        output::error(&nothing_decided(journal.path(), &loaded.config.service));
    }
    let zone = TimeZone::system();
    for entry in entries {
        if json {
            output::line(&serde_json::to_string(&entry).map_err(Failure::internal)?);
        } else {
            output::line(&line(&entry, &zone));
        }
    }
    Ok(0)
}

/// What other hosts decided and the journal here does not have.
async fn made_elsewhere(loaded: &Loaded, here: &[Entry]) -> Vec<Made> {
    if loaded.config.coordination.kind == Engine::Local {
        return Vec::new();
    }
    let made = match Deployment::open(&loaded.config) {
        Ok(deployment) => deployment.made_anywhere().await.map_err(|error| format!("etcd {error}")),
        Err(error) => Err(error.to_string()),
    };
    let mut made = made.unwrap_or_else(|why| {
        output::warn(&format!("what other hosts decided is not shown: {why}"));
        Vec::new()
    });
    made.retain(|made| !here.iter().any(|entry| entry.decision == made.decision));
    made
}

/// One list by the time of each decision; those of other hosts have no place in the journal of this one.
fn merged(here: Vec<Entry>, others: Vec<Made>, json: bool, limit: usize) -> Result<u8, Failure> {
    let zone = TimeZone::system();
    let mut lines = Vec::with_capacity(here.len() + others.len());
    for entry in here {
        let text = if json { serde_json::to_string(&entry).map_err(Failure::internal)? } else { line(&entry, &zone) };
        lines.push((entry.ts, text));
    }
    for made in others {
        let json_line = json.then(|| String::from_utf8_lossy(&made.to_json()).into_owned());
        let Made { ts, decision } = made;
        let as_line = || line(&Entry { seq: 0, ts, decision, prev: String::new(), hash: String::new() }, &zone);
        let text = json_line.unwrap_or_else(as_line);
        lines.push((ts, text));
    }
    lines.sort_by_key(|(ts, _)| *ts);
    for (_, text) in lines.iter().skip(lines.len().saturating_sub(limit)) {
        output::line(text);
    }
    Ok(0)
}

pub fn soaks(common: &Common) -> Result<u8, Failure> {
    let config = context::loaded(common, place::has_records)?.config;
    for id in recordings(&config.service_dir()).map_err(Failure::usage)? {
        output::line(&id.to_string());
    }
    Ok(0)
}

pub fn nothing_decided(journal: &Path, service: &str) -> String {
    let why = if journal.exists() { "is empty" } else { "does not exist" };
    format!("no decisions yet for service `{service}`: the journal `{}` {why}", journal.display())
}

/// A decision on one line, in local time, with its actor once.
fn line(entry: &Entry, zone: &TimeZone) -> String {
    let Decision { decision, actor, reason, message, host, .. } = &entry.decision;
    let why = reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let who = actor.to_string();
    let who = if message.contains(&who) { String::new() } else { format!(", {who}") };
    let on = host.as_ref().map(|host| format!(", on {host}")).unwrap_or_default();
    let at = entry.ts.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z");
    format!("{at}  {decision:15} {}", clean(&format!("{message}{why}{who}{on}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Actor, DecisionKind};

    fn entry(message: &str) -> Entry {
        let actor = Actor::Operator("ana@deploy-1 (user root)".to_owned());
        let mut decision = Decision::new(DecisionKind::Rollback, actor, message);
        decision.reason = Some("drill".into());
        let ts = "2026-11-23T23:30:25.183999Z".parse().unwrap();
        Entry { seq: 1, ts, decision, prev: String::new(), hash: String::new() }
    }

    #[test]
    fn a_decision_is_told_in_local_time_and_names_who_made_it_once() {
        let zone = TimeZone::posix("IST-5:30").unwrap();
        let who = "operator:ana@deploy-1 (user root)";
        assert_eq!(
            line(&entry("rolling back"), &zone),
            format!("2026-11-24T05:00:25.183+05:30  rollback        rolling back (drill), {who}")
        );
        let named = format!("rolling back by order of {who}");
        assert_eq!(
            line(&entry(&named), &zone),
            format!("2026-11-24T05:00:25.183+05:30  rollback        {named} (drill)")
        );
    }
}
