//! The error-rate check: deltas of every instance's counters, summed and judged.

use serde::{Deserialize, Serialize};

use super::check::ERROR_RATE;
use super::settings::ErrorRateSettings;
use super::{Observation, Sample, Verdict};
use crate::detect::{
    Closing, ClosingVerdict, Counters, TickCounts, WindowConfig, WindowDetector, failed, percent_exact, span,
};

/// During the warmup only an outage is judged: every request failing for this long.
const OUTAGE_MS: u64 = 3_000;
/// So many missing ticks in a row, and so long, before the check is called blind.
const BLIND_TICKS: u32 = 3;
const BLIND_MS: u64 = 3_000;
/// No outage on fewer failed requests.
const OUTAGE_ERRORS: u64 = 3;

/// What is known of one instance's counters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Instance {
    counters: Option<Counters>,
    /// Whether it was sampled at all, well or not.
    tried: bool,
    /// Whether a good page came since the last tick, and when the last one came.
    fresh: bool,
    good_at: Option<u64>,
    /// Why the last scrape failed; what the last good page should be known for.
    why: Option<String>,
    note: Option<String>,
}

/// A run of ticks in which every request failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Outage {
    since: Option<u64>,
    counts: TickCounts,
}

/// The error-rate check over all instances of the watched color.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErrorRateCheck {
    settings: ErrorRateSettings,
    window_ms: u64,
    names: Vec<String>,
    instances: Vec<Instance>,
    detector: WindowDetector,
    started_at: u64,
    pending: TickCounts,
    missing_ticks: u32,
    sighted_at: u64,
    last_tick_at: u64,
    outage: Outage,
    outage_reason: Option<String>,
}

impl ErrorRateCheck {
    /// A check over these instances, none of which was read yet.
    pub fn new(settings: ErrorRateSettings, window_ms: u64, names: Vec<String>) -> Self {
        let fresh = Instance { counters: None, tried: false, fresh: false, good_at: None, why: None, note: None };
        Self {
            detector: detector(&settings, window_ms),
            instances: vec![fresh; names.len()],
            settings,
            window_ms,
            names,
            started_at: 0,
            pending: TickCounts::default(),
            missing_ticks: 0,
            sighted_at: 0,
            last_tick_at: 0,
            outage: Outage::default(),
            outage_reason: None,
        }
    }

    /// Judges from here on, with the counters as they are now for a baseline.
    pub fn restart(&mut self, at_ms: u64) {
        self.detector = detector(&self.settings, self.window_ms);
        self.started_at = at_ms;
        self.sighted_at = at_ms;
        self.last_tick_at = at_ms;
        self.missing_ticks = 0;
        self.pending = TickCounts::default();
        self.outage = Outage::default();
    }

    /// Takes one scrape. `run_started_wall` is when the run began, Unix milliseconds: a process that started later
    /// counts from zero. An instance that is not in the settings is ignored.
    pub fn sampled(&mut self, at_ms: u64, run_started_wall: i64, instance: usize, sample: &Sample) {
        let Some(known) = self.instances.get_mut(instance) else { return };
        known.tried = true;
        match sample {
            Sample::Good(reading) => {
                let counters = known.counters.get_or_insert_with(|| Counters::new(run_started_wall));
                let delta = counters.read(reading);
                self.pending = self.pending.plus(TickCounts { requests: delta.requests, errors: delta.errors });
                known.fresh = true;
                known.good_at = Some(at_ms);
                known.why = None;
                known.note.clone_from(&reading.note);
            }
            Sample::Failed(why) => known.why = Some(why.clone()),
        }
    }

    /// Whether every instance was sampled at least once, well or not.
    pub fn all_tried(&self) -> bool {
        self.instances.iter().all(|known| known.tried)
    }

    /// Closes one tick. It is missing when an instance that is known gave no good page since the last one; an instance
    /// that was silent for `patience_ms` no longer keeps the others from being judged.
    pub fn tick(&mut self, at_ms: u64, skipped: u32, patience_ms: u64) {
        let since_start = at_ms.saturating_sub(self.started_at);
        self.detector.skip(u64::from(skipped));
        let complete = self.instances.iter().any(|known| known.fresh)
            && self.instances.iter().all(|known| {
                let silent_since = known.good_at.unwrap_or(self.started_at).max(self.started_at);
                known.fresh || at_ms.saturating_sub(silent_since) > patience_ms
            });
        if complete {
            let counts = std::mem::take(&mut self.pending);
            self.detector.tick(since_start, Some(counts));
            self.missing_ticks = 0;
            self.sighted_at = at_ms;
            self.see_outage(at_ms, counts);
        } else {
            self.detector.tick(since_start, None);
            self.missing_ticks = self.missing_ticks.saturating_add(1);
        }
        for known in &mut self.instances {
            known.fresh = false;
        }
        self.last_tick_at = at_ms;
    }

    fn see_outage(&mut self, at_ms: u64, counts: TickCounts) {
        if counts.requests == 0 {
            return;
        }
        if counts.errors < counts.requests {
            self.outage = Outage::default();
            return;
        }
        // The first tick of the run covers the time since the one before it.
        let since = *self.outage.since.get_or_insert(self.last_tick_at);
        self.outage.counts = self.outage.counts.plus(counts);
        let enough = self.outage.counts.requests >= self.settings.min_requests.max(OUTAGE_ERRORS);
        let lasted = at_ms.saturating_sub(since);
        if enough && lasted >= OUTAGE_MS && self.outage_reason.is_none() {
            self.outage_reason = Some(format!("{} for {}: an outage", failed(self.outage.counts), span(lasted)));
        }
    }

    /// The sentence of a breach. During the warmup only crash loops and outages are one.
    pub fn breach(&self, warmup: bool) -> Option<String> {
        self.crash_loop()
            .or_else(|| if warmup { self.outage_reason.clone() } else { self.detector.breach().map(str::to_owned) })
    }

    fn crash_loop(&self) -> Option<String> {
        self.names.iter().zip(&self.instances).find_map(|(name, known)| {
            let counters = known.counters.as_ref()?;
            counters.is_crash_loop().then(|| {
                format!("crash loop: the counters of {name} started anew {} times in this soak", counters.resets())
            })
        })
    }

    /// Since when nothing can be read, and why; set after three missing ticks in a row and 3 s.
    pub fn blind(&self, at_ms: u64) -> Option<(u64, String)> {
        let lasted = at_ms.saturating_sub(self.sighted_at);
        (self.missing_ticks >= BLIND_TICKS && lasted >= BLIND_MS)
            .then(|| (lasted, self.why().unwrap_or_else(|| "no page came".to_owned())))
    }

    /// The first scrape that failed, by instance.
    fn why(&self) -> Option<String> {
        let failing = |(name, known): (&String, &Instance)| Some(format!("{name}: {}", known.why.as_deref()?));
        self.names.iter().zip(&self.instances).find_map(failing)
    }

    /// What keeps the check from knowing, whatever the counts say.
    fn unknowable(&self, at_ms: u64, patience_ms: u64) -> Option<String> {
        let mixed = |known: &Instance| known.counters.as_ref().is_some_and(Counters::mixed);
        let several = self.names.iter().zip(&self.instances).find(|(_, known)| mixed(known));
        if let Some((name, _)) = several {
            return Some(format!(
                "several processes answer behind {name}: their counters cannot be told apart; give each its own URL"
            ));
        }
        let silent = |known: &Instance| known.good_at.is_none_or(|at| at_ms.saturating_sub(at) > patience_ms);
        let (name, known) = self.names.iter().zip(&self.instances).find(|(_, known)| silent(known))?;
        let why = known.why.as_deref().unwrap_or("no answer yet");
        Some(match known.good_at {
            Some(good_at) => format!("no metrics of {name} for {}: {why}", span(at_ms.saturating_sub(good_at))),
            None => format!("no metrics of {name} so far: {why}"),
        })
    }

    /// What a good page should be known for, of the first instance that has something.
    fn note(&self) -> Option<String> {
        let noted = |(name, known): (&String, &Instance)| Some(format!("{name}: {}", known.note.as_deref()?));
        self.names.iter().zip(&self.instances).find_map(noted)
    }

    /// The judgement if the window ended now.
    pub fn close(&self, at_ms: u64, patience_ms: u64) -> (Verdict, String) {
        if let Some(reason) = self.crash_loop() {
            return (Verdict::Breached, reason);
        }
        let Closing { verdict, reason } = self.detector.close(at_ms.saturating_sub(self.started_at));
        let verdict = match verdict {
            ClosingVerdict::Breached => return (Verdict::Breached, reason),
            ClosingVerdict::Healthy => Verdict::Healthy,
            ClosingVerdict::InsufficientData | ClosingVerdict::Inconclusive => Verdict::Unknown,
        };
        if let Some(why) = self.unknowable(at_ms, patience_ms) {
            return (Verdict::Unknown, why);
        }
        match (verdict, self.note()) {
            (Verdict::Unknown, Some(note)) => (verdict, format!("{reason} ({note})")),
            _ => (verdict, reason),
        }
    }

    /// What the check says now.
    pub fn observe(&self, at_ms: u64, patience_ms: u64, warmup: bool) -> Observation {
        let seen = self.detector.seen();
        let (verdict, message) = match self.breach(warmup) {
            Some(reason) => (Verdict::Breached, reason),
            None if warmup => (Verdict::Unknown, "warming up: only outages and crash loops are judged".to_owned()),
            None => self.close(at_ms, patience_ms),
        };
        Observation {
            check: ERROR_RATE.to_owned(),
            required: self.settings.required,
            verdict,
            value: self.detector.rate_10s(),
            threshold: self.settings.threshold.0,
            requests: seen.requests,
            errors: seen.errors,
            evidence: None,
            message,
        }
    }

    /// `12 of 340 requests failed (3.5 %), allowed are 5 %`.
    pub fn totals(&self) -> String {
        format!("{}, allowed are {}", failed(self.detector.seen()), percent_exact(self.settings.threshold.0))
    }

    /// Requests and errors of the last 10 s.
    pub fn recent(&self) -> TickCounts {
        self.detector.recent().counts()
    }

    /// Requests and errors since the window began.
    pub fn seen(&self) -> TickCounts {
        self.detector.seen()
    }
}

fn detector(settings: &ErrorRateSettings, window_ms: u64) -> WindowDetector {
    WindowDetector::new(WindowConfig {
        threshold: settings.threshold.0,
        min_requests: settings.min_requests,
        window_ms,
    })
}
