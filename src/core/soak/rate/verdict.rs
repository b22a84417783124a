//! What a check of a rate says: breach, blindness, and how it stands.

use super::RateCheck;
use super::instance::Instance;
use crate::core::detect::{Outlook, Processes, TickCounts};
use crate::core::soak::check::{Now, named};
use crate::model::Verdict;
use crate::model::number::span;

/// So many missing ticks in a row, and so long, before the check is called blind.
const BLIND_TICKS: u32 = 3;
const BLIND_MS: u64 = 3_000;

impl RateCheck {
    /// The sentence of a breach. During the warmup only crash loops and outages are one.
    pub fn breach(&self, warmup: bool) -> Option<String> {
        self.crash_loop().or_else(|| if warmup { self.outage.reason().cloned() } else { self.judge.breach() })
    }

    /// The last tick: its time since the window's start, and what was counted at it; `None` there for a missing one.
    pub const fn last_tick(&self) -> Option<(u64, Option<TickCounts>)> {
        self.last_counts
    }

    pub fn crash_loop(&self) -> Option<String> {
        self.names.iter().zip(&self.instances).find_map(|(name, known)| {
            let restarts = known.crash_loop()?;
            Some(format!("crash loop: the counters of {name} restarted {restarts} times in this soak"))
        })
    }

    /// The instances behind whose URLs several processes answer: place, whether their counters are of no use, and the sentence.
    pub fn several(&self) -> Vec<(usize, bool, String)> {
        let told = |(place, (name, known)): (usize, (&String, &Instance))| match known.processes() {
            Processes::Apart(seen) => {
                let told = "so far, distinguished by their start times and added up";
                Some((place, false, format!("several processes answer behind {name}: {seen} {told}")))
            }
            Processes::Mixed => Some((place, true, known.unclear(name)?)),
            Processes::One | Processes::Unclear => None,
        };
        self.names
            .iter()
            .zip(&self.instances)
            .enumerate()
            .filter(|(_, (_, known))| !known.gone)
            .filter_map(told)
            .collect()
    }

    /// Since when nothing can be read, and why; set after three missing ticks in a row and 3s.
    pub fn blind(&self, at_ms: u64) -> Option<(u64, String)> {
        let lasted = at_ms.saturating_sub(self.sighted_at);
        (self.missing_ticks >= BLIND_TICKS && lasted >= BLIND_MS)
            .then(|| (lasted, self.why().unwrap_or_else(|| "no page received".to_owned())))
    }

    pub fn why(&self) -> Option<String> {
        let failing = |(name, known): (&String, &Instance)| Some(named(name, known.why.as_deref()?));
        self.present().find_map(failing)
    }

    pub(super) fn unknowable(&self, now: &Now) -> Option<String> {
        let Now { at_ms, patience_ms, .. } = *now;
        if let Some(why) = self.present().find_map(|(name, known)| known.unclear(name)) {
            return Some(why);
        }
        if let Some(why) = self.uncountable() {
            return Some(why);
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

    fn note(&self) -> Option<String> {
        let noted = |(name, known): (&String, &Instance)| Some(format!("{name}: {}", known.note.as_deref()?));
        self.present().find_map(noted)
    }

    pub(super) fn noted(&self, reason: String) -> String {
        match self.note() {
            Some(note) => format!("{reason} ({note})"),
            None => reason,
        }
    }

    pub(super) fn since_start(&self, at_ms: u64) -> u64 {
        at_ms.saturating_sub(self.started_at)
    }

    pub(super) fn so_far(&self, now: &Now) -> (Verdict, String) {
        let since_start = self.since_start(now.at_ms);
        if let Some(why) = self.unknowable(now) {
            (Verdict::Unknown, why)
        } else if let Some(why) = self.judge.silence(since_start) {
            (Verdict::Unknown, why)
        } else if self.judge.healthy_at(since_start) {
            self.doubted((Verdict::Healthy, self.judge.explain()))
        } else {
            (Verdict::Unknown, self.noted(self.judge.with_doubt(self.judge.explain())))
        }
    }

    pub fn warning(&self) -> Option<String> {
        self.judge.warning()
    }

    pub fn outlook(&self, at_ms: u64) -> Option<Outlook> {
        self.judge.outlook(self.since_start(at_ms))
    }
}
