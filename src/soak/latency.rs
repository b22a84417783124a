//! The latency check: a request that took longer than the threshold is a miss, and of those no more than `1 - quantile` are
//! allowed.

mod last;

use std::collections::VecDeque;

use self::last::LastBuckets;
use super::check::{LATENCY, kept};
use super::rate::RateCheck;
use super::roster::Changes;
use super::settings::{ErrorRateSettings, LatencySettings};
use super::{Observation, Sample, Verdict};
use crate::config::{Baseline, Ratio};
use crate::detect::{Buckets, Latency, Miss, RECENT_MS, Reading, TickCounts, millis};

/// What is known of one instance's histogram.
#[derive(Clone, Debug, Default, PartialEq)]
struct Instance {
    /// Whether it ever had a histogram, and what that said last.
    known: bool,
    last: LastBuckets,
    /// The bound that its requests are judged by.
    bound_ms: Option<f64>,
}

/// The latency check over all instances of the watched color.
#[derive(Clone, Debug, PartialEq)]
pub struct LatencyCheck {
    settings: LatencySettings,
    rate: RateCheck,
    names: Vec<String>,
    instances: Vec<Instance>,
    /// What came since the last tick, and at the ticks of the last [`RECENT_MS`].
    pending: Buckets,
    recent: VecDeque<(u64, Buckets)>,
}

impl LatencyCheck {
    /// A check over these instances, none of which was read yet. Method, bound on false alarms and least number of requests
    /// are those of the error rate.
    pub fn new(
        settings: LatencySettings,
        error_rate: &ErrorRateSettings,
        window_ms: u64,
        interval_ms: u64,
        names: Vec<String>,
    ) -> Self {
        let allowed = ErrorRateSettings {
            threshold: Ratio(1.0 - settings.quantile.0),
            baseline: Baseline::Off,
            required: settings.required,
            ..error_rate.clone()
        };
        let mut rate = RateCheck::new(LATENCY, allowed, window_ms, interval_ms, names.clone());
        rate.speak_of(Miss::Slower { than_ms: settings.threshold_ms });
        Self {
            rate,
            settings,
            instances: vec![Instance::default(); names.len()],
            names,
            pending: Buckets::default(),
            recent: VecDeque::new(),
        }
    }

    /// Begins to look, with the counts as they are now for a baseline.
    pub fn begin(&mut self, at_ms: u64) {
        self.rate.begin(at_ms);
        self.restart(at_ms);
    }

    /// Judges from here on.
    pub fn restart(&mut self, at_ms: u64) {
        self.rate.restart(at_ms);
        self.pending = Buckets::default();
        self.recent.clear();
    }

    /// Another process goes on with the run, over these instances.
    pub fn resume(&mut self, at_ms: u64, names: &[String]) {
        self.rate.resume(at_ms, names.to_vec());
        self.instances = kept(&self.names, &self.instances, names);
        self.names = names.to_vec();
        // The pages' reader is a new one as well, and may have forgotten what had left them.
        for known in &mut self.instances {
            known.last = LastBuckets::default();
        }
    }

    /// Takes one scrape. `run_started_wall` is when the run began, Unix milliseconds.
    pub fn sampled(&mut self, at_ms: u64, run_started_wall: i64, instance: usize, sample: &Sample) {
        let Some(known) = self.instances.get_mut(instance) else { return };
        let judged = match sample {
            Sample::Failed(why) => Sample::Failed(why.clone()),
            Sample::Good(reading) => known.read(reading, &self.settings),
        };
        if let Some(than_ms) = self.bound() {
            self.rate.speak_of(Miss::Slower { than_ms });
        }
        let counted = self.rate.sampled(at_ms, run_started_wall, instance, &judged);
        if let (Sample::Good(reading), Some(known)) = (sample, self.instances.get_mut(instance))
            && let Some(Latency::Buckets(now)) = &reading.latency
            && let Some(since) = known.last.since(reading, now, counted.requests)
        {
            self.pending = self.pending.merged(&since);
        }
    }

    /// Instances came and went.
    pub fn come_and_go(&mut self, at_ms: u64, names: &[String], changes: &Changes) {
        self.rate.come_and_go(at_ms, names, changes);
        self.names = names.to_vec();
        self.instances.resize(names.len(), Instance::default());
        for place in &changes.joined {
            self.instances[*place] = Instance::default();
        }
        for place in &changes.left {
            // Its bound is no longer one to judge by.
            self.instances[*place].bound_ms = None;
        }
    }

    /// The source was asked and has nothing newer.
    pub fn nothing_new(&mut self, at_ms: u64) {
        self.rate.nothing_new(at_ms);
    }

    /// How long a request may take, in milliseconds.
    pub const fn threshold_ms(&self) -> f64 {
        self.settings.threshold_ms
    }

    /// The bound that requests are judged by, once an instance has one; the lowest, where they differ.
    fn bound(&self) -> Option<f64> {
        self.instances.iter().filter_map(|known| known.bound_ms).min_by(f64::total_cmp)
    }

    /// Closes one tick.
    pub fn tick(&mut self, at_ms: u64, skipped: u32, patience_ms: u64) {
        self.rate.tick(at_ms, skipped, patience_ms);
        self.recent.push_back((at_ms, std::mem::take(&mut self.pending)));
        while self.recent.front().is_some_and(|(at, _)| at_ms.saturating_sub(*at) >= RECENT_MS) {
            self.recent.pop_front();
        }
    }

    /// The judgement if the window ended now; none while one more tick is wanted.
    pub fn close(&self, at_ms: u64, patience_ms: u64, overtime: u64) -> Option<(Verdict, String)> {
        let (verdict, message) = self.rate.close(at_ms, patience_ms, overtime)?;
        Some((verdict, self.with_quantile(message)))
    }

    /// What the check says now; value and threshold in seconds.
    pub fn observe(&self, at_ms: u64, patience_ms: u64, warmup: bool) -> Observation {
        let seen = self.rate.observe(at_ms, patience_ms, warmup);
        Observation {
            value: self.quantile().map(|ms| ms / 1000.0),
            threshold: self.settings.threshold_ms / 1000.0,
            message: self.with_quantile(seen.message.clone()),
            ..seen
        }
    }

    /// The quantile of the last 10 s, in milliseconds.
    fn quantile(&self) -> Option<f64> {
        let recent = self.recent.iter().fold(Buckets::default(), |sum, (_, buckets)| sum.merged(buckets));
        recent.quantile(self.settings.quantile.0)
    }

    fn with_quantile(&self, message: String) -> String {
        match self.quantile() {
            Some(now) => format!("{message}; {} now {}", self.settings.name(), millis(now)),
            None => message,
        }
    }

    /// Requests since the window began, and those of them that took too long.
    pub fn seen(&self) -> TickCounts {
        self.rate.seen()
    }

    /// What makes a request a miss.
    pub fn miss(&self) -> Miss {
        Miss::Slower { than_ms: self.bound().unwrap_or(self.settings.threshold_ms) }
    }

    /// The share of requests that may be misses.
    pub fn allowed(&self) -> f64 {
        1.0 - self.settings.quantile.0
    }

    /// `p99 at most 500 ms`, and the bound that is judged by where that is another.
    pub fn describe(&self) -> String {
        let LatencySettings { threshold_ms, .. } = self.settings;
        let allowed = format!("{} at most {}", self.settings.name(), millis(threshold_ms));
        match self.bound() {
            Some(bound) if bound < threshold_ms * (1.0 - 1e-9) => {
                format!("{allowed} (judged at {}, the next bucket bound below)", millis(bound))
            }
            _ => allowed,
        }
    }
}

/// A page as so many requests of which so many took longer than allowed; none where it cannot say.
pub fn misses(sample: &Sample, threshold_ms: f64) -> Option<Sample> {
    let Sample::Good(reading) = sample else { return None };
    let Some(Latency::Buckets(now)) = &reading.latency else { return None };
    let errors = now.slower_than(now.bound_within(threshold_ms)?);
    Some(Sample::Good(Reading { total: now.total(), errors, ..of_latency(reading) }))
}

/// Whose latencies they are, and when it said so.
fn of_latency(reading: &Reading) -> Reading {
    let Reading { started_ms, answered_ms, latency_process: process, .. } = *reading;
    Reading { started_ms, answered_ms, process, ..Reading::default() }
}

impl Instance {
    /// What a page says, as a number of requests of which so many were too slow.
    fn read(&mut self, reading: &Reading, settings: &LatencySettings) -> Sample {
        let judged = |total, errors, note| Sample::Good(Reading { total, errors, note, ..of_latency(reading) });
        let now = match &reading.latency {
            Some(Latency::Buckets(now)) => now,
            // A histogram without a request yet has no series: what it shows first was counted since.
            Some(Latency::Unknown(why)) if !self.known => return judged(0, 0, Some(why.clone())),
            Some(Latency::Unknown(why)) => return Sample::Failed(why.clone()),
            None => return Sample::Failed("the recording has no latencies".to_owned()),
        };
        let Some(bound_ms) = now.bound_within(settings.threshold_ms) else {
            let least = now.bounds_ms.first().map_or_else(|| "none".to_owned(), |bound| millis(*bound));
            let threshold = millis(settings.threshold_ms);
            return Sample::Failed(format!(
                "the histogram's smallest bucket bound is {least}: nothing can be told of {threshold}"
            ));
        };
        self.bound_ms = Some(bound_ms);
        self.known = true;
        judged(now.total(), now.slower_than(bound_ms), None)
    }
}

#[cfg(test)]
mod tests;
