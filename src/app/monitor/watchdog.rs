//! The service manager's watchdog, answered from the monitor's own loop: one that hangs, is stopped, or gets no processor answers no
//! more, and is killed and started anew.

use std::future::pending;

use sd_notify::NotifyState;
use tokio::time::Interval;

use super::clock::every;

/// So often within the time that the service manager allows, which is in `WATCHDOG_USEC`: two answers may come late.
const ANSWERS: u32 = 3;

/// The watchdog of this process, where a service manager keeps one.
pub struct Watchdog(Option<Interval>);

impl Watchdog {
    /// As the service manager says in the environment. It is meant for this process alone, not for what it starts.
    pub fn start() -> Self {
        Self(sd_notify::watchdog_enabled().map(|limit| every(limit / ANSWERS)))
    }

    /// Waits until an answer is due; for ever where nobody waits for one.
    pub async fn due(&mut self) {
        match &mut self.0 {
            Some(schedule) => drop(schedule.tick().await),
            None => pending().await,
        }
    }

    /// Says that the loop still turns.
    pub fn answer() {
        if let Err(error) = sd_notify::notify(&[NotifyState::Watchdog]) {
            tracing::warn!(%error, "the service manager's watchdog cannot be answered");
        }
    }
}
