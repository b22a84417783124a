//! A check of a rate, such as that of errors: deltas of every instance's counters, summed and judged.

mod outage;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use self::outage::Outage;
use super::check::{kept, named};
use super::judge::{Judge, OldColor};
use super::roster::Changes;
use super::settings::ErrorRateSettings;
use super::{Observation, Sample, Verdict};
use crate::detect::{ClosingVerdict, Counters, Ending, Miss, Outlook, TickCounts, percent_exact, span};

/// So many missing ticks in a row, and so long, before the check is called blind.
const BLIND_TICKS: u32 = 3;
const BLIND_MS: u64 = 3_000;

/// What is known of one instance's counters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Instance {
    counters: Option<Counters>,
    /// Misses since the window began.
    errors: u64,
    /// Whether it was sampled at all, well or not.
    tried: bool,
    /// Whether it is there no more, and when it came, if that was after the beginning.
    gone: bool,
    joined_at: Option<u64>,
    /// What came since the last tick, and when the last good page came.
    news: News,
    good_at: Option<u64>,
    /// Why the last scrape failed; what the last good page should be known for.
    why: Option<String>,
    note: Option<String>,
}

/// What an instance said since the last tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum News {
    /// Nothing, or nothing good.
    #[default]
    None,
    /// That there is nothing new.
    Same,
    /// A good page.
    Page,
}

/// A check of the share of requests that count against the release, over all instances of the watched color.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RateCheck {
    name: String,
    miss: Miss,
    settings: ErrorRateSettings,
    window_ms: u64,
    interval_ms: u64,
    names: Vec<String>,
    instances: Vec<Instance>,
    judge: Judge,
    old: Option<OldColor>,
    started_at: u64,
    pending: TickCounts,
    missing_ticks: u32,
    sighted_at: u64,
    last_tick_at: u64,
    last_counts: Option<(u64, Option<TickCounts>)>,
    outage: Outage,
}

impl RateCheck {
    /// A check over these instances, none of which was read yet.
    pub fn new(name: &str, settings: ErrorRateSettings, window_ms: u64, interval_ms: u64, names: Vec<String>) -> Self {
        Self {
            name: name.to_owned(),
            miss: Miss::Failed,
            judge: Judge::new(&settings, window_ms, interval_ms, None),
            old: None,
            instances: vec![Instance::default(); names.len()],
            settings,
            window_ms,
            interval_ms,
            names,
            started_at: 0,
            pending: TickCounts::default(),
            missing_ticks: 0,
            sighted_at: 0,
            last_tick_at: 0,
            last_counts: None,
            outage: Outage::default(),
        }
    }

    /// From now on its sentences speak of this.
    pub const fn speak_of(&mut self, miss: Miss) {
        self.miss = miss;
        self.judge.speak_of(miss);
    }

    /// What the old color was like; counts from the next restart on.
    pub const fn compare_with(&mut self, old: OldColor) {
        self.old = Some(old);
    }

    /// What the old color was like, where it was looked at.
    pub const fn old(&self) -> Option<OldColor> {
        self.old
    }

    /// Begins to look: nothing before counts as blindness.
    pub const fn begin(&mut self, at_ms: u64) {
        self.sighted_at = at_ms;
        self.missing_ticks = 0;
    }

    /// Judges from here on, with the counters as they are now for a baseline.
    pub fn restart(&mut self, at_ms: u64) {
        self.judge = Judge::new(&self.settings, self.window_ms, self.interval_ms, self.old);
        self.judge.speak_of(self.miss);
        self.started_at = at_ms;
        self.last_tick_at = at_ms;
        self.last_counts = None;
        self.pending = TickCounts::default();
        self.outage.end();
        for known in &mut self.instances {
            known.errors = 0;
        }
    }

    /// The instances, each with its misses since the window began.
    pub fn misses(&self) -> Vec<(&str, u64)> {
        self.names.iter().map(String::as_str).zip(self.instances.iter().map(|known| known.errors)).collect()
    }

    /// Another process goes on with the run: the ticks that nobody took are missing, and the counters go on over the gap.
    /// The instances are these now; what is known of those that stay is kept.
    pub fn resume(&mut self, at_ms: u64, names: Vec<String>) {
        let missed = at_ms.saturating_sub(self.last_tick_at) / self.interval_ms.max(1);
        self.judge.skip(missed);
        self.instances = kept(&self.names, &self.instances, &names);
        self.names = names;
        for known in &mut self.instances {
            known.news = News::None;
            known.counters.iter_mut().for_each(Counters::resume);
        }
    }

    /// Instances came and went. One that is back may be another process: what was known of it is forgotten.
    pub fn come_and_go(&mut self, at_ms: u64, names: &[String], changes: &Changes) {
        self.names = names.to_vec();
        self.instances.resize(names.len(), Instance::default());
        for place in &changes.joined {
            let known = &mut self.instances[*place];
            *known = Instance { errors: known.errors, joined_at: Some(at_ms), ..Instance::default() };
        }
        for place in &changes.left {
            (self.instances[*place].gone, self.instances[*place].news) = (true, News::None);
        }
    }

    /// Those that are there, with their names.
    fn present(&self) -> impl Iterator<Item = (&String, &Instance)> {
        self.names.iter().zip(&self.instances).filter(|(_, known)| !known.gone)
    }

    /// Takes one scrape. `run_started_wall` is when the run began, Unix milliseconds: a process that started later
    /// counts from zero. An instance that is not in the settings is ignored.
    pub fn sampled(&mut self, at_ms: u64, run_started_wall: i64, instance: usize, sample: &Sample) {
        let Some(known) = self.instances.get_mut(instance).filter(|known| !known.gone) else { return };
        known.tried = true;
        match sample {
            Sample::Good(reading) => {
                let counters = known.counters.get_or_insert_with(|| Counters::new(run_started_wall));
                let delta = counters.read(reading);
                known.errors = known.errors.saturating_add(delta.errors);
                self.pending = self.pending.plus(TickCounts { requests: delta.requests, errors: delta.errors });
                known.news = News::Page;
                known.good_at = Some(at_ms);
                known.why = None;
                known.note.clone_from(&reading.note);
            }
            Sample::Failed(why) => known.why = Some(why.clone()),
        }
    }

    /// The source was asked and has nothing newer. Nothing is wrong, and there is nothing to judge at the next tick.
    pub fn nothing_new(&mut self, at_ms: u64) {
        (self.missing_ticks, self.sighted_at) = (0, at_ms);
        for known in &mut self.instances {
            known.news = known.news.max(News::Same);
            (known.tried, known.good_at, known.why) = (true, Some(at_ms), None);
        }
    }

    /// Whether every instance was sampled at least once, well or not.
    pub fn all_tried(&self) -> bool {
        self.instances.iter().all(|known| known.tried || known.gone)
    }

    /// Closes one tick. It is missing when an instance that is known gave no good page since the last one; an instance
    /// that was silent for `patience_ms` no longer keeps the others from being judged.
    pub fn tick(&mut self, at_ms: u64, skipped: u32, patience_ms: u64) {
        let since_start = at_ms.saturating_sub(self.started_at);
        let news = self.instances.iter().map(|known| known.news).max().unwrap_or_default();
        if news == News::Same {
            self.last_counts = Some((since_start, None));
            self.instances.iter_mut().for_each(|known| known.news = News::None);
            return;
        }
        self.judge.skip(u64::from(skipped));
        let complete = news == News::Page
            && self.instances.iter().all(|known| {
                let silent_since = known.good_at.unwrap_or(self.started_at).max(self.started_at);
                // Until its first page one that joined has counted nothing that could be missed.
                let is_new = known.joined_at.is_some() && known.good_at.is_none();
                let waited_for = !known.gone && !is_new && at_ms.saturating_sub(silent_since) <= patience_ms;
                known.news == News::Page || !waited_for
            });
        let counts = complete.then(|| std::mem::take(&mut self.pending));
        self.judge.tick(since_start, counts);
        self.last_counts = Some((since_start, counts));
        if let Some(counts) = counts {
            self.missing_ticks = 0;
            self.sighted_at = at_ms;
            self.outage.see(self.last_tick_at, at_ms, counts, self.settings.min_requests, self.miss);
        } else {
            self.missing_ticks = self.missing_ticks.saturating_add(1);
        }
        for known in &mut self.instances {
            known.news = News::None;
        }
        self.last_tick_at = at_ms;
    }

    /// The sentence of a breach. During the warmup only crash loops and outages are one.
    pub fn breach(&self, warmup: bool) -> Option<String> {
        self.crash_loop().or_else(|| if warmup { self.outage.reason().cloned() } else { self.judge.breach() })
    }

    /// The last tick: its time since the window's start, and what was counted at it; `None` there for a missing one.
    pub const fn last_tick(&self) -> Option<(u64, Option<TickCounts>)> {
        self.last_counts
    }

    /// The sentence of a crash loop, if one of the instances is in one.
    pub fn crash_loop(&self) -> Option<String> {
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
        let failing = |(name, known): (&String, &Instance)| Some(named(name, known.why.as_deref()?));
        self.present().find_map(failing)
    }

    /// What keeps the check from knowing, whatever the counts say.
    fn unknowable(&self, at_ms: u64, patience_ms: u64) -> Option<String> {
        let mixed = |known: &Instance| known.counters.as_ref().is_some_and(Counters::mixed);
        let several = self.present().find(|(_, known)| mixed(known));
        if let Some((name, _)) = several {
            return Some(format!(
                "several processes answer behind {name}: their counters cannot be told apart; give each its own URL"
            ));
        }
        let heard = |known: &Instance| known.good_at.or(known.joined_at);
        let silent = |known: &Instance| heard(known).is_none_or(|at| at_ms.saturating_sub(at) > patience_ms);
        let (name, known) = self.present().find(|(_, known)| silent(known))?;
        let why = known.why.as_deref().unwrap_or("no answer yet");
        Some(match known.good_at {
            Some(good_at) => format!("no metrics of {name} for {}: {why}", span(at_ms.saturating_sub(good_at))),
            None => format!("no metrics of {name} so far: {why}"),
        })
    }

    /// What a good page should be known for, of the first instance that has something.
    fn note(&self) -> Option<String> {
        let noted = |(name, known): (&String, &Instance)| Some(format!("{name}: {}", known.note.as_deref()?));
        self.present().find_map(noted)
    }

    /// The judgement if the window ended now and the soak already ran on for `overtime` ticks; none while trouble is too
    /// young to be told from a blip, and one more tick is wanted.
    pub fn close(&self, at_ms: u64, patience_ms: u64, overtime: u64) -> Option<(Verdict, String)> {
        if let Some(reason) = self.crash_loop() {
            return Some((Verdict::Breached, reason));
        }
        let Ending::Closed(closing) = self.judge.close(self.since_start(at_ms), overtime) else { return None };
        if closing.verdict == ClosingVerdict::Breached {
            return Some((Verdict::Breached, closing.reason));
        }
        if let Some(why) = self.unknowable(at_ms, patience_ms) {
            return Some((Verdict::Unknown, why));
        }
        if let Some(why) = self.judge.silence(self.since_start(at_ms)) {
            return Some((Verdict::Unknown, why));
        }
        Some(match closing.verdict {
            ClosingVerdict::Healthy => (Verdict::Healthy, closing.reason),
            _ => (Verdict::Unknown, self.noted(closing.reason)),
        })
    }

    /// The reason for not knowing, with what the pages say about themselves.
    fn noted(&self, reason: String) -> String {
        match self.note() {
            Some(note) => format!("{reason} ({note})"),
            None => reason,
        }
    }

    fn since_start(&self, at_ms: u64) -> u64 {
        at_ms.saturating_sub(self.started_at)
    }

    /// What the counts say while the window is open.
    fn so_far(&self, at_ms: u64, patience_ms: u64) -> (Verdict, String) {
        let since_start = self.since_start(at_ms);
        if let Some(why) = self.unknowable(at_ms, patience_ms) {
            (Verdict::Unknown, why)
        } else if let Some(why) = self.judge.silence(since_start) {
            (Verdict::Unknown, why)
        } else if self.judge.healthy_at(since_start) {
            (Verdict::Healthy, self.judge.explain())
        } else {
            (Verdict::Unknown, self.noted(self.judge.explain()))
        }
    }

    /// The sentence of a release that is worse than its predecessor, where that is only told.
    pub fn warning(&self) -> Option<String> {
        self.judge.warning()
    }

    /// What comes next if nothing changes, where the method looks ahead.
    pub fn outlook(&self, at_ms: u64) -> Option<Outlook> {
        self.judge.outlook(self.since_start(at_ms))
    }

    /// What the check says now.
    pub fn observe(&self, at_ms: u64, patience_ms: u64, warmup: bool) -> Observation {
        let seen = self.judge.seen();
        let (verdict, message) = match self.breach(warmup) {
            Some(reason) => (Verdict::Breached, reason),
            None if warmup => (Verdict::Unknown, "warming up: only outages and crash loops are judged".to_owned()),
            None => self.so_far(at_ms, patience_ms),
        };
        Observation {
            check: self.name.clone(),
            required: self.settings.required,
            verdict,
            value: self.judge.recent().rate(),
            threshold: self.settings.threshold.0,
            requests: seen.requests,
            errors: seen.errors,
            evidence: self.judge.evidence(),
            message,
        }
    }

    /// `12 of 340 requests failed (3.5 %), allowed are 5 %`.
    pub fn totals(&self) -> String {
        format!("{}, allowed are {}", self.miss.of(self.judge.seen()), percent_exact(self.settings.threshold.0))
    }

    /// Evidence that the threshold is exceeded, in nats, where the method weighs it.
    pub fn evidence(&self) -> Option<f64> {
        self.judge.evidence()
    }

    /// Requests and errors of the last 10 s.
    pub fn recent(&self) -> TickCounts {
        self.judge.recent()
    }

    /// Requests and errors since the window began.
    pub fn seen(&self) -> TickCounts {
        self.judge.seen()
    }
}
