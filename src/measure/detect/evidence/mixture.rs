//! Where the capital is.

use serde::{Deserialize, Serialize};

use super::numerics::{log_add_exp, log_sum_exp};
use super::plan::{Caps, PerBet, Plan, SHARE_LATE, SHARE_START, SHARE_TRIGGER};

/// The capital that began on one occasion, as the log of each bet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Component {
    capped: PerBet,
    /// The same without the blip cap; `None` while the cap has never bitten, and both are the same.
    uncapped: Option<PerBet>,
}

impl Component {
    fn with(amount: f64, log_weight: &PerBet) -> Self {
        Self { capped: log_weight.map(|weight| amount.ln() + weight), uncapped: None }
    }

    fn add(&mut self, amount: f64, log_weight: &PerBet) {
        let log_amount = amount.ln();
        for capital in std::iter::once(&mut self.capped).chain(&mut self.uncapped) {
            for (bet, weight) in capital.iter_mut().zip(log_weight) {
                *bet = log_add_exp(*bet, log_amount + weight);
            }
        }
    }

    fn play(&mut self, log_ratios: &PerBet, cap: f64) {
        if self.uncapped.is_none() && log_ratios.iter().any(|ratio| *ratio > cap) {
            self.uncapped = Some(self.capped);
        }
        for (bet, ratio) in self.capped.iter_mut().zip(log_ratios) {
            *bet += ratio.min(cap);
        }
        for (bet, ratio) in self.uncapped.iter_mut().flatten().zip(log_ratios) {
            *bet += ratio;
        }
    }

    fn leader(&self) -> (usize, f64) {
        let bets = self.capped.iter().copied().enumerate();
        bets.fold((0, f64::NEG_INFINITY), |best, bet| if bet.1 > best.1 { bet } else { best })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leader {
    SinceStart,
    /// The number of the bet.
    Later(usize),
}

/// All capital; it begins as 1. `None`: nothing was put in yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Mixture {
    start: Component,
    late: Option<Component>,
    trigger: Option<Component>,
    reserve_late: f64,
    reserve_trigger: f64,
}

impl Mixture {
    pub fn new(plan: &Plan) -> Self {
        Self {
            start: Component::with(SHARE_START, &plan.bets.log_weight),
            late: None,
            trigger: None,
            reserve_late: SHARE_LATE,
            reserve_trigger: SHARE_TRIGGER,
        }
    }

    /// Bets up to `amount` on "bad since this tick", as far as the reserve for it reaches.
    pub fn bet_late(&mut self, plan: &Plan, amount: f64) {
        let amount = amount.min(self.reserve_late);
        if amount > 0.0 {
            self.reserve_late -= amount;
            put(&mut self.late, amount, plan);
        }
    }

    /// Bets up to `amount` on "bad since it began to look off", as far as the reserve for it reaches.
    pub fn bet_trigger(&mut self, plan: &Plan, amount: f64) {
        let amount = amount.min(self.reserve_trigger);
        if amount > 0.0 {
            self.reserve_trigger -= amount;
            put(&mut self.trigger, amount, plan);
        }
    }

    /// Multiplies every bet's capital; a gain counts up to the component's cap.
    pub fn play(&mut self, log_ratios: &PerBet, caps: &Caps) {
        self.start.play(log_ratios, caps.start);
        for (component, cap) in [(&mut self.late, caps.late), (&mut self.trigger, caps.trigger)] {
            if let Some(component) = component {
                component.play(log_ratios, cap);
            }
        }
    }

    fn components(&self) -> impl Iterator<Item = &Component> + Clone {
        std::iter::once(&self.start).chain(&self.late).chain(&self.trigger)
    }

    fn log_cash(&self) -> f64 {
        // All of it may be spent to the last digit; its log must stay a number.
        (self.reserve_late + self.reserve_trigger).max(1e-300).ln()
    }

    pub fn evidence(&self) -> f64 {
        let bets = self.components().flat_map(|component| component.capped);
        log_sum_exp(bets.chain([self.log_cash()]))
    }

    /// The evidence without the blip caps; `None` where they made no difference yet.
    pub fn uncapped_evidence(&self) -> Option<f64> {
        self.components().any(|component| component.uncapped.is_some()).then(|| {
            let bets = self.components().flat_map(|component| component.uncapped.unwrap_or(component.capped));
            log_sum_exp(bets.chain([self.log_cash()]))
        })
    }

    /// The earlier component where two hold the same.
    pub fn leader(&self) -> Leader {
        let mut leader = Leader::SinceStart;
        let (_, mut most) = self.start.leader();
        for component in self.late.iter().chain(&self.trigger) {
            let (bet, capital) = component.leader();
            if capital > most {
                (leader, most) = (Leader::Later(bet), capital);
            }
        }
        leader
    }
}

fn put(component: &mut Option<Component>, amount: f64, plan: &Plan) {
    match component {
        Some(component) => component.add(amount, &plan.bets.log_weight),
        None => *component = Some(Component::with(amount, &plan.bets.log_weight)),
    }
}
