//! What counters a page has, for the sentence that says why none of them was taken.

use super::super::exposition::{Fault, Sample, Text};
use super::counters::{LABELS, status};

/// So many counters are remembered.
const LIMIT: usize = 256;
/// So many are named in the note.
const SHOWN: usize = 5;
/// So many labels of one counter are named.
const LABELS_SHOWN: usize = 8;
/// Go's count of its own metrics pages: it has a `code`, and is no traffic.
const NO_TRAFFIC: &str = "promhttp_metric_handler_";

/// The counters of one page, each with the labels of its first series.
#[derive(Debug, Default)]
pub struct Census {
    counters: Vec<Counter>,
    /// The family declared last.
    family: Option<(Vec<u8>, Kind)>,
}

/// Which of a family's samples counts something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Counter,
    /// Histogram or summary: `_count` does.
    Distribution,
    /// Gauge or the like: none does.
    Other,
}

#[derive(Debug)]
struct Counter {
    raw: Vec<u8>,
    name: String,
    labels: Vec<String>,
    has_status: bool,
}

impl Census {
    /// Forgets the page before.
    pub fn clear(&mut self) {
        self.counters.clear();
        self.family = None;
    }

    /// A family is declared.
    pub fn family(&mut self, name: Text<'_>, kind: &[u8]) {
        let kind = match kind {
            b"counter" => Kind::Counter,
            b"histogram" | b"summary" => Kind::Distribution,
            _ => Kind::Other,
        };
        self.family = Some((name.raw().to_vec(), kind));
    }

    /// A sample stands on the page.
    pub fn sample(&mut self, sample: &Sample<'_>) -> Result<(), Fault> {
        let name = sample.name;
        if self.counters.len() >= LIMIT
            || !self.counts(name.raw())
            || name.raw().starts_with(NO_TRAFFIC.as_bytes())
            || self.counters.last().is_some_and(|counter| counter.raw == name.raw())
        {
            return Ok(());
        }
        let (mut labels, mut has_status) = (Vec::new(), false);
        sample.read(|label, value| {
            if labels.len() < LABELS_SHOWN {
                labels.push(label.to_string());
            }
            has_status |= status(value).is_some() && LABELS.iter().any(|known| label.is(known));
        })?;
        self.counters.push(Counter { raw: name.raw().to_vec(), name: name.to_string(), labels, has_status });
        Ok(())
    }

    fn counts(&self, name: &[u8]) -> bool {
        const NO_COUNTS: [&[u8]; 5] = [b"_bucket", b"_sum", b"_created", b"_info", b"_max"];
        if let Some((family, kind)) = &self.family
            && let Some(suffix) = name.strip_prefix(family.as_slice())
        {
            match suffix {
                b"" | b"_total" => return *kind == Kind::Counter,
                b"_count" => return *kind == Kind::Distribution,
                _ => {}
            }
        }
        !NO_COUNTS.iter().any(|suffix| name.ends_with(suffix))
    }

    /// The labels of the counter `name`, where it is on the page.
    pub fn labels(&self, name: &str) -> Option<&[String]> {
        self.counters.iter().find(|counter| counter.raw == name.as_bytes()).map(|counter| counter.labels.as_slice())
    }

    /// The counters nearest to `name`, those with a status first: `a_total {code, method}, b_total and 3 more`.
    pub fn nearest(&self, name: &str) -> String {
        let mut ranked: Vec<_> = self
            .counters
            .iter()
            .map(|counter| (counter.has_status, strsim::jaro_winkler(name, &counter.name), counter))
            .collect();
        ranked.sort_by(|a, b| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)));
        ranked.dedup_by(|a, b| a.2.name == b.2.name);
        if ranked.is_empty() {
            return "the page has no counters".to_owned();
        }
        let names = ranked.iter().take(SHOWN).map(|(.., counter)| match counter.labels.as_slice() {
            [] => format!("`{}`", counter.name),
            labels => format!("`{}` {{{}}}", counter.name, labels.join(", ")),
        });
        let more = match ranked.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("its counters are {}{more}", names.collect::<Vec<_>>().join(", "))
    }
}
