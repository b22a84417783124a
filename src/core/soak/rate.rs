//! A check of a rate, such as that of errors: deltas of every instance's counters, summed and judged.
//!
//! | file | holds |
//! | --- | --- |
//! | `check` | the check itself: what it is told, and what it says |
//! | `counting` | by what requests are counted, or why they cannot be |
//! | `ends` | the judgement in every case of who sent the requests |
//! | `instance` | what is known of one instance's counters |
//! | `outage` | during the warmup only an outage is judged |
//! | `verdict` | what a check of a rate says |

mod check;
mod counting;
mod ends;
mod instance;
mod outage;
#[cfg(test)]
mod tests;
mod verdict;

pub(crate) use self::counting::{Told as CountingTold, left_out};
pub(crate) use self::instance::ADD_UP;

use self::ends::Ends;
use self::instance::Instance;
use self::outage::Outage;
use super::attribution::ErrorAttribution;
use super::judge::{Judge, OldColor};
use super::own::{Cases, Counts};
use super::settings::ErrorRateSettings;
use crate::config::Ratio;
use crate::core::detect::{BadEvent, TickCounts};
use crate::model::CheckId;
use crate::model::number::percent_limit;

#[derive(Clone, Debug, PartialEq)]
pub struct RateCheck {
    id: CheckId,
    bad_event: BadEvent,
    settings: ErrorRateSettings,
    window_ms: u64,
    interval_ms: u64,
    names: Vec<String>,
    instances: Vec<Instance>,
    judge: Ends,
    cases: Cases,
    old: Option<OldColor>,
    started_at: u64,
    pending: Counts,
    missing_ticks: u32,
    sighted_at: u64,
    last_tick_at: u64,
    last_counts: Option<(u64, Option<TickCounts>)>,
    outage: Outage,
    errors_by_label: ErrorAttribution,
}

impl RateCheck {
    pub fn new(id: CheckId, settings: ErrorRateSettings, window_ms: u64, interval_ms: u64, names: Vec<String>) -> Self {
        Self {
            id,
            bad_event: BadEvent::Failed,
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
            errors_by_label: ErrorAttribution::default(),
        }
    }

    pub fn speak_of(&mut self, bad_event: BadEvent) {
        self.bad_event = bad_event;
        self.judge.speak_of(bad_event);
    }

    /// From the next count on: nothing was counted yet, or what was counted no longer matters.
    pub fn allow(&mut self, threshold: Ratio) {
        if self.settings.threshold != threshold {
            self.settings.threshold = threshold;
            self.judge = self.new_judge();
        }
    }

    /// Counts from the next restart on.
    pub const fn compare_with(&mut self, old: OldColor) {
        self.old = Some(old);
    }

    pub const fn old(&self) -> Option<OldColor> {
        self.old
    }

    fn new_judge(&self) -> Ends {
        let mut judge = Judge::new(&self.settings, self.window_ms, self.interval_ms, self.old);
        judge.speak_of(self.bad_event);
        Ends::new(judge)
    }

    pub fn attribution(&self) -> Option<String> {
        self.errors_by_label.sentence(&self.by_instance())
    }

    pub fn failed_routes(&self) -> Vec<(&str, TickCounts)> {
        self.errors_by_label.routes()
    }

    fn by_instance(&self) -> Vec<(&str, TickCounts)> {
        self.names.iter().map(String::as_str).zip(self.instances.iter().map(|known| known.seen)).collect()
    }

    fn present(&self) -> impl Iterator<Item = (&String, &Instance)> {
        self.names.iter().zip(&self.instances).filter(|(_, known)| !known.gone)
    }

    /// Whether requests are counted by something else since this was asked, of instances that were all read.
    pub fn counts_anew(&mut self) -> bool {
        if !self.all_tried() {
            return false;
        }
        let anew = |known: &mut Instance| std::mem::take(&mut known.counted_anew);
        self.instances.iter_mut().map(anew).fold(false, |any, anew| any | anew)
    }

    pub fn all_tried(&self) -> bool {
        self.instances.iter().all(|known| known.tried || known.gone)
    }

    /// `12 of 340 requests failed (3.5%), limit 5%`.
    pub fn totals(&self) -> String {
        format!("{}, limit {}", self.bad_event.of(self.judge.seen()), percent_limit(self.settings.threshold.0))
    }

    pub fn evidence(&self) -> Option<f64> {
        self.judge.evidence()
    }

    pub fn wants_trial(&mut self) -> bool {
        self.cases.wants_trial(self.judge.all_seen(), self.judge.seen())
    }

    /// As few errors of users as there can be.
    pub fn recent_at_best(&self) -> TickCounts {
        self.judge.recent_at_best()
    }

    pub fn recent(&self) -> TickCounts {
        self.judge.recent()
    }

    pub fn seen(&self) -> TickCounts {
        self.judge.seen()
    }
}
