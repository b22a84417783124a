//! What time it is, and what makes a run unlike any other.

use std::fmt;
use std::fs;
use std::io;
use std::time::SystemTime;

use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};

/// Time and randomness.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Unix milliseconds.
    fn wall_ms(&self) -> i64;
    /// Milliseconds since the machine booted, on `CLOCK_BOOTTIME`: it never goes back and counts the time it was suspended.
    fn boot_ms(&self) -> i64;
    /// The id that the kernel draws at each boot.
    fn boot_id(&self) -> String;
    /// Two random bytes.
    fn random(&self) -> io::Result<[u8; 2]>;

    /// The wall clock.
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.wall_ms()).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn wall_ms(&self) -> i64 {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }

    fn boot_ms(&self) -> i64 {
        let now = clock_gettime(ClockId::Boottime);
        now.tv_sec.saturating_mul(1000).saturating_add(now.tv_nsec / 1_000_000)
    }

    fn boot_id(&self) -> String {
        let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        match id.trim() {
            // Where it cannot be read, every process counts as a boot of its own.
            "" => format!("unknown, process {}", std::process::id()),
            id => id.to_owned(),
        }
    }

    fn random(&self) -> io::Result<[u8; 2]> {
        let mut bytes = [0; 2];
        rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boot_stays_and_its_time_goes_on() {
        let before = SystemClock.boot_ms();
        assert_eq!(SystemClock.boot_id(), SystemClock.boot_id());
        assert!(!SystemClock.boot_id().is_empty() && before > 0 && SystemClock.boot_ms() >= before);
    }

    #[test]
    fn random_bytes_differ_from_call_to_call() {
        let drawn: std::collections::HashSet<_> = (0..64).map(|_| SystemClock.random().unwrap()).collect();
        assert!(drawn.len() > 1);
    }

    #[test]
    fn the_wall_clock_is_in_this_century() {
        assert!(SystemClock.wall_ms() > 1_700_000_000_000);
        assert!(SystemClock.now().as_millisecond() >= 1_700_000_000_000);
    }
}
