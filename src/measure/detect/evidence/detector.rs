//! The detector: state, and what one tick does to it.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::config::{EvidenceConfig, EvidenceConfigError};
use super::cusum::{Cusum, Stretches};
use super::effective_sample_size::EffectiveSampleSize;
use super::mixture::Mixture;
use super::plan::{MIN_ERRORS, Plan, SHARE_LATE, WATCHING_BET, seconds};
use crate::detect::bad_event::BadEvent;
use crate::detect::counts::{TickCounts, to_f64};

/// Weighs the evidence that a release fails more often than allowed. Time is in milliseconds since the window's start.
/// If requests fail with at most the threshold's probability, given the past, a breach has at most probability
/// `false_alarm` over the soak, however often it is looked at (Ville's inequality). Constant state and work a tick.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Saved", into = "Saved")]
pub struct EvidenceDetector {
    pub(super) config: EvidenceConfig,
    pub(super) plan: Plan,
    pub(super) state: State,
    pub(super) bad_event: BadEvent,
    pub(super) upper_rate: Remembered,
}

/// What follows from the state and takes a while to find, once somebody has asked for it.
#[derive(Clone, Debug, Default)]
pub(super) struct Remembered(pub OnceLock<f64>);

/// It says nothing that the state does not.
impl PartialEq for Remembered {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

#[derive(Clone, Serialize, Deserialize)]
struct Saved {
    config: EvidenceConfig,
    state: State,
    #[serde(rename = "miss", default)]
    bad_event: BadEvent,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    pub mixture: Mixture,
    pub cusum: Cusum,
    pub stretches: Stretches,
    pub sample_size: EffectiveSampleSize,
    /// The log of all capital, with the blip caps; its highest value; and the same without the caps.
    pub evidence: f64,
    pub peak: f64,
    pub uncapped: f64,
    /// Ticks with requests in a row at which the evidence was at or above the bar.
    #[serde(default)]
    pub convinced: u64,
    pub seen: TickCounts,
    /// Scheduled ticks, and those of them that are missing.
    pub ticks: u64,
    pub missed: u64,
    /// The latest tick, the latest good one, and the latest one with a request.
    pub now_ms: u64,
    pub good_ms: u64,
    pub request_ms: u64,
    pub breach: Option<String>,
}

/// A blip is over after `m` ticks; evidence that lasts this many times longer is none, even where no single tick speaks
/// for the watching bet (1 to 1.4 times the threshold). A breach still needs evidence at the bar, so the bound holds.
const LASTING: u64 = 10;

impl EvidenceDetector {
    /// A detector that has seen nothing. Fails when a value of `config` is out of its range.
    pub fn new(config: EvidenceConfig) -> Result<Self, EvidenceConfigError> {
        config.validate()?;
        let plan = Plan::of(&config);
        let state = State {
            mixture: Mixture::new(&plan),
            cusum: Cusum::new(),
            stretches: Stretches::default(),
            sample_size: EffectiveSampleSize::new(&config, &plan),
            evidence: 0.0,
            peak: 0.0,
            uncapped: 0.0,
            convinced: 0,
            seen: TickCounts::default(),
            ticks: 0,
            missed: 0,
            now_ms: 0,
            good_ms: 0,
            request_ms: 0,
            breach: None,
        };
        Ok(Self { config, plan, state, bad_event: BadEvent::Failed, upper_rate: Remembered::default() })
    }

    /// From now on its sentences speak of this.
    pub const fn speak_of(&mut self, bad_event: BadEvent) {
        self.bad_event = bad_event;
    }

    /// Takes in one tick; `None`: missing. Nothing moves after a breach, no bets on "bad since now" after the window.
    pub fn tick(&mut self, at_ms: u64, counts: Option<TickCounts>) {
        if self.state.breach.is_some() {
            return;
        }
        self.state.ticks = self.state.ticks.saturating_add(1);
        self.state.now_ms = at_ms.max(self.state.now_ms);
        let Some(counts) = counts.map(TickCounts::clamped) else {
            self.state.missed = self.state.missed.saturating_add(1);
            return;
        };
        self.weigh(counts);
        let sustained = self.state.cusum.against() >= self.plan.min_ticks
            || self.state.convinced >= self.plan.min_ticks.saturating_mul(LASTING);
        if self.state.evidence >= self.plan.bar && sustained && self.enough() {
            self.state.breach = Some(self.explain_breach());
        }
    }

    /// Counts `ticks` scheduled ticks that never ran (the machine slept, the monitor was down) as missing.
    pub fn skip(&mut self, ticks: u64) {
        self.state.ticks = self.state.ticks.saturating_add(ticks);
        self.state.missed = self.state.missed.saturating_add(ticks);
    }

    fn weigh(&mut self, counts: TickCounts) {
        self.upper_rate = Remembered::default();
        let (plan, state) = (&self.plan, &mut self.state);
        let millis = state.now_ms - state.good_ms;
        let (requests, errors) = (to_f64(counts.requests), to_f64(counts.errors));

        if state.now_ms <= self.config.window_ms {
            let passed = seconds(millis) / seconds(self.config.window_ms);
            state.mixture.bet_late(plan, SHARE_LATE * passed);
        }
        state.mixture.bet_trigger(plan, state.cusum.take_due());

        // The discount is what was known before this tick, or the bound would not hold.
        let counting = state.sample_size.draw(plan, millis, requests);
        let discount = state.sample_size.discount(requests, counting);
        let log_ratios = plan.bets.log_ratios(requests, errors, discount);
        state.mixture.play(&log_ratios, &plan.caps);
        state.cusum.see(log_ratios[WATCHING_BET], counts.requests);
        state.stretches.see(&log_ratios, counts, state.good_ms);
        state.sample_size.see(millis, requests, errors, counting);

        state.evidence = state.mixture.evidence();
        state.peak = state.peak.max(state.evidence);
        state.uncapped = state.mixture.uncapped_evidence().unwrap_or(state.evidence);
        state.seen = state.seen.plus(counts);
        state.good_ms = state.now_ms;
        if counts.requests > 0 {
            state.request_ms = state.now_ms;
            state.convinced = if state.evidence >= plan.bar { state.convinced.saturating_add(1) } else { 0 };
        }
    }

    pub(super) fn enough(&self) -> bool {
        self.state.seen.requests >= self.config.min_requests && self.state.seen.errors >= MIN_ERRORS
    }

    /// What it was asked to hold.
    pub const fn config(&self) -> &EvidenceConfig {
        &self.config
    }

    /// The sentence of the breach, once there is one.
    pub fn breach(&self) -> Option<&str> {
        self.state.breach.as_deref()
    }

    /// Everything counted since the start.
    pub const fn seen(&self) -> TickCounts {
        self.state.seen
    }

    /// Against the release, in nats: a bet against it multiplied its stake by `e^evidence`. Below 0 it speaks for it.
    pub const fn evidence(&self) -> f64 {
        self.state.evidence
    }

    /// The highest evidence so far, in nats, at least 0.
    pub const fn peak_evidence(&self) -> f64 {
        self.state.peak
    }

    /// The evidence that breaches, in nats: `ln(1 / false_alarm)`.
    pub const fn bar(&self) -> f64 {
        self.plan.bar
    }
}

impl TryFrom<Saved> for EvidenceDetector {
    type Error = EvidenceConfigError;

    fn try_from(Saved { config, state, bad_event }: Saved) -> Result<Self, EvidenceConfigError> {
        config.validate()?;
        Ok(Self { plan: Plan::of(&config), config, state, bad_event, upper_rate: Remembered::default() })
    }
}

impl From<EvidenceDetector> for Saved {
    fn from(EvidenceDetector { config, state, bad_event, .. }: EvidenceDetector) -> Self {
        Self { config, state, bad_event }
    }
}
