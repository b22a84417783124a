//! The latency check: a request slower than the threshold is a bad event; no more than `1 - quantile` of them are allowed.
//!
//! | file | holds |
//! | --- | --- |
//! | `carried` | a process that is measured by another histogram from some page on |
//! | `last` | what the histograms of the processes behind one URL said last |
//! | `measuring` | by what latency is measured, or why it cannot be |
//! | `previous` | how slow the previous color was before the switch, and what that excuses |

mod carried;
mod last;
mod measuring;
mod previous;

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::Arc;

use self::carried::Carried;
use self::last::LastBuckets;
use self::previous::{Excused, Previous};
use super::check::{Check, Now, kept, named, sources};
use super::rate::RateCheck;
use super::roster::Changes;
use super::settings::{ErrorRateSettings, LatencySettings};
use super::{Metered, Observation, Sample};
use crate::config::{Baseline, Excuse, Ratio};
use crate::core::detect::{BadEvent, Buckets, Latency, RECENT_MS, Reading, TickCounts};
use crate::model::number::{latency, latency_exact};
use crate::model::{CheckId, Verdict};

#[derive(Clone, Debug, Default, PartialEq)]
struct Instance {
    /// Whether it ever had a histogram, and what that said last.
    known: bool,
    last: LastBuckets,
    carried: Carried,
    bound_ms: Option<f64>,
    /// Its histogram, and why that cannot be judged by, if so; or why it has none, if that will not change.
    histogram: Option<Arc<str>>,
    unfit: Option<String>,
    missing: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct LatencyCheck {
    settings: LatencySettings,
    rate: RateCheck,
    names: Vec<String>,
    instances: Vec<Instance>,
    /// What requests are judged by, once an instance has a bound; the lowest, where they differ.
    bound_ms: Option<f64>,
    /// Since the last tick, and at the ticks of the last [`RECENT_MS`].
    pending: Buckets,
    recent: VecDeque<(u64, Buckets)>,
    previous: Previous,
    excused: Option<Excused>,
    is_decided: bool,
    limits: (u64, Ratio),
}

impl LatencyCheck {
    /// Method, bound on false alarms and least number of requests are those of the error rate.
    pub fn new(
        settings: LatencySettings,
        error_rate: &ErrorRateSettings,
        window_ms: u64,
        interval_ms: u64,
        names: Vec<String>,
        previous: usize,
    ) -> Self {
        let allowed = ErrorRateSettings {
            threshold: Ratio(settings.allowed()),
            baseline: Baseline::Off,
            required: settings.required,
            metered: settings.metered.clone(),
            ..error_rate.clone()
        };
        let mut rate = RateCheck::new(CheckId::Latency, allowed, window_ms, interval_ms, names.clone());
        rate.speak_of(BadEvent::Slower { than_ms: settings.threshold_ms });
        Self {
            rate,
            is_decided: settings.excuse == Excuse::None,
            settings,
            limits: (error_rate.min_requests, error_rate.false_alarm),
            previous: Previous::new(previous),
            excused: None,
            instances: vec![Instance::default(); names.len()],
            names,
            bound_ms: None,
            pending: Buckets::default(),
            recent: VecDeque::new(),
        }
    }

    fn read(&mut self, now: &Now, instance: usize, sample: &Sample) {
        let Some(known) = self.instances.get_mut(instance) else { return };
        let before = known.bound_ms;
        let judged = match sample {
            Sample::Failed(why) => Sample::Failed(why.clone()),
            Sample::Good(reading) => known.read(reading, &self.settings),
        };
        if known.bound_ms != before {
            self.find_bound();
        }
        if let Some(than_ms) = self.bound_ms {
            self.rate.speak_of(BadEvent::Slower { than_ms });
            // What the previous color excuses depends on what the release is judged by.
            if self.is_decided && self.rate.seen().requests == 0 {
                self.weigh_excuse();
            }
        }
        let counted = self.rate.read(now, instance, &judged);
        if let (Sample::Good(reading), Some(known)) = (sample, self.instances.get_mut(instance))
            && let Some(Latency::Buckets(now)) = &reading.latency
            && let Some(since) = known.last.since(reading, now, counted.requests)
        {
            self.pending.merge(&since);
        }
    }

    pub fn previous_sampled(&mut self, instance: usize, sample: &Sample) {
        if !self.is_decided {
            self.previous.sampled(instance, sample);
        }
    }

    pub fn previous_resized(&mut self, instances: usize) {
        if self.settings.metered.is_none() {
            self.previous.resize(instances);
        }
    }

    pub fn begin_baseline(&mut self) {
        self.previous.begin_window();
    }

    pub const fn wants_previous(&self) -> bool {
        !self.is_decided
    }

    pub fn previous_tried(&self) -> bool {
        self.previous.all_tried()
    }

    pub fn decide_excuse(&mut self) {
        self.is_decided = true;
        self.weigh_excuse();
    }

    fn weigh_excuse(&mut self) {
        if self.settings.excuse == Excuse::None {
            return;
        }
        self.excused = self.previous.excuses(&self.settings, self.bound_ms, self.limits);
        self.rate.allow(Ratio(self.allowed()));
    }

    pub fn excuse(&self) -> Option<String> {
        self.excused.as_ref().map(Excused::describe)
    }

    /// Why the release cannot be judged by this check, however many requests it gets: its histogram does not allow it.
    pub fn unfit(&self) -> Option<String> {
        let unfit = |(name, known): (&String, &Instance)| Some(named(name, known.unfit.as_deref()?));
        self.names.iter().zip(&self.instances).find_map(unfit)
    }

    pub fn is_judged(&self) -> bool {
        self.bound_ms.is_some()
    }

    pub fn unjudged(&self) -> Option<String> {
        let none = || if self.is_judged() { None } else { self.rate.why() };
        self.unfit().or_else(|| self.missing()).or_else(none)
    }

    /// What is a bad event, on one page of the previous color; none where it cannot say.
    pub fn bad_events(&self, sample: &Sample) -> Option<Sample> {
        let Sample::Good(reading) = sample else { return None };
        let Some(Latency::Buckets(now)) = &reading.latency else { return None };
        let errors = now.slower_than(self.settings.bound_of(now)?);
        Some(Sample::Good(Reading { total: now.total(), errors, ..of_latency(reading) }))
    }

    /// After the bound of an instance has changed.
    fn find_bound(&mut self) {
        self.bound_ms = self.instances.iter().filter_map(|known| known.bound_ms).min_by(f64::total_cmp);
    }

    fn told(&self, verdict: Verdict, message: String) -> (Verdict, String) {
        if let Some(unfit) = self.unfit().filter(|_| verdict != Verdict::Breached) {
            return (Verdict::Unknown, unfit);
        }
        if verdict == Verdict::Breached && !self.is_decided {
            return (Verdict::Unknown, format!("{message}; what was slow before the switch is not known yet"));
        }
        let now = self.quantile().map(|now| format!("{} now {}", self.settings.name(), latency(now)));
        let parts = [Some(message), now, self.excuse()];
        (verdict, parts.into_iter().flatten().collect::<Vec<_>>().join("; "))
    }

    /// Of the last 10s, in milliseconds.
    fn quantile(&self) -> Option<f64> {
        let recent = Buckets::sum(self.recent.iter().map(|(_, buckets)| buckets));
        recent.quantile(self.settings.quantile.0)
    }

    pub fn seen(&self) -> TickCounts {
        self.rate.seen()
    }

    pub fn bad_event(&self) -> BadEvent {
        BadEvent::Slower { than_ms: self.bound_ms.unwrap_or(self.settings.threshold_ms) }
    }

    pub fn allowed(&self) -> f64 {
        self.excused.map_or_else(|| self.settings.allowed(), |excused| excused.limit)
    }

    /// What is judged by, once that is known: "p99 at most 500ms by `latency_seconds`".
    pub fn describe_source(&self) -> String {
        let histogram = self.instances.iter().find_map(|known| known.histogram.as_deref());
        let by = histogram.map(|name| format!(" by `{name}`")).unwrap_or_default();
        format!("{}{by}", self.describe())
    }
}

impl Check for LatencyCheck {
    fn id(&self) -> &CheckId {
        &CheckId::Latency
    }

    fn observe(&self, now: &Now) -> Observation {
        let seen = self.rate.observe(now);
        let (verdict, message) = self.told(seen.verdict, seen.message);
        let (value, threshold) = (self.quantile().map(|ms| ms / 1000.0), self.settings.threshold_ms / 1000.0);
        Observation { verdict, value, threshold, message, ..seen }
    }

    /// `p99 at most 500ms`, the bound that is judged by where that is another, and why more may be slow, where that is so.
    fn describe(&self) -> String {
        let LatencySettings { threshold_ms, .. } = self.settings;
        let mut text = format!("{} at most {}", self.settings.name(), latency_exact(threshold_ms));
        if let Some(bound) = self.bound_ms.filter(|bound| (bound / threshold_ms - 1.0).abs() > 1e-9) {
            let _ = write!(text, " (judged at {}, the nearest bucket bound)", latency_exact(bound));
        }
        if let Some(excuse) = self.excuse() {
            let _ = write!(text, " ({excuse})");
        }
        text
    }

    fn boxed(&self) -> Box<dyn Check> {
        Box::new(self.clone())
    }

    fn close(&self, now: &Now, overtime: u64) -> Option<(Verdict, String)> {
        let (verdict, message) = self.rate.close(now, overtime)?;
        Some(self.told(verdict, message))
    }

    fn retained(&self, message: &str) -> String {
        message.to_owned()
    }

    fn is_prepared(&self) -> bool {
        self.rate.all_tried()
    }

    fn begin(&mut self, now: &Now) {
        self.rate.begin(now);
        self.restart(now);
    }

    fn restart(&mut self, now: &Now) {
        self.rate.restart(now);
        self.pending = Buckets::default();
        self.recent.clear();
    }

    fn page(&mut self, now: &Now, instance: usize, sample: &Sample) {
        if self.settings.metered.is_none() {
            self.read(now, instance, sample);
        }
    }

    fn metered(&mut self, now: &Now, outcome: &Metered) {
        match outcome {
            Metered::New(reading) => self.read(now, 0, &Sample::Good(reading.clone())),
            Metered::Failed(why) => self.read(now, 0, &Sample::Failed(why.clone())),
            Metered::Same { .. } => self.rate.nothing_new(now),
        }
    }

    fn tick(&mut self, now: &Now, skipped: u32) {
        self.rate.tick(now, skipped);
        let at_ms = now.at_ms;
        self.recent.push_back((at_ms, std::mem::take(&mut self.pending)));
        while self.recent.front().is_some_and(|(at, _)| at_ms.saturating_sub(*at) >= RECENT_MS) {
            self.recent.pop_front();
        }
    }

    fn come_and_go(&mut self, now: &Now, instances: &[String], changes: &Changes) {
        if self.settings.metered.is_some() {
            return;
        }
        self.rate.come_and_go(now, instances, changes);
        self.names = instances.to_vec();
        self.instances.resize(instances.len(), Instance::default());
        for place in &changes.joined {
            self.instances[*place] = Instance::default();
        }
        for place in &changes.left {
            // Its bound is no longer one to judge by.
            let Instance { bound_ms, unfit, missing, histogram, .. } = &mut self.instances[*place];
            (*bound_ms, *unfit, *missing, *histogram) = (None, None, None, None);
        }
        self.find_bound();
    }

    fn resume(&mut self, now: &Now, instances: &[String]) {
        let names = sources(self.settings.metered.as_ref(), instances);
        self.rate.resume(now, instances);
        self.instances = kept(&self.names, &self.instances, &names);
        self.names = names;
        // The pages' reader is a new one as well, and may have forgotten what had left them.
        for known in &mut self.instances {
            known.last = LastBuckets::default();
        }
        self.find_bound();
    }
}

fn of_latency(reading: &Reading) -> Reading {
    let Reading { started_ms, answered_ms, latency_process: process, .. } = *reading;
    Reading { started_ms, answered_ms, process, ..Reading::default() }
}

impl Instance {
    /// What a page says, as a number of requests of which so many were too slow.
    fn read(&mut self, reading: &Reading, settings: &LatencySettings) -> Sample {
        self.missing = match &reading.latency {
            Some(Latency::Missing(why)) => Some(why.clone()),
            _ => None,
        };
        let judged = |total, errors, note| Sample::Good(Reading { total, errors, note, ..of_latency(reading) });
        let now = match &reading.latency {
            Some(Latency::Buckets(now)) => now,
            // A histogram without a request yet has no series: what it shows first was counted since.
            Some(Latency::Unknown(why) | Latency::Missing(why)) if !self.known => {
                return judged(0, 0, Some(why.clone()));
            }
            Some(Latency::Unknown(why) | Latency::Missing(why)) => return Sample::Failed(why.clone()),
            Some(Latency::Unfit(why)) => return self.refuse(why.clone()),
            None => return Sample::Failed("the recording has no latencies".to_owned()),
        };
        if self.histogram != reading.histogram {
            self.histogram.clone_from(&reading.histogram);
            self.last = LastBuckets::default();
        }
        let Some(bound_ms) = settings.bound_of(now) else {
            let name = self.histogram.as_ref().map_or_else(|| "the histogram".to_owned(), |name| format!("`{name}`"));
            return self.refuse(format!("{name} has {}", now.no_bound_near(settings.threshold_ms)));
        };
        (self.unfit, self.bound_ms) = (None, Some(bound_ms));
        self.known = true;
        let (total, slow) = self.carried.on(reading, (now.total(), now.slower_than(bound_ms)));
        judged(total, slow, None)
    }

    fn refuse(&mut self, why: String) -> Sample {
        (self.unfit, self.bound_ms) = (Some(why.clone()), None);
        Sample::Failed(why)
    }
}

#[cfg(test)]
mod tests;
