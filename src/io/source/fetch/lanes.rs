//! How many requests begin at once: of a thousand instances that answer at once, more would only wait for each other, with a
//! buffer each.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

/// So long a request has its lane; one that takes longer waits beside, so that a server that hangs is in nobody's way.
pub const LANE: Duration = Duration::from_millis(5);

const LEAST: usize = 32;

/// One lane for so many who ask: even if nobody answers, all have begun after as many times [`LANE`].
const SHARE: usize = 32;

static LANES: Semaphore = Semaphore::const_new(LEAST);

static COUNT: Mutex<Count> = Mutex::new(Count { askers: 0, lanes: LEAST });

struct Count {
    askers: usize,
    lanes: usize,
}

/// One who asks now and then, counted as long as it lives.
#[derive(Debug)]
pub struct Asker(());

impl Default for Asker {
    fn default() -> Self {
        count(|askers| askers + 1);
        Self(())
    }
}

impl Drop for Asker {
    fn drop(&mut self) {
        count(|askers| askers - 1);
    }
}

fn count(change: impl FnOnce(usize) -> usize) {
    let mut count = COUNT.lock().unwrap_or_else(PoisonError::into_inner);
    count.askers = change(count.askers);
    let wanted = LEAST.max(count.askers / SHARE);
    if wanted > count.lanes {
        LANES.add_permits(wanted - count.lanes);
        count.lanes = wanted;
    } else {
        // Those that are taken now are given up at the next occasion.
        count.lanes -= LANES.forget_permits(count.lanes - wanted);
    }
}

/// Waits for a free one.
pub async fn free_lane() -> Option<SemaphorePermit<'static>> {
    LANES.acquire().await.ok()
}

#[cfg(test)]
pub fn free() -> usize {
    LANES.available_permits()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_more_lanes_for_many_who_ask_and_fewer_after_them() {
        assert_eq!(free(), LEAST);
        let many: Vec<_> = (0..40 * SHARE).map(|_| Asker::default()).collect();
        assert_eq!(free(), 40);
        drop(many);
        assert_eq!(free(), LEAST);
    }
}
