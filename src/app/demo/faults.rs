//! How the processes of one color behave, changed while they run.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditions {
    /// The share of requests that fail, 0..=1, over all routes together.
    pub error_ratio: f64,
    /// Added to every answer of a route that users ask for.
    pub latency: Duration,
    pub metrics: MetricsPage,
    /// Whether `/health/ready` says so.
    pub ready: bool,
    /// Whether the processes run; the ports of those that do not refuse.
    pub up: bool,
}

impl Default for Conditions {
    fn default() -> Self {
        Self { error_ratio: 0.0, latency: Duration::ZERO, metrics: MetricsPage::Whole, ready: true, up: true }
    }
}

/// What `/metrics` answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricsPage {
    Whole,
    /// The first half of the page, then the connection breaks.
    Half,
    /// Status 500.
    Failing,
}

#[derive(Clone, Debug)]
pub struct Faults(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    conditions: watch::Sender<Conditions>,
    restarts: Vec<Notify>,
}

impl Faults {
    pub fn none(instances: usize) -> Self {
        let restarts = (0..instances).map(|_| Notify::new()).collect();
        Self(Arc::new(Shared { conditions: watch::Sender::new(Conditions::default()), restarts }))
    }

    pub fn now(&self) -> Conditions {
        *self.0.conditions.borrow()
    }

    /// Changes the conditions, from the next request on.
    pub fn change(&self, change: impl FnOnce(&mut Conditions)) {
        self.0.conditions.send_modify(change);
    }

    /// Kills one instance, counted from 0, and starts it again: its counters are gone. One that is not there is ignored.
    pub fn restart(&self, instance: usize) {
        if let Some(restart) = self.0.restarts.get(instance) {
            restart.notify_one();
        }
    }

    pub fn instances(&self) -> usize {
        self.0.restarts.len()
    }

    pub(super) async fn until(&self, up: bool) {
        // The sender lives in `self`, so the wait cannot fail.
        let _ = self.0.conditions.subscribe().wait_for(|conditions| conditions.up == up).await;
    }

    pub(super) async fn restarted(&self, instance: usize) {
        match self.0.restarts.get(instance) {
            Some(restart) => restart.notified().await,
            None => std::future::pending().await,
        }
    }
}
