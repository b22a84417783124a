//! A check of a rate, such as that of errors: deltas of every instance's counters, summed and judged.
//!
//! | file | holds |
//! | --- | --- |
//! | `counting` | by what requests are counted, or why they cannot be |
//! | `ends` | the judgement in every case of who sent the requests |
//! | `instance` | what is known of one instance's counters |
//! | `outage` | during the warmup only an outage is judged |
//! | `verdict` | what a check of a rate says |

mod counting;
mod ends;
mod instance;
mod outage;
#[cfg(test)]
mod tests;
mod verdict;

pub use self::counting::{Told as CountingTold, left_out};
pub use self::instance::ADD_UP;

use serde::{Deserialize, Serialize};

use self::ends::Ends;
use self::instance::{Instance, News};
use self::outage::Outage;
use super::Sample;
use super::check::kept;
use super::judge::{Judge, OldColor};
use super::own::{Cases, Counts};
use super::roster::Changes;
use super::settings::ErrorRateSettings;
use crate::config::Ratio;
use crate::core::detect::{Miss, Processes, TickCounts};
use crate::model::CheckId;
use crate::model::number::percent_limit;

/// A check of the share of requests that count against the release, over all instances of the watched color.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RateCheck {
    id: CheckId,
    miss: Miss,
    settings: ErrorRateSettings,
    window_ms: u64,
    interval_ms: u64,
    names: Vec<String>,
    instances: Vec<Instance>,
    judge: Ends,
    /// Which of this program's own requests may be counted.
    #[serde(default)]
    cases: Cases,
    old: Option<OldColor>,
    started_at: u64,
    pending: Counts,
    missing_ticks: u32,
    sighted_at: u64,
    last_tick_at: u64,
    last_counts: Option<(u64, Option<TickCounts>)>,
    outage: Outage,
}

impl RateCheck {
    /// A check over these instances, none of which was read yet.
    pub fn new(id: CheckId, settings: ErrorRateSettings, window_ms: u64, interval_ms: u64, names: Vec<String>) -> Self {
        Self {
            id,
            miss: Miss::Failed,
            judge: Ends::new(Judge::new(&settings, window_ms, interval_ms, None)),
            cases: Cases::default(),
            old: None,
            instances: vec![Instance::default(); names.len()],
            settings,
            window_ms,
            interval_ms,
            names,
            started_at: 0,
            pending: Counts::default(),
            missing_ticks: 0,
            sighted_at: 0,
            last_tick_at: 0,
            last_counts: None,
            outage: Outage::default(),
        }
    }

    /// From now on its sentences speak of this.
    pub fn speak_of(&mut self, miss: Miss) {
        self.miss = miss;
        self.judge.speak_of(miss);
    }

    /// So large a share may be misses, from the next count on: nothing was counted yet, or what was no longer matters.
    pub fn allow(&mut self, threshold: Ratio) {
        if self.settings.threshold != threshold {
            self.settings.threshold = threshold;
            self.judge = self.new_judge();
        }
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
        self.judge = self.new_judge();
        self.started_at = at_ms;
        self.last_tick_at = at_ms;
        self.last_counts = None;
        self.pending = Counts::default();
        self.outage.end();
        self.instances.iter_mut().for_each(Instance::restart);
    }

    fn new_judge(&self) -> Ends {
        let mut judge = Judge::new(&self.settings, self.window_ms, self.interval_ms, self.old);
        judge.speak_of(self.miss);
        Ends::new(judge)
    }

    /// The instances, each with its requests and misses since the window began.
    pub fn by_instance(&self) -> Vec<(&str, TickCounts)> {
        self.names.iter().map(String::as_str).zip(self.instances.iter().map(|known| known.seen)).collect()
    }

    /// Another process goes on with the run: the ticks that nobody took are missing, and the counters go on over the gap.
    /// The instances are these now; what is known of those that stay is kept.
    pub fn resume(&mut self, at_ms: u64, names: Vec<String>) {
        let missed = at_ms.saturating_sub(self.last_tick_at) / self.interval_ms.max(1);
        self.judge.skip(missed);
        self.instances = kept(&self.names, &self.instances, &names);
        self.names = names;
        self.instances.iter_mut().for_each(Instance::resume);
    }

    /// Instances came and went. One that is back may be another process: what was known of it is forgotten.
    pub fn come_and_go(&mut self, at_ms: u64, names: &[String], changes: &Changes) {
        self.names = names.to_vec();
        self.instances.resize(names.len(), Instance::default());
        for place in &changes.joined {
            self.instances[*place].join(at_ms);
        }
        for place in &changes.left {
            self.instances[*place].leave();
        }
    }

    /// Those that are there, with their names.
    fn present(&self) -> impl Iterator<Item = (&String, &Instance)> {
        self.names.iter().zip(&self.instances).filter(|(_, known)| !known.gone)
    }

    /// Takes one scrape. `run_started_wall` is when the run began, Unix milliseconds: a process that started later
    /// counts from zero. An instance that is not in the settings is ignored. Says what was counted.
    pub fn sampled(&mut self, at_ms: u64, run_started_wall: i64, instance: usize, sample: &Sample) -> TickCounts {
        let Some(known) = self.instances.get_mut(instance).filter(|known| !known.gone) else {
            return TickCounts::default();
        };
        let was_mixed = known.processes() == Processes::Mixed;
        let counts = known.sampled(at_ms, run_started_wall, sample);
        if !was_mixed && known.processes() == Processes::Mixed {
            // What was counted so far was guessed from several counters.
            self.judge = self.new_judge();
            self.pending = Counts::default();
            self.outage.end();
        }
        if let Some(known) = self.instances.get(instance) {
            self.cases.learn(&known.share);
        }
        self.pending = self.pending.plus(counts);
        counts.all
    }

    /// The source was asked and has nothing newer. Nothing is wrong, and there is nothing to judge at the next tick.
    pub fn nothing_new(&mut self, at_ms: u64) {
        (self.missing_ticks, self.sighted_at) = (0, at_ms);
        for known in &mut self.instances {
            known.news = known.news.max(News::Same);
            (known.tried, known.good_at, known.why) = (true, Some(at_ms), None);
        }
    }

    /// Whether requests are counted by something else since this was asked, of instances that were all read.
    pub fn counts_anew(&mut self) -> bool {
        if !self.all_tried() {
            return false;
        }
        let anew = |known: &mut Instance| std::mem::take(&mut known.counted_anew);
        self.instances.iter_mut().map(anew).fold(false, |any, anew| any | anew)
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
        self.judge.tick(since_start, counts.as_ref(), &self.cases);
        self.last_counts = Some((since_start, counts.map(|counts| self.cases.fewest(&counts))));
        if let Some(counts) = counts {
            self.missing_ticks = 0;
            self.sighted_at = at_ms;
            let at_best = self.cases.at_best(&counts);
            self.outage.see(self.last_tick_at, at_ms, at_best, self.settings.min_requests, self.miss);
        } else {
            self.missing_ticks = self.missing_ticks.saturating_add(1);
        }
        for known in &mut self.instances {
            known.news = News::None;
        }
        self.last_tick_at = at_ms;
    }

    /// `12 of 340 requests failed (3.5%), allowed are 5%`.
    pub fn totals(&self) -> String {
        format!("{}, allowed are {}", self.miss.of(self.judge.seen()), percent_limit(self.settings.threshold.0))
    }

    /// Evidence that the threshold is exceeded, in nats, where the method weighs it.
    pub fn evidence(&self) -> Option<f64> {
        self.judge.evidence()
    }

    /// Whether the instances should be asked more than usual now, to learn whether they count that.
    pub fn wants_trial(&mut self) -> bool {
        self.cases.wants_trial(self.judge.all_seen(), self.judge.seen())
    }

    /// Requests and errors of the last 10s, with as few errors of users as there can be.
    pub fn recent_at_best(&self) -> TickCounts {
        self.judge.recent_at_best()
    }

    /// Requests and errors of the last 10s.
    pub fn recent(&self) -> TickCounts {
        self.judge.recent()
    }

    /// Requests and errors since the window began.
    pub fn seen(&self) -> TickCounts {
        self.judge.seen()
    }
}
