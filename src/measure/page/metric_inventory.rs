//! The counters of a page, for the message that none was taken.

use super::family::Family;
use super::labels::Use;
use crate::exposition::{Fault, Sample, Text};
use crate::statuses::{StatusKind, StatusSet};

const LIMIT: usize = 256;
const SHOWN: usize = 5;
const LABELS_SHOWN: usize = 8;

/// The counters of one page, each with the labels of its first series.
#[derive(Debug, Default)]
pub struct MetricInventory {
    counters: Vec<Counter>,
    family: Family,
}

#[derive(Debug)]
struct Counter {
    raw: Vec<u8>,
    name: String,
    labels: Vec<String>,
    has_status: bool,
}

impl MetricInventory {
    pub fn clear(&mut self) {
        self.counters.clear();
        self.family.clear();
    }

    pub fn family(&mut self, name: Text<'_>, kind: &[u8]) {
        self.family.declare(name, kind);
    }

    pub fn sample(&mut self, sample: &Sample<'_>) -> Result<(), Fault> {
        let name = sample.name;
        if self.counters.last().is_some_and(|counter| counter.raw == name.raw())
            || self.counters.len() >= LIMIT
            || !self.family.counts(name.raw())
        {
            return Ok(());
        }
        let (mut labels, mut has_status) = (Vec::new(), false);
        sample.read(|label, value| {
            if labels.len() < LABELS_SHOWN {
                labels.push(label.to_string());
            }
            let is_status = || matches!(Use::of(&label.to_string(), false), Use::Status { .. });
            has_status |= StatusSet::default().judge(value.raw(), StatusKind::Http).is_understood() && is_status();
        })?;
        self.counters.push(Counter { raw: name.raw().to_vec(), name: name.to_string(), labels, has_status });
        Ok(())
    }

    /// Those with the status in their names (`…_5xx_responses_total`, `…_status_500`); at most two.
    pub fn by_name(&self) -> Vec<&str> {
        let holds_status = |counter: &&Counter| {
            let words = counter.name.split('_');
            words.filter(|word| word.len() == 3).any(|word| {
                let faults = StatusSet { classes: vec![4, 5], ..StatusSet::default() };
                faults.judge(word.as_bytes(), StatusKind::Http) == crate::statuses::Status::Failed
            })
        };
        self.counters.iter().filter(holds_status).map(|counter| counter.name.as_str()).take(2).collect()
    }

    /// The counters nearest to `name`, those with a status first: `a_total` {code, method}, `b_total` and 3 more.
    pub fn nearest(&self, name: &str) -> Option<String> {
        let mut ranked: Vec<_> = self
            .counters
            .iter()
            .map(|counter| (counter.has_status, strsim::jaro_winkler(name, &counter.name), counter))
            .collect();
        ranked.sort_by(|a, b| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)));
        ranked.dedup_by(|a, b| a.2.name == b.2.name);
        if ranked.is_empty() {
            return None;
        }
        let names = ranked.iter().take(SHOWN).map(|(.., counter)| match counter.labels.as_slice() {
            [] => format!("`{}`", counter.name),
            labels => format!("`{}` {{{}}}", counter.name, labels.join(", ")),
        });
        let more = match ranked.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Some(format!("{}{more}", names.collect::<Vec<_>>().join(", ")))
    }
}
