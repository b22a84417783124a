//! Carries one change of faults out.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::faults::{Conditions, Faults, MetricsPage};
use super::load::Rate;
use crate::model::Color;

/// One change of faults.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// Nothing is wrong with the color any more.
    Mend(Color),
    /// The share of the color's requests that fail, 0..=1.
    Errors(Color, f64),
    /// Added to every answer of the color.
    Latency(Color, Duration),
    /// What the color's `/metrics` answers.
    Metrics(Color, MetricsPage),
    /// Whether the color says that it is ready.
    Ready(Color, bool),
    /// Whether the color's processes run.
    Up(Color, bool),
    /// One instance of the color, counted from 0, is killed and starts again.
    Restart(Color, usize),
    /// How many requests users send a second.
    Traffic(u32),
    /// Whether rollbacks of the router fail; only the `command` router of the scenario `router-failure` can break.
    RouterBroken(bool),
}

/// A shared handle on everything that can change while the demo runs.
#[derive(Clone, Debug)]
pub struct Controls {
    pub(super) blue: Faults,
    pub(super) green: Faults,
    pub(super) rate: Rate,
    pub(super) router_broken: Option<PathBuf>,
    /// Set once an operator chooses the faults: the scenario's script has no more say.
    pub(super) by_hand: Arc<AtomicBool>,
}

impl Controls {
    /// Makes the change, from the next request on.
    pub fn apply(&self, change: Change) {
        tracing::info!(?change, "faults");
        match change {
            Change::Mend(color) => self.faults(color).change(|now| *now = Conditions::default()),
            Change::Errors(color, ratio) => self.faults(color).change(|now| now.error_ratio = ratio),
            Change::Latency(color, latency) => self.faults(color).change(|now| now.latency = latency),
            Change::Metrics(color, page) => self.faults(color).change(|now| now.metrics = page),
            Change::Ready(color, ready) => self.faults(color).change(|now| now.ready = ready),
            Change::Up(color, up) => self.faults(color).change(|now| now.up = up),
            Change::Restart(color, instance) => self.faults(color).restart(instance),
            Change::Traffic(per_second) => self.rate.set(per_second),
            Change::RouterBroken(broken) => self.break_router(broken),
        }
    }

    pub(super) fn end_script(&self) {
        self.by_hand.store(true, Ordering::Relaxed);
    }

    /// Makes a change of the scenario's script, while that has a say.
    pub(super) fn apply_by_script(&self, change: Change) {
        if !self.by_hand.load(Ordering::Relaxed) {
            self.apply(change);
        }
    }

    /// The faults of one color.
    pub const fn faults(&self, color: Color) -> &Faults {
        color.pick(&self.blue, &self.green)
    }

    fn break_router(&self, broken: bool) {
        let Some(marker) = &self.router_broken else {
            return;
        };
        let changed = if broken { std::fs::write(marker, "") } else { std::fs::remove_file(marker) };
        if let Err(error) = changed
            && error.kind() != ErrorKind::NotFound
        {
            tracing::warn!(path = %marker.display(), %error, "failed to change the router");
        }
    }
}
