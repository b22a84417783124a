//! Why no histogram of a page is taken, and what to do.

use super::super::names::{Tier, normalized};
use super::candidate::Candidate;
use super::names::{TimeName, UnitOnPage};
use crate::exposition::Text;
use crate::matchers::LabelFilter;
use crate::wanted::Named;

/// Other histograms named.
const SHOWN: usize = 5;
/// Of one kind.
const MAX_FAMILIES: usize = 64;

/// Histograms and summaries of a page, until one is chosen.
#[derive(Debug, Default)]
pub struct Inventory {
    histograms: Vec<String>,
    /// Histograms with buckets, declared or not.
    met: Vec<String>,
    summaries: Vec<String>,
    /// The last declared unit: family, and milliseconds (`None` if it is no unit of time).
    unit: Option<(Vec<u8>, Option<f64>)>,
}

impl Inventory {
    pub fn clear(&mut self) {
        self.histograms.clear();
        self.summaries.clear();
        self.unit = None;
    }

    pub fn declare(&mut self, name: Text<'_>, kind: &[u8]) {
        let families = match kind {
            b"histogram" => &mut self.histograms,
            b"summary" => &mut self.summaries,
            _ => return,
        };
        if families.len() < MAX_FAMILIES {
            families.push(name.to_owned_text());
        }
    }

    pub fn meet(&mut self, name: &str) {
        if self.met.len() < MAX_FAMILIES {
            self.met.push(name.to_owned());
        }
    }

    pub fn says_unit(&mut self, name: &[u8], unit: Option<f64>) {
        self.unit = Some((name.to_vec(), unit));
    }

    /// A family's unit, if declared right before it.
    pub fn unit_of(&self, name: &[u8]) -> UnitOnPage {
        match &self.unit {
            Some((declared, unit)) if declared == name => unit.map_or(UnitOnPage::NoTime, UnitOnPage::Time),
            _ => UnitOnPage::Unsaid,
        }
    }

    fn histograms(&self) -> String {
        let declared = |name: &&String| self.histograms.contains(name);
        let all: Vec<&String> = self.histograms.iter().chain(self.met.iter().filter(|name| !declared(name))).collect();
        let shown: Vec<String> = all.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
        match (shown.as_slice(), all.len().saturating_sub(SHOWN)) {
            ([], _) => "it has no histograms".to_owned(),
            (shown, 0) => format!("its histograms are {}", shown.join(", ")),
            (shown, more) => format!("its histograms are {} and {more} more", shown.join(", ")),
        }
    }

    /// The summary most likely to time requests.
    fn summary(&self, wanted: &Named) -> Option<&str> {
        let standing = |name: &str| match wanted {
            Named::Name(wanted) => (wanted == name).then_some(TimeName::NAMED.standing),
            Named::Auto => {
                // Some libraries' timers do not say so.
                let time = TimeName::of(name, UnitOnPage::Unsaid)
                    .or_else(|| TimeName::of(name, UnitOnPage::Time(1.0)).filter(|_| is_timer(name)));
                time.filter(|time| !time.is_vague).map(|time| time.standing).filter(|own| own.tier < Tier::Unlikely)
            }
        };
        let ranked = self.summaries.iter().filter_map(|name| Some((standing(name)?, name.as_str())));
        ranked.min().map(|(_, name)| name)
    }
}

/// A summary without a unit: those of sizes say so.
fn is_timer(name: &str) -> bool {
    let name = normalized(name);
    !name.split('_').any(|word| matches!(word, "size" | "bytes" | "length" | "body" | "count"))
}

pub fn no_unit(name: &str) -> String {
    format!(
        "the unit of `{name}` is not known: neither its name nor a `# UNIT` line says it; set checks.latency.unit = \"s\" or \"ms\""
    )
}

/// Why no histogram is taken, and whether that is permanent.
pub fn why_none(
    wanted: &Named,
    filter: &LabelFilter,
    candidates: &[Candidate],
    inventory: &Inventory,
) -> (String, bool) {
    // Candidates that can never be taken are no reason to wait.
    let waits = candidates.iter().filter(|one| one.now.is_there && one.foreign().is_none() && !one.dropped);
    let waiting = waits.filter(|one| !one.now.has_rows).min_by_key(|one| one.standing).map(|one| &*one.name);
    if let Some(name) = waiting {
        let why = if filter.is_empty() {
            format!("`{name}` has no requests of users yet")
        } else {
            format!(
                "no series of `{name}` matches checks.error-rate.match ({filter}), or it has no requests of users yet"
            )
        };
        return (why, false);
    }
    if let Some(name) = inventory.summary(wanted) {
        let other = "or name another metric with checks.latency.histogram";
        let cure = cure(name, inventory);
        return (format!("`{name}` is a summary: its quantiles cannot be added up or judged; {cure}, {other}"), true);
    }
    let histograms = inventory.histograms();
    if let Named::Name(name) = wanted {
        return (format!("the histogram `{name}` (checks.latency.histogram) is not on the page; {histograms}"), false);
    }
    let is_wanted = |name: &&String| {
        let time = TimeName::of(name, UnitOnPage::Unsaid).filter(|time| !time.is_vague);
        time.is_some_and(|time| time.standing.tier < Tier::Unlikely)
    };
    let is_missing = |name: &&String| !inventory.met.contains(name);
    if let Some(name) = inventory.histograms.iter().filter(is_missing).find(is_wanted) {
        return (format!("`{name}` has no requests yet"), false);
    }
    let foreign: Vec<String> = candidates
        .iter()
        .filter(|one| one.now.is_there)
        .filter_map(|one| Some(format!("`{}` ({})", one.name, one.foreign()?.describe())))
        .take(SHOWN)
        .collect();
    let why = if foreign.is_empty() {
        format!(
            "no histogram on the page says how long requests took; {histograms}; add one, such as \
             `http_request_duration_seconds`, or name yours with checks.latency.histogram"
        )
    } else {
        format!(
            "no histogram on the page says how long users' requests took, only {}; if one does, name it with \
             checks.latency.histogram",
            foreign.join(", ")
        )
    };
    (why, false)
}

/// How to get a histogram instead of a summary, by its likely writer.
fn cure(name: &str, inventory: &Inventory) -> String {
    let normal = normalized(name);
    let words: Vec<&str> = normal.split('_').collect();
    let has = |word: &str| words.contains(&word);
    let how = match normal.as_str() {
        "http_server_requests_seconds" => {
            "Spring Boot: management.metrics.distribution.percentiles-histogram.http.server.requests=true"
        }
        "http_request_duration_seconds" => "express-prom-bundle: metricType: 'histogram'; else the client's Histogram",
        _ if has("ktor") => "Ktor: percentilesHistogram(true) in distributionStatisticConfig",
        _ if has("gunicorn") || has("statsd") => "statsd_exporter: observer_type: histogram",
        _ if has("dropwizard") || has("jetty") => {
            "Dropwizard's timers are summaries: observe the client's Histogram beside them"
        }
        _ if normal.ends_with("_seconds") && inventory.summaries.len() > 1 && has("server") => {
            "Micrometer: publishPercentileHistogram()"
        }
        _ => "the client library's Histogram instead of its Summary",
    };
    format!("let the service keep a histogram ({how})")
}
