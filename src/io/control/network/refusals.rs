//! Refusals in the log: the first of each minute in full, the others as a number, so that refusals cannot fill a disk.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// This many are logged in full in each [`SPAN`].
const IN_FULL: u32 = 20;
const SPAN: Duration = Duration::from_mins(1);

#[derive(Debug, Default)]
pub struct Refusals(Mutex<Lately>);

#[derive(Debug, Default)]
struct Lately {
    since: Option<Instant>,
    told: u32,
    untold: u64,
}

impl Refusals {
    pub fn note(&self, now: Instant, tell: impl FnOnce()) {
        let mut lately = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lately.since.is_none_or(|since| now.duration_since(since) >= SPAN) {
            lately.sum_up();
            *lately = Lately { since: Some(now), ..Lately::default() };
        }
        if lately.told < IN_FULL {
            lately.told += 1;
            tell();
        } else {
            lately.untold += 1;
        }
    }
}

impl Lately {
    fn sum_up(&self) {
        if self.untold > 0 {
            tracing::warn!(
                refused = self.untold,
                "too many refusals in a minute: the others are not logged one by one"
            );
        }
    }
}

impl Drop for Refusals {
    fn drop(&mut self) {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner).sum_up();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_minute_are_told_and_the_others_counted() {
        let (refusals, start) = (Refusals::default(), Instant::now());
        let told = std::cell::Cell::new(0);
        for number in 0..1_000 {
            refusals.note(start + Duration::from_millis(number), || told.set(told.get() + 1));
        }
        assert_eq!((told.get(), refusals.0.lock().unwrap().untold), (IN_FULL, 980));
        refusals.note(start + SPAN, || told.set(told.get() + 1));
        assert_eq!((told.get(), refusals.0.lock().unwrap().untold), (IN_FULL + 1, 0));
    }
}
