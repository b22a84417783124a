//! The two clocks, and schedules.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

use crate::core::soak::ClockOrigin;
use crate::io::ports::Clock;

/// A schedule that begins now and skips missed ticks.
pub fn every(period: Duration) -> Interval {
    let mut schedule = interval(period);
    schedule.set_missed_tick_behavior(MissedTickBehavior::Skip);
    schedule
}

/// Milliseconds since a run began, on `CLOCK_BOOTTIME`: it never goes back and counts the time a machine was suspended.
#[derive(Clone, Debug)]
pub struct RunClock {
    clock: Arc<dyn Clock>,
    origin: ClockOrigin,
}

impl RunClock {
    pub fn start(clock: Arc<dyn Clock>) -> Self {
        Self::showing(clock, 0)
    }

    /// Continues the clock of a run from its last event. After a reboot the wall clock tells how long the machine was
    /// down; if it was set back, no time has passed.
    pub fn resume(clock: Arc<dyn Clock>, known: Option<&ClockOrigin>, last_ms: u64, last_wall_ms: i64) -> Self {
        match known {
            Some(origin) if origin.boot == clock.boot_id() => {
                let run = Self { clock, origin: origin.clone() };
                if run.at_ms() >= last_ms { run } else { Self::showing(run.clock, last_ms) }
            }
            _ => {
                let away = u64::try_from(clock.wall_ms().saturating_sub(last_wall_ms)).unwrap_or(0);
                Self::showing(clock, last_ms.saturating_add(away))
            }
        }
    }

    fn showing(clock: Arc<dyn Clock>, at_ms: u64) -> Self {
        let at_ms = i64::try_from(at_ms).unwrap_or(i64::MAX);
        let origin = ClockOrigin { boot: clock.boot_id(), origin_ms: clock.boot_ms().saturating_sub(at_ms) };
        Self { clock, origin }
    }

    pub fn at_ms(&self) -> u64 {
        u64::try_from(self.clock.boot_ms().saturating_sub(self.origin.origin_ms)).unwrap_or(0)
    }

    /// The wall clock, Unix milliseconds; only ever shown.
    pub fn wall_ms(&self) -> i64 {
        self.clock.wall_ms()
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub const fn origin(&self) -> &ClockOrigin {
        &self.origin
    }
}

/// Times at which the run wakes, on its own clock.
#[derive(Debug, Default)]
pub struct Wakeups(BTreeSet<u64>);

impl Wakeups {
    pub fn insert(&mut self, at_ms: u64) {
        self.0.insert(at_ms);
    }

    /// The next one as the timer's clock will show it.
    pub fn next(&self, clock: &RunClock) -> Option<Instant> {
        let at_ms = *self.0.first()?;
        Some(Instant::now() + Duration::from_millis(at_ms.saturating_sub(clock.at_ms())))
    }

    /// Removes those that have come; whether there were any.
    pub fn take_due(&mut self, now_ms: u64) -> bool {
        let later = self.0.split_off(&now_ms.saturating_add(1));
        !std::mem::replace(&mut self.0, later).is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::ports::SystemClock;

    fn started() -> RunClock {
        RunClock::start(Arc::new(SystemClock))
    }

    fn resumed(known: Option<&ClockOrigin>, last_ms: u64, last_wall_ms: i64) -> u64 {
        RunClock::resume(Arc::new(SystemClock), known, last_ms, last_wall_ms).at_ms()
    }

    #[test]
    fn the_run_clock_starts_at_zero() {
        assert!(started().at_ms() < 60_000);
    }

    #[test]
    fn in_the_same_boot_a_resumed_clock_never_stopped_whatever_the_wall_clock_says() {
        let mut origin = started().origin().clone();
        origin.origin_ms -= 50_000;
        for wall in [0, SystemClock.wall_ms(), i64::MAX] {
            let at = resumed(Some(&origin), 20_000, wall);
            assert!((50_000..110_000).contains(&at), "{at}");
        }
        let ahead = resumed(Some(&origin), 900_000, SystemClock.wall_ms());
        assert!((900_000..960_000).contains(&ahead), "it never goes back: {ahead}");
    }

    #[test]
    fn after_a_reboot_the_wall_clock_tells_how_long_the_machine_was_away() {
        let earlier = ClockOrigin { boot: "another".to_owned(), origin_ms: 0 };
        for known in [None, Some(&earlier)] {
            let at = resumed(known, 20_000, SystemClock.wall_ms() - 30_000);
            assert!((50_000..110_000).contains(&at), "{at}");
            let set_back = resumed(known, 20_000, SystemClock.wall_ms() + 3_600_000);
            assert!((20_000..80_000).contains(&set_back), "{set_back}");
        }
    }
}
