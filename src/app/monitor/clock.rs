//! The two clocks, and what is due again and again.

use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::core::soak::ClockOrigin;
pub(super) use crate::io::seam::wall_ms;
use crate::io::seam::{boot_id, boot_ms};

/// A schedule that begins now. What was missed is not made up for.
pub fn every(period: Duration) -> Interval {
    let mut schedule = interval(period);
    schedule.set_missed_tick_behavior(MissedTickBehavior::Skip);
    schedule
}

/// Milliseconds since a run began, on `CLOCK_BOOTTIME`: it never goes back and counts the time a machine was suspended.
#[derive(Clone, Debug)]
pub struct Clock {
    origin: ClockOrigin,
}

impl Clock {
    /// A clock that shows 0 now.
    pub fn start() -> Self {
        Self::showing(0)
    }

    /// Goes on with the clock of a run whose last event is known with its time on both clocks.
    ///
    /// In the same boot that clock never stopped. After a reboot the wall clock says how long the machine was away; should
    /// it have been set back, nothing of the run's time is over yet.
    pub fn resume(known: Option<&ClockOrigin>, last_ms: u64, last_wall_ms: i64) -> Self {
        match known {
            Some(origin) if origin.boot == boot_id() => {
                let clock = Self { origin: origin.clone() };
                if clock.at_ms() >= last_ms { clock } else { Self::showing(last_ms) }
            }
            _ => {
                let away = u64::try_from(wall_ms().saturating_sub(last_wall_ms)).unwrap_or(0);
                Self::showing(last_ms.saturating_add(away))
            }
        }
    }

    fn showing(at_ms: u64) -> Self {
        let at_ms = i64::try_from(at_ms).unwrap_or(i64::MAX);
        Self { origin: ClockOrigin { boot: boot_id(), origin_ms: boot_ms().saturating_sub(at_ms) } }
    }

    /// Milliseconds since the start.
    pub fn at_ms(&self) -> u64 {
        u64::try_from(boot_ms().saturating_sub(self.origin.origin_ms)).unwrap_or(0)
    }

    /// Where its zero is.
    pub const fn origin(&self) -> &ClockOrigin {
        &self.origin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_run_clock_starts_at_zero_and_the_wall_clock_is_in_this_century() {
        assert!(Clock::start().at_ms() < 60_000);
        assert!(wall_ms() > 1_700_000_000_000);
    }

    #[test]
    fn in_the_same_boot_a_resumed_clock_never_stopped_whatever_the_wall_clock_says() {
        let mut origin = Clock::start().origin().clone();
        origin.origin_ms -= 50_000;
        for wall in [0, wall_ms(), i64::MAX] {
            let at = Clock::resume(Some(&origin), 20_000, wall).at_ms();
            assert!((50_000..110_000).contains(&at), "{at}");
        }
        let ahead = Clock::resume(Some(&origin), 900_000, wall_ms()).at_ms();
        assert!((900_000..960_000).contains(&ahead), "it never goes back: {ahead}");
    }

    #[test]
    fn after_a_reboot_the_wall_clock_tells_how_long_the_machine_was_away() {
        let earlier = ClockOrigin { boot: "another".to_owned(), origin_ms: 0 };
        for known in [None, Some(&earlier)] {
            let at = Clock::resume(known, 20_000, wall_ms() - 30_000).at_ms();
            assert!((50_000..110_000).contains(&at), "{at}");
            let set_back = Clock::resume(known, 20_000, wall_ms() + 3_600_000).at_ms();
            assert!((20_000..80_000).contains(&set_back), "{set_back}");
        }
    }
}
