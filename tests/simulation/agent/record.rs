//! What the soaks of a deployment left behind.

use std::fs;

use switchback::core::soak::{Envelope, Machine, RecordingHeader};
use switchback::io::journal::{Entry, RecordingReader};
use switchback::model::{Color, DecisionKind, Ending};

use crate::world::{EPOCH_MS, Site};

/// One soak, replayed from its recording.
#[derive(Debug)]
pub struct Soak {
    pub id: String,
    pub color: Color,
    pub last_switch: Option<i64>,
    pub events: u64,
    /// As its recording replays.
    pub ending: Option<Ending>,
    pub journaled: Vec<Entry>,
}

impl Soak {
    /// All of a deployment, oldest first.
    pub fn all(site: &Site) -> Result<Vec<Self>, String> {
        let Ok(folder) = fs::read_dir(site.service_dir().join("soaks")) else { return Ok(Vec::new()) };
        let mut paths: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "jsonl"));
        paths.sort();
        let mut soaks = Vec::new();
        for path in paths {
            // One that was cut off before its first line was durable.
            let Ok((header, events)) = RecordingReader::<Envelope>::open::<RecordingHeader>(&path) else { continue };
            let mut machine = Machine::new(header.settings);
            let mut number = 0;
            for envelope in events {
                machine.handle(&envelope.map_err(|error| format!("a recording does not read back: {error}"))?);
                number += 1;
            }
            let settings = machine.settings();
            let journaled = site.journal().of_soak(&settings.soak);
            soaks.push(Self {
                id: settings.soak.clone(),
                color: settings.color,
                last_switch: settings.last_switch,
                events: number,
                ending: machine.ending().cloned(),
                journaled: journaled.map_err(|error| format!("the journal does not read back: {error}"))?,
            });
        }
        Ok(soaks)
    }

    pub fn count(&self, kind: DecisionKind) -> usize {
        self.journaled.iter().filter(|entry| entry.decision.decision == kind).count()
    }

    /// When it was decided for the first time, on the simulation's clock.
    pub fn decided_ms(&self, kind: DecisionKind) -> Option<u64> {
        let entry = self.journaled.iter().find(|entry| entry.decision.decision == kind)?;
        u64::try_from(entry.ts.as_millisecond() - EPOCH_MS).ok()
    }

    /// Whether it found the release bad and nobody kept it.
    pub fn is_breached(&self) -> bool {
        self.count(DecisionKind::Breach) > 0
            && self.count(DecisionKind::Keep) == 0
            && self.count(DecisionKind::Retain) == 0
    }
}
