//! The signals of the agent, for all of its soaks: the first saves them, the second leaves at once.

use std::fmt;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::io::ports::{Asking, Next, SIGTERM, Signals};

/// Told once or twice to stop; clones share it. Who waits first hears first, so that a simulated run is the same each time: tokio's
/// `watch` wakes in an order of chance.
#[derive(Clone, Default)]
pub struct Stop(Arc<Shared>);

#[derive(Default)]
struct Shared {
    told: Mutex<Told>,
    news: Notify,
}

#[derive(Clone, Copy, Default)]
struct Told {
    times: u32,
    by: Option<&'static str>,
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stop").field(&self.told().times).finish()
    }
}

impl Stop {
    pub fn tell(&self, signal: &'static str) {
        let mut told = self.told();
        (told.times, told.by) = (told.times + 1, Some(signal));
        drop(told);
        self.0.news.notify_waiters();
    }

    pub fn is_asked(&self) -> bool {
        self.told().times > 0
    }

    /// Waits until it is asked to stop.
    pub async fn asked(&self) {
        self.more_than(0).await;
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.0.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it was told more often than this; the signal of the last time.
    async fn more_than(&self, times: u32) -> &'static str {
        loop {
            let mut news = pin!(self.0.news.notified());
            // From here on no news is missed.
            news.as_mut().enable();
            let told = *self.told();
            if told.times > times {
                return told.by.unwrap_or(SIGTERM);
            }
            news.await;
        }
    }
}

impl Signals for Stop {
    fn listen(&self) -> io::Result<Box<dyn Asking>> {
        Ok(Box::new(Listening { stop: self.clone(), heard: 0 }))
    }
}

struct Listening {
    stop: Stop,
    heard: u32,
}

impl Asking for Listening {
    fn next(&mut self) -> Next<'_> {
        Box::pin(async {
            let signal = self.stop.more_than(self.heard).await;
            self.heard += 1;
            signal
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn every_soak_hears_every_signal_also_one_that_began_later() {
        let stop = Stop::default();
        let mut early = stop.listen().unwrap();
        assert!(tokio::time::timeout(Duration::from_millis(20), early.next()).await.is_err());
        stop.tell("SIGTERM");
        let mut late = stop.listen().unwrap();
        stop.asked().await;
        assert_eq!((early.next().await, late.next().await), ("SIGTERM", "SIGTERM"));
        assert!(tokio::time::timeout(Duration::from_millis(20), early.next()).await.is_err());
        stop.tell("SIGINT");
        assert_eq!((early.next().await, late.next().await), ("SIGINT", "SIGINT"));
    }
}
