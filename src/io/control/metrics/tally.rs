//! What is counted of the events, because the view does not keep it.

use std::collections::BTreeMap;

use crate::core::soak::{Event, RollbackResult, Sample, Settings};
use crate::core::view::ViewUpdate;
use crate::model::Outcome;

#[derive(Debug, Default)]
pub struct Tally {
    pub scrapes: BTreeMap<String, Scrapes>,
    /// Rollbacks after which traffic was back.
    pub rolled_back: u64,
    pub rollbacks_failed: u64,
    /// Undone by somebody while the recovery was verified; also counted as rolled back.
    pub rollbacks_undone: u64,
}

#[derive(Debug, Default)]
pub struct Scrapes {
    pub good: u64,
    pub failed: u64,
    pub took_ms: u64,
}

impl Tally {
    pub fn count(&mut self, settings: &Settings, event: &Event, news: &ViewUpdate) {
        match event {
            Event::Sampled { color, instance, outcome } => {
                let own = *color == settings.color;
                let instances = if own { &settings.instances } else { &settings.standby_instances };
                let Some(url) = instances.get(*instance) else { return };
                let scrapes = self.scrapes.entry(url.clone()).or_default();
                match outcome {
                    Sample::Good(reading) => {
                        scrapes.good += 1;
                        scrapes.took_ms = reading.took_ms;
                    }
                    Sample::Failed(_) => scrapes.failed += 1,
                }
            }
            Event::RollbackDone { result: RollbackResult::Back, .. } => self.rolled_back += 1,
            _ => {}
        }
        let outcome = news.ending.as_ref().map(|ending| ending.outcome);
        self.rollbacks_failed += u64::from(outcome == Some(Outcome::RollbackFailed));
        self.rollbacks_undone += u64::from(outcome == Some(Outcome::RollbackUndone));
    }
}
