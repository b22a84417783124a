//! The two clocks.

use std::time::SystemTime;

use rustix::time::{ClockId, clock_gettime};

/// Milliseconds since a run began, on `CLOCK_BOOTTIME`: it never goes back and counts the time a machine was suspended.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin_ms: u64,
}

impl Clock {
    /// A clock that shows 0 now.
    pub fn start() -> Self {
        Self { origin_ms: boot_ms() }
    }

    /// Milliseconds since the start.
    pub fn at_ms(self) -> u64 {
        boot_ms().saturating_sub(self.origin_ms)
    }
}

/// The wall clock in Unix milliseconds; only ever shown.
pub fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn boot_ms() -> u64 {
    let now = clock_gettime(ClockId::Boottime);
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    let nanos = u64::try_from(now.tv_nsec).unwrap_or(0);
    seconds.saturating_mul(1000).saturating_add(nanos / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_run_clock_starts_at_zero_and_the_wall_clock_is_in_this_century() {
        assert!(Clock::start().at_ms() < 60_000);
        assert!(wall_ms() > 1_700_000_000_000);
    }
}
