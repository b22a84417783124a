//! The service manager's watchdog, answered from the monitor's loop: one that hangs is killed and restarted.

use std::future::pending;

use sd_notify::NotifyState;
use tokio::time::Interval;

use super::clock::every;

/// Answers within the time of `WATCHDOG_USEC`, so that two may be late.
const ANSWERS: u32 = 3;

/// The watchdog of this process, where a service manager keeps one.
pub struct Watchdog(Option<Interval>);

impl Watchdog {
    /// From the environment, if `WATCHDOG_PID` is this process.
    pub fn start() -> Self {
        Self(sd_notify::watchdog_enabled().map(|limit| every(limit / ANSWERS)))
    }

    /// Of a process in which somebody else answers.
    pub const fn of_another() -> Self {
        Self(None)
    }

    /// Waits until an answer is due; forever without a watchdog.
    pub async fn due(&mut self) {
        match &mut self.0 {
            Some(schedule) => drop(schedule.tick().await),
            None => pending().await,
        }
    }

    /// Tells the service manager that the loop is alive.
    pub fn answer() {
        if let Err(error) = sd_notify::notify(&[NotifyState::Watchdog]) {
            tracing::warn!(%error, "the service manager's watchdog cannot be answered");
        }
    }
}
