//! Error rate and latency of a color, from the series that a selector names.

use std::collections::BTreeMap;
use std::time::Instant;

use super::answer::{Outcome, Series, Told};
use super::api::Api;
use super::fleet::{Counted, Fleet};
use crate::config::{Blanks, Config, PromQl, PrometheusConfig, Source};
use crate::core::detect::{Attribution, Buckets, LabelCounts, Latency, Reading, TickCounts};
use crate::core::soak::Metered;
use crate::model::CheckId;
use crate::model::number::span;
use measure::page::LABELS;
use measure::statuses::{Status, StatusKind, StatusSet};
use measure::unit::LatencyUnit;
use measure::wanted::Named;

/// Labels that every scrape adds, which tell instances apart.
const TARGET: &str = "job, instance";

/// One check's counters of one color. Remembers its series, so there is one for each color and soak.
#[derive(Debug)]
pub struct Meter {
    api: Api,
    selector: PromQl,
    max_age_ms: u64,
    fleet: Fleet,
    /// In PromQL: ` offset 2000ms`.
    offset: String,
    /// The newest sample of the last answer, in Unix seconds.
    taken: Option<f64>,
    seen_any: bool,
    read: Reads,
}

#[derive(Debug)]
enum Reads {
    Requests {
        labels: Vec<String>,
        errors: StatusSet,
    },
    /// By upper bound, as they appeared, in their own unit.
    Buckets {
        unit: LatencyUnit,
        bounds: Vec<f64>,
    },
}

impl Meter {
    /// A color's meters by check, for checks that Prometheus judges.
    pub fn of(config: &Config, api: &Api) -> Vec<(CheckId, Self)> {
        let Config { error_rate, latency, prometheus, .. } = config;
        let mut meters = Vec::new();
        if let (Source::Prometheus, Some(selector)) = (error_rate.source, &error_rate.selector) {
            let labels = match &error_rate.status_label {
                Named::Auto => LABELS.map(ToOwned::to_owned).to_vec(),
                Named::Name(name) => vec![name.clone()],
            };
            let read = Reads::Requests { labels, errors: error_rate.errors.clone() };
            meters.push((CheckId::ErrorRate, Self::new(api.clone(), selector.clone(), prometheus, read)));
        }
        if let (Source::Prometheus, Some(selector), Some(_)) = (latency.source, &latency.selector, latency.threshold) {
            let read = Reads::Buckets { unit: latency.unit, bounds: Vec::new() };
            meters.push((CheckId::Latency, Self::new(api.clone(), selector.clone(), prometheus, read)));
        }
        meters
    }

    fn new(api: Api, selector: PromQl, config: &PrometheusConfig, read: Reads) -> Self {
        let max_age_ms = u64::try_from(config.max_age.as_millis()).unwrap_or(u64::MAX);
        let offset_ms = config.query_offset.as_millis();
        let offset = if offset_ms > 0 { format!(" offset {offset_ms}ms") } else { String::new() };
        Self { api, selector, max_age_ms, offset, fleet: Fleet::default(), taken: None, seen_any: false, read }
    }

    pub async fn read(&mut self, blanks: Blanks<'_>) -> Metered {
        self.ask(blanks).await.unwrap_or_else(Metered::Failed)
    }

    /// Whether every live target has a new sample: an answer with only some of them would look like clumped failures.
    fn is_next(&self, times: &Times) -> bool {
        let Some(taken) = self.taken else { return true };
        #[expect(clippy::cast_precision_loss, reason = "at most a few minutes")]
        let patience = self.max_age_ms as f64 / 2000.0;
        times.oldest > taken || times.newest - taken > patience
    }

    async fn ask(&mut self, blanks: Blanks<'_>) -> Result<Metered, String> {
        let asked = Instant::now();
        let selector = self.selector.fill(blanks);
        let by = match &self.read {
            Reads::Requests { labels, .. } => labels.join(", "),
            Reads::Buckets { .. } => "le".to_owned(),
        };
        let offset = &self.offset;
        let times = times(&self.api, &format!("timestamp({selector}{offset})")).await?;
        if let Some(times) = &times {
            if times.age_ms() > self.max_age_ms {
                return Err(format!("the newest sample of `{selector}` is {} old", span(times.age_ms())));
            }
            if !self.is_next(times) {
                return Ok(Metered::Same { age_ms: times.age_ms() });
            }
        }
        // When all of them had a new sample: later some would have one more.
        let at_ms = times.as_ref().map(Times::at_ms);
        let counters = format!("sum by ({TARGET}, {by}) ({selector}{offset})");
        let Told { data, warnings } = self.api.query(&counters, at_ms).await.map_err(|error| error.to_string())?;
        self.taken = times.map(|times| times.newest).or(self.taken);
        let Outcome::Vector(series) = data else {
            return Err(format!("`{selector}` is not a valid selector of series"));
        };
        if series.is_empty() && self.seen_any {
            return Err(format!("`{selector}` has no series any more"));
        }
        self.seen_any |= !series.is_empty();
        let mut notes = warnings;
        if !self.seen_any {
            notes.insert(0, format!("`{selector}` has no series yet"));
        }
        let reading = match &mut self.read {
            Reads::Requests { labels, errors } => requests(&mut self.fleet, series, labels, errors)?,
            Reads::Buckets { unit, bounds } => {
                let scale = unit
                    .milliseconds(&name_of(&selector), None)
                    .ok_or_else(|| format!("the unit of `{selector}` is not in its name: set checks.latency.unit"))?;
                buckets(&mut self.fleet, series, bounds, scale)?
            }
        };
        Ok(Metered::New(Reading {
            note: (!notes.is_empty()).then(|| notes.join("; ")),
            took_ms: u64::try_from(asked.elapsed().as_millis()).unwrap_or(u64::MAX),
            ..reading
        }))
    }
}

/// Sample times, in Unix seconds by the API's clock.
#[derive(Clone, Copy, Debug)]
struct Times {
    oldest: f64,
    newest: f64,
    now: f64,
}

impl Times {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most a few minutes, not negative")]
    fn age_ms(&self) -> u64 {
        ((self.now - self.newest).max(0.0) * 1000.0) as u64
    }

    #[expect(clippy::cast_possible_truncation, reason = "Unix milliseconds")]
    fn at_ms(&self) -> i64 {
        (self.now * 1000.0).round() as i64
    }
}

/// `None` if the query finds no samples.
async fn times(api: &Api, query: &str) -> Result<Option<Times>, String> {
    let edge = |name: &str| format!("label_replace({name}({query}), \"edge\", \"{name}\", \"\", \"\")");
    let both = format!("{} or {}", edge("min"), edge("max"));
    let Outcome::Vector(series) = api.query(&both, None).await.map_err(|error| error.to_string())?.data else {
        return Ok(None);
    };
    let of = |name: &str| {
        let found = series.iter().find(|one| one.metric.get("edge").is_some_and(|edge| edge == name))?;
        found.value.as_ref().map(|value| (value.number(), value.0))
    };
    Ok(of("min").zip(of("max")).map(|((oldest, now), (newest, _))| Times { oldest, newest, now }))
}

/// Assigns series to groups; drops missing and impossible values.
fn counted(series: Vec<Series>, mut group: impl FnMut(&BTreeMap<String, String>) -> Option<usize>) -> Vec<Counted> {
    let one = |Series { metric, value }| {
        let value = value?.number();
        let group = group(&metric)?;
        (value.is_finite() && value >= 0.0).then_some(Counted { labels: metric, value, group })
    };
    series.into_iter().filter_map(one).collect()
}

fn requests(fleet: &mut Fleet, series: Vec<Series>, labels: &[String], errors: &StatusSet) -> Result<Reading, String> {
    let any = !series.is_empty();
    let counted = counted(series, |metric| group(metric, labels, errors));
    if any && counted.is_empty() {
        return Err(format!(
            "no series has an HTTP status in a label {}: see checks.error-rate.status_label",
            labels.join(", ")
        ));
    }
    let mut instances: BTreeMap<String, TickCounts> = BTreeMap::new();
    fleet.enter(counted, |one, added| {
        let Some(instance) = one.labels.get("instance") else { return };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "requests of one tick, not negative"
        )]
        let added = added.round() as u64;
        let errors = if one.group == 1 { added } else { 0 };
        let known = instances.entry(instance.clone()).or_default();
        *known = known.plus(TickCounts { requests: added, errors });
    })?;
    let (good, failed) = (fleet.sum(0), fleet.sum(1));
    Ok(Reading {
        total: good + failed,
        errors: failed,
        attribution: attribution(instances).map(Box::new),
        ..Reading::default()
    })
}

/// 1 if failed, else 0; `None` without a status label. Beside HTTP's, gRPC's counts, whose failures answer 200.
fn group(metric: &BTreeMap<String, String>, labels: &[String], errors: &StatusSet) -> Option<usize> {
    let judged = labels.iter().filter_map(|label| {
        let is_grpc = label.split('_').any(|word| matches!(word, "grpc" | "rpc"));
        let kind = if is_grpc { StatusKind::Grpc } else { StatusKind::Http };
        let status = errors.judge(metric.get(label)?.as_bytes(), kind);
        status.is_understood().then_some((is_grpc, status == Status::Failed))
    });
    let judged: Vec<_> = judged.collect();
    let (_, failed) = judged.first()?;
    Some(usize::from(*failed || judged.iter().any(|(is_grpc, failed)| *is_grpc && *failed)))
}

/// The instances that have errors.
fn attribution(instances: BTreeMap<String, TickCounts>) -> Option<Attribution> {
    let all = instances.values().fold(TickCounts::default(), |sum, counts| sum.plus(*counts));
    let label_count = |(value, counts)| LabelCounts { label: "instance".into(), value, counts };
    let mut label_counts: Vec<_> =
        instances.into_iter().filter(|(_, counts)| counts.errors > 0).map(label_count).collect();
    LabelCounts::sort_by_errors(&mut label_counts);
    (all.errors > 0).then_some(Attribution { all, label_counts, untracked: 0 })
}

fn buckets(fleet: &mut Fleet, series: Vec<Series>, bounds: &mut Vec<f64>, scale: f64) -> Result<Reading, String> {
    let any = !series.is_empty();
    let mut targets: Vec<usize> = Vec::new();
    let counted = counted(series, |metric| {
        let bound: f64 = metric.get("le")?.parse().ok()?;
        let at = bounds.iter().position(|known| known.total_cmp(&bound).is_eq()).unwrap_or_else(|| {
            bounds.push(bound);
            bounds.len() - 1
        });
        targets.resize(bounds.len(), 0);
        targets[at] += 1;
        Some(at)
    });
    if any && counted.is_empty() {
        return Err("no series has a label `le`: the selector is to name the buckets of a classic histogram".to_owned());
    }
    targets.resize(bounds.len(), 0);
    fleet.enter(counted, |_, _| {})?;
    let latency = if any {
        let all = bounds.iter().position(|bound| *bound == f64::INFINITY);
        let all = all.ok_or("no bucket `le=\"+Inf\"`: the histogram is incomplete")?;
        // A bound that only some instances have would make the others look slow.
        let shared = |at: &usize| *at != all && targets[*at] == targets[all];
        let mut kept: Vec<usize> = (0..bounds.len()).filter(shared).collect();
        kept.sort_unstable_by(|a, b| bounds[*a].total_cmp(&bounds[*b]));
        let counts = kept.iter().chain([&all]).map(|at| fleet.sum(*at)).collect();
        Latency::Buckets(Buckets { bounds_ms: kept.iter().map(|at| bounds[*at] * scale).collect(), counts })
    } else {
        Latency::Unknown("no series yet".to_owned())
    };
    Ok(Reading { latency: Some(latency), ..Reading::default() })
}

fn name_of(selector: &str) -> String {
    let named = selector.split_once("__name__").and_then(|(_, rest)| rest.split(['"', '\'']).nth(1));
    let name = named.unwrap_or_else(|| selector.trim().split('{').next().unwrap_or_default());
    name.trim().trim_end_matches("_bucket").to_owned()
}

#[cfg(test)]
mod tests;
