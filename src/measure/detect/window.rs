//! The plain rule: errors / requests over the last ten seconds above the threshold for three consecutive ticks.

use serde::{Deserialize, Serialize};

use super::bad_event::BadEvent;
use super::closing::{Closing, ClosingVerdict};
use super::counts::TickCounts;
use super::recent::{RECENT_MS, RecentCounts};
use crate::number::{percent_limit, span, thousands};

/// How many consecutive ticks above the threshold breach.
const STREAK: u32 = 3;

/// What the plain rule is asked to hold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowConfig {
    /// The largest acceptable error rate, above 0 and below 1.
    pub threshold: f64,
    /// No breach on fewer requests in the last ten seconds, and no `healthy` on fewer since the start.
    pub min_requests: u64,
    /// Length of the soak window in milliseconds.
    pub window_ms: u64,
}

/// Judges ticks by the plain rule. Time is in milliseconds since the start of the window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowDetector {
    config: WindowConfig,
    recent: RecentCounts,
    seen: TickCounts,
    streak: u32,
    ticks: u64,
    missed: u64,
    last_request_ms: u64,
    breach: Option<String>,
    #[serde(default)]
    bad_event: BadEvent,
}

impl WindowDetector {
    /// A detector that has seen nothing.
    pub fn new(config: WindowConfig) -> Self {
        Self {
            config,
            recent: RecentCounts::default(),
            seen: TickCounts::default(),
            streak: 0,
            ticks: 0,
            missed: 0,
            last_request_ms: 0,
            breach: None,
            bad_event: BadEvent::Failed,
        }
    }

    /// From now on its sentences speak of this.
    pub const fn speak_of(&mut self, bad_event: BadEvent) {
        self.bad_event = bad_event;
    }

    /// Takes in one tick; `None` (missing) neither feeds nor ends a streak. A breach stays, whatever follows.
    pub fn tick(&mut self, at_ms: u64, counts: Option<TickCounts>) {
        self.ticks = self.ticks.saturating_add(1);
        self.recent.tick(at_ms, counts);
        let Some(counts) = counts.map(TickCounts::clamped) else {
            self.missed = self.missed.saturating_add(1);
            return;
        };
        self.seen = self.seen.plus(counts);
        if counts.requests > 0 {
            self.last_request_ms = at_ms;
        }
        let enough = self.recent.counts().requests >= self.config.min_requests;
        self.streak = if enough && self.above() { self.streak.saturating_add(1) } else { 0 };
        if self.streak >= STREAK && self.breach.is_none() {
            self.breach = Some(self.explain());
        }
    }

    /// Counts `ticks` scheduled ticks that never ran (the machine slept, the monitor was down) as missing.
    pub fn skip(&mut self, ticks: u64) {
        self.ticks = self.ticks.saturating_add(ticks);
        self.missed = self.missed.saturating_add(ticks);
    }

    /// The sentence of the breach, once there is one.
    pub fn breach(&self) -> Option<&str> {
        self.breach.as_deref()
    }

    /// Everything counted since the start.
    pub fn seen(&self) -> TickCounts {
        self.seen
    }

    /// The last ten seconds: the rate that is judged, and drawn.
    pub fn recent(&self) -> &RecentCounts {
        &self.recent
    }

    /// Errors / requests over the last ten seconds; `None` without a request.
    pub fn rate_10s(&self) -> Option<f64> {
        self.recent.rate()
    }

    /// How many ticks in a row were above the threshold; a breach takes 3.
    pub fn streak(&self) -> u32 {
        self.streak
    }

    /// How the rule stands now: counts, rate, span, and how far the streak has come.
    pub fn explain(&self) -> String {
        let (now, allowed) = (self.bad_event.of(self.recent.counts()), percent_limit(self.config.threshold));
        let within = span(self.recent.span_ms());
        match self.streak {
            0 => format!("{now} in the last {within}, limit {allowed}"),
            ticks @ STREAK.. => format!("{now} in the last {within}, above {allowed} for {ticks} ticks in a row"),
            ticks => format!("{now} in the last {within}, above {allowed} for {ticks} of {STREAK} ticks"),
        }
    }

    /// The judgement if the window ended `at_ms` milliseconds after its start.
    pub fn close(&self, at_ms: u64) -> Closing {
        let seen = format!("{} since the switch", self.bad_event.of(self.seen));
        let quiet_ms = at_ms.saturating_sub(self.last_request_ms);
        if let Some(reason) = &self.breach {
            return Closing::new(ClosingVerdict::Breached, reason.clone());
        }
        if self.missed > self.ticks / 2 {
            let reason = format!("{} of {} ticks are missing; {seen}", thousands(self.missed), thousands(self.ticks));
            return Closing::new(ClosingVerdict::Inconclusive, reason);
        }
        if self.seen.requests == 0 {
            return Closing::new(ClosingVerdict::InsufficientData, "no request reached the new color");
        }
        if quiet_ms > (self.config.window_ms / 4).max(RECENT_MS) {
            let reason =
                format!("no traffic for the last {}; before that {}", span(quiet_ms), self.bad_event.of(self.seen));
            return Closing::new(ClosingVerdict::InsufficientData, reason);
        }
        if self.seen.requests < self.config.min_requests {
            let reason = format!("{seen}; at least {} are needed", thousands(self.config.min_requests));
            return Closing::new(ClosingVerdict::InsufficientData, reason);
        }
        if self.streak > 0 || self.above() {
            return Closing::new(ClosingVerdict::Inconclusive, format!("{}; {seen}", self.explain()));
        }
        Closing::new(ClosingVerdict::Healthy, format!("{seen}; {}", self.explain()))
    }

    fn above(&self) -> bool {
        self.rate_10s().is_some_and(|rate| rate > self.config.threshold)
    }
}

#[cfg(test)]
mod tests;
