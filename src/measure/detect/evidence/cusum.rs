//! Since when it looks off.

use serde::{Deserialize, Serialize};

use super::plan::{BETS, PerBet, SHARE_TRIGGER};
use crate::detect::counts::{TickCounts, to_f64};

/// The sum of so many nats rings the bell that releases trigger capital.
const TRIGGER: f64 = 1.0;

/// The sum stops growing here, so that it ends soon after the trouble.
const CEILING: f64 = 3.0 * TRIGGER;

/// A CUSUM of the watching bet: what it won since it last stood at nothing (Page 1954).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Cusum {
    nats: f64,
    armed: bool,
    bells: u64,
    due: f64,
    /// Ticks since the sum left 0.
    run: u64,
    /// Those of them that spoke against the release.
    against: u64,
    /// Whether one of them, with requests, spoke for it.
    contradicted: bool,
}

impl Cusum {
    pub const fn new() -> Self {
        Self { nats: 0.0, armed: true, bells: 0, due: 0.0, run: 0, against: 0, contradicted: false }
    }

    pub const fn take_due(&mut self) -> f64 {
        std::mem::replace(&mut self.due, 0.0)
    }

    pub fn see(&mut self, log_ratio: f64, requests: u64) {
        self.nats = (self.nats + log_ratio).clamp(0.0, CEILING);
        if self.nats <= 0.0 {
            (self.run, self.against, self.contradicted, self.armed) = (0, 0, false, true);
            return;
        }
        self.run = self.run.saturating_add(1);
        if log_ratio > 0.0 {
            self.against = self.against.saturating_add(1);
        } else if requests > 0 {
            self.contradicted = true;
        }
        if self.armed && self.nats >= TRIGGER {
            self.ring();
        }
    }

    /// The k-th bell releases `1 / (k (k + 1))` of the trigger capital: they sum to all of it.
    fn ring(&mut self) {
        self.bells = self.bells.saturating_add(1);
        let k = to_f64(self.bells);
        self.due = SHARE_TRIGGER / (k * (k + 1.0));
        self.armed = false;
    }

    pub const fn run(&self) -> u64 {
        self.run
    }

    pub const fn against(&self) -> u64 {
        self.against
    }

    pub const fn contradicted(&self) -> bool {
        self.contradicted
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Stretch {
    won: f64,
    pub counts: TickCounts,
    pub since_ms: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Stretches([Stretch; BETS]);

impl Stretches {
    /// Takes in a tick that began at `since_ms`; a bet that has nothing left starts anew with it.
    pub fn see(&mut self, log_ratios: &PerBet, counts: TickCounts, since_ms: u64) {
        for (stretch, log_ratio) in self.0.iter_mut().zip(log_ratios) {
            if stretch.won <= 0.0 {
                *stretch = Stretch { since_ms, ..Stretch::default() };
            }
            stretch.won += log_ratio;
            stretch.counts = stretch.counts.plus(counts);
        }
    }

    pub fn of(&self, bet: usize) -> Stretch {
        self.0[bet]
    }
}
