//! After a rollback: is the previous color well?

use super::Sample;
use super::own::{Cases, Counts, Share};
use super::roster::Changes;
use crate::core::detect::{Counters, Since, TickCounts};

/// Counts the requests of the standby's instances from the flip on.
#[derive(Clone, Debug, PartialEq)]
pub struct RecoveryWatch {
    instances: Vec<Option<Instance>>,
    counts: Counts,
    cases: Cases,
    /// When the first page was read, the last one, and the last on which there were new requests; ms since the run began.
    first_ms: Option<u64>,
    last_ms: u64,
    rose_ms: Option<u64>,
}

#[derive(Clone, Debug, PartialEq)]
struct Instance {
    counters: Counters,
    share: Share,
}

impl RecoveryWatch {
    pub fn new(instances: usize) -> Self {
        Self {
            instances: vec![None; instances],
            counts: Counts::default(),
            cases: Cases::default(),
            first_ms: None,
            last_ms: 0,
            rose_ms: None,
        }
    }

    /// Takes one scrape of the standby at `at_ms`; a process that started later than `since` counts from zero.
    pub fn sampled(&mut self, at_ms: u64, since: Since, instance: usize, sample: &Sample) {
        let before = self.counts().requests;
        if let (Some(known), Sample::Good(reading)) = (self.instances.get_mut(instance), sample) {
            let first = known.is_none();
            let known =
                known.get_or_insert_with(|| Instance { counters: Counters::since(since), share: Share::default() });
            let delta = known.counters.read(reading, at_ms);
            self.counts = self.counts.plus(known.share.divide(reading, &delta, known.counters.processes(), first));
            self.cases.learn(&known.share);
            self.first_ms.get_or_insert(at_ms);
            self.last_ms = at_ms;
            if self.counts().requests > before {
                self.rose_ms = Some(at_ms);
            }
        }
    }

    /// Another process continues the run over so many instances: their counters bridge the gap.
    pub fn resume(&mut self, instances: usize) {
        self.instances.resize(instances, None);
        for known in self.instances.iter_mut().flatten() {
            known.counters.resume();
            known.share.resume();
        }
    }

    /// One that is back may be another process.
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

    pub fn restart(&mut self) {
        for known in self.instances.iter_mut().flatten() {
            known.counters.rebase();
            known.share.restart();
        }
        self.counts = Counts::default();
        (self.first_ms, self.last_ms, self.rose_ms) = (None, 0, None);
    }

    /// What users sent since, at least.
    pub fn counts(&self) -> TickCounts {
        self.cases.fewest(&self.counts)
    }

    /// Whether a page was read after the first one: only between two of them anything is counted.
    pub fn has_counted(&self) -> bool {
        self.first_ms.is_some_and(|first_ms| self.last_ms > first_ms)
    }

    pub fn in_each_case(&self) -> Vec<TickCounts> {
        self.cases.possible().map(|case| self.counts.of(case)).collect()
    }

    pub fn wants_trial(&mut self) -> bool {
        self.cases.wants_trial(self.counts.all, self.counts())
    }

    /// For how long (ms) readable pages have shown no new request, and how many were to be expected; none before the first one.
    pub fn silence(&self) -> Option<(u64, f64)> {
        let (first_ms, rose_ms) = (self.first_ms?, self.rose_ms?);
        let silent_ms = self.last_ms.saturating_sub(rose_ms);
        let (busy_ms, silent) = (span(rose_ms.saturating_sub(first_ms)), span(silent_ms));
        let requests = f64::from(u32::try_from(self.counts().requests).unwrap_or(u32::MAX));
        Some((silent_ms, requests * silent / busy_ms.max(1.0)))
    }
}

fn span(ms: u64) -> f64 {
    f64::from(u32::try_from(ms).unwrap_or(u32::MAX))
}
