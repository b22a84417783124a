//! The constants of the method and what follows from them for one configuration.

use super::config::EvidenceConfig;
use crate::detect::counts::to_f64;

pub(super) const BETS: usize = 6;

pub(super) type PerBet = [f64; BETS];

/// Bet `j` says: the odds of failing are `ODDS[j]` times the allowed odds.
const ODDS: PerBet = [1.25, 1.6, 2.2, 4.0, 12.0, 60.0];

/// The share of a component's capital that goes on each bet.
const WEIGHTS: PerBet = [0.20, 0.25, 0.25, 0.15, 0.10, 0.05];

/// The bet that watches for "something looks off": odds of 2.2.
pub(super) const WATCHING_BET: usize = 2;

/// Shares of all capital: on "bad since the switch"; [`SHARE_TRIGGER`] on "bad since it began to look off".
pub(super) const SHARE_START: f64 = 0.4;

pub(super) const SHARE_TRIGGER: f64 = 0.4;

pub(super) const SHARE_LATE: f64 = 1.0 - SHARE_START - SHARE_TRIGGER;

/// No breach on fewer failed requests.
pub(super) const MIN_ERRORS: u64 = 3;

/// A breach spans at least this many milliseconds (and two ticks), so that a blip does not make one.
const SUSTAIN_MS: u64 = 3000;

/// So many failures at the threshold count as independent each second; what comes in bursts beyond that counts less.
const BURST_ERRORS: f64 = 5.0;

/// A bet's log gain at one failed, and log loss at one good request, with the log of its share.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bets {
    gain: PerBet,
    loss: PerBet,
    pub log_weight: PerBet,
}

impl Bets {
    fn against(p0: f64) -> Self {
        let q = ODDS.map(|odds| odds * p0 / (1.0 - p0 + odds * p0));
        Self {
            gain: q.map(|q| (q / p0).ln()),
            loss: q.map(|q| ((1.0 - p0) / (1.0 - q)).ln()),
            log_weight: WEIGHTS.map(f64::ln),
        }
    }

    /// The log of what each bet's capital is multiplied by, when every request counts `discount` (0 to 1).
    pub fn log_ratios(&self, requests: f64, errors: f64, discount: f64) -> PerBet {
        std::array::from_fn(|bet| discount * (errors * self.gain[bet] - (requests - errors) * self.loss[bet]))
    }
}

/// The most one tick may add to each component, in nats: a blip must not make a breach.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Caps {
    pub start: f64,
    pub late: f64,
    pub trigger: f64,
}

impl Caps {
    pub fn over(&self, ticks: f64) -> Self {
        Self { start: self.start * ticks, late: self.late * ticks, trigger: self.trigger * ticks }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plan {
    pub bets: Bets,
    /// The evidence that breaches, `ln(1 / alpha)`.
    pub bar: f64,
    /// At least this many ticks must speak against the release: `m`.
    pub min_ticks: u64,
    pub caps: Caps,
    /// Requests a second that count as independent.
    pub refill: f64,
    /// How many of them can be saved up.
    pub depth: f64,
}

impl Plan {
    pub fn of(config: &EvidenceConfig) -> Self {
        let bar = -config.false_alarm.ln();
        let min_ticks = SUSTAIN_MS.div_ceil(config.tick_ms).max(2);
        let cap = |share: f64| (bar - share.ln() - 4_f64.ln()) / to_f64(min_ticks - 1);
        let refill = BURST_ERRORS / config.threshold;
        Self {
            bets: Bets::against(config.threshold),
            bar,
            min_ticks,
            caps: Caps {
                start: cap(SHARE_START),
                late: cap(SHARE_LATE * to_f64(config.tick_ms) / to_f64(config.window_ms)),
                trigger: cap(SHARE_TRIGGER / 2.0),
            },
            refill,
            depth: refill * seconds(config.tick_ms).max(1.0),
        }
    }
}

pub(super) fn seconds(millis: u64) -> f64 {
    to_f64(millis) / 1000.0
}
