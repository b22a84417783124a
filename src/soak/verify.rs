//! After a rollback: is the previous color well?

use serde::{Deserialize, Serialize};

use super::Sample;
use super::roster::Changes;
use crate::detect::{Counters, TickCounts};

/// Counts the requests of the standby's instances from the flip on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecoveryWatch {
    instances: Vec<Option<Counters>>,
    counts: TickCounts,
}

impl RecoveryWatch {
    /// A watch over so many instances.
    pub fn new(instances: usize) -> Self {
        Self { instances: vec![None; instances], counts: TickCounts::default() }
    }

    /// Takes one scrape of the standby; a process that started after `run_started_wall` counts from zero.
    pub fn sampled(&mut self, run_started_wall: i64, instance: usize, sample: &Sample) {
        if let (Some(known), Sample::Good(reading)) = (self.instances.get_mut(instance), sample) {
            let delta = known.get_or_insert_with(|| Counters::new(run_started_wall)).read(reading);
            self.counts = self.counts.plus(TickCounts { requests: delta.requests, errors: delta.errors });
        }
    }

    /// Another process goes on with the run, over so many instances: their counters go on over the gap.
    pub fn resume(&mut self, instances: usize) {
        self.instances.resize(instances, None);
        self.instances.iter_mut().flatten().for_each(Counters::resume);
    }

    /// Instances came and went: one that is back may be another process.
    pub fn come_and_go(&mut self, instances: usize, changes: &Changes) {
        self.instances.resize(instances, None);
        for place in &changes.joined {
            self.instances[*place] = None;
        }
    }

    /// Counts from the next page of each instance on: what was counted before says nothing.
    pub fn forget(&mut self) {
        self.instances.fill(None);
        self.restart();
    }

    /// Counts from the last page of each instance on.
    pub fn restart(&mut self) {
        self.counts = TickCounts::default();
    }

    /// What was counted since.
    pub const fn counts(&self) -> TickCounts {
        self.counts
    }
}
