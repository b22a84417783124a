//! The soaks of before, from journal and recordings.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;

use crate::core::soak::{Envelope, RecordingHeader};
use crate::io::journal::{Entry, Journal, RecordingReader, SoakId, recording_path, recordings};
use crate::model::{Color, DecisionKind, Outcome};

/// So many soaks are listed at most, the newest ones.
const LISTED: usize = 200;
/// So many decisions are looked at for them.
const DECISIONS: usize = 50_000;

/// What is known of soaks of before, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PastSoaks {
    pub soaks: Vec<PastSoak>,
    /// Why there is none, or what could not be read.
    pub note: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastSoak {
    pub id: SoakId,
    pub began: Option<Timestamp>,
    pub color: Option<Color>,
    pub release: Option<String>,
    /// None while it goes on, and where nobody saw its end.
    pub outcome: Option<Outcome>,
    /// From its first to its last decision.
    pub length_ms: Option<u64>,
    /// Whether it can be played.
    pub is_recorded: bool,
}

pub fn read(folder: &Path, service: &str) -> Result<PastSoaks, String> {
    let recorded = recordings(folder).map_err(|error| error.to_string())?;
    let journal = Journal::new(folder, service);
    // Without the journal the recordings can still be played.
    let (decisions, mut note) = match journal.history(DECISIONS) {
        Ok(decisions) => (decisions, None),
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    let mut soaks: BTreeMap<SoakId, Vec<Entry>> = BTreeMap::new();
    soaks.extend(recorded.iter().map(|id| (id.clone(), Vec::new())));
    for entry in decisions {
        if let Some(id) = entry.decision.soak.as_deref().and_then(|id| id.parse().ok()) {
            soaks.entry(id).or_default().push(entry);
        }
    }
    if soaks.is_empty() && note.is_none() {
        note = Some(format!("no soak of `{service}` yet: nothing is recorded in `{}`", folder.join("soaks").display()));
    }
    let soaks = soaks.into_iter().rev().take(LISTED);
    let soaks = soaks.map(|(id, entries)| {
        let is_recorded = recorded.binary_search(&id).is_ok();
        let header = if is_recorded { header(folder, &id) } else { None };
        PastSoak { is_recorded, ..one(id, &entries, header) }
    });
    Ok(PastSoaks { soaks: soaks.collect(), note })
}

/// The header of a recording; none of one that is damaged.
fn header(folder: &Path, id: &SoakId) -> Option<RecordingHeader> {
    let opened: Result<(RecordingHeader, RecordingReader<Envelope>), _> =
        RecordingReader::open(&recording_path(folder, id));
    opened.ok().map(|(header, _)| header)
}

fn one(id: SoakId, entries: &[Entry], header: Option<RecordingHeader>) -> PastSoak {
    let settings = header.map(|header| header.settings);
    let switched = |entry: &&Entry| matches!(entry.decision.decision, DecisionKind::Switch | DecisionKind::SoakStart);
    let color = entries.iter().find(switched).and_then(|entry| entry.decision.active_color);
    let release = entries.iter().rev().find_map(|entry| entry.decision.release.clone());
    let length = |(first, last): (&Entry, &Entry)| u64::try_from(last.ts.duration_since(first.ts).as_millis()).ok();
    PastSoak {
        began: id.began(),
        id,
        color: settings.as_ref().map(|settings| settings.color).or(color),
        release: release.or_else(|| settings.and_then(|settings| settings.release)),
        outcome: entries.iter().rev().find_map(|entry| outcome(entry.decision.decision)),
        length_ms: entries.first().zip(entries.last()).and_then(length),
        is_recorded: false,
    }
}

/// How a soak ended whose last decision of that sort this is.
const fn outcome(kind: DecisionKind) -> Option<Outcome> {
    match kind {
        DecisionKind::Retain | DecisionKind::Keep => Some(Outcome::Retained),
        DecisionKind::RolledBack | DecisionKind::Recovered | DecisionKind::NotRecovered => Some(Outcome::RolledBack),
        DecisionKind::RollbackFailed => Some(Outcome::RollbackFailed),
        DecisionKind::RollbackUndone => Some(Outcome::RollbackUndone),
        DecisionKind::Abort => Some(Outcome::Aborted),
        DecisionKind::Inconclusive => Some(Outcome::Inconclusive),
        DecisionKind::Hold => Some(Outcome::Held),
        DecisionKind::Superseded => Some(Outcome::Superseded),
        DecisionKind::SwitchRefused => Some(Outcome::Refused),
        DecisionKind::SwitchFailed => Some(Outcome::SwitchFailed),
        _ => None,
    }
}
