//! The signals of the agent, for all of its soaks: the first saves them, the second leaves at once.

use std::fmt;
use std::io;

use tokio::sync::watch;

use crate::io::ports::{Asking, Next, SIGTERM, Signals};

/// Told once or twice to stop; clones share it.
#[derive(Clone)]
pub struct Stop(watch::Sender<Told>);

#[derive(Clone, Copy, Default)]
struct Told {
    times: u32,
    by: Option<&'static str>,
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stop").field(&self.0.borrow().times).finish()
    }
}

impl Stop {
    pub fn new() -> Self {
        Self(watch::Sender::default())
    }

    pub fn tell(&self, signal: &'static str) {
        self.0.send_modify(|told| (told.times, told.by) = (told.times + 1, Some(signal)));
    }

    pub fn is_asked(&self) -> bool {
        self.0.borrow().times > 0
    }

    /// Waits until it is asked to stop.
    pub async fn asked(&self) {
        // The sender lives as long as this.
        let _ = self.0.subscribe().wait_for(|told| told.times > 0).await;
    }
}

impl Signals for Stop {
    fn listen(&self) -> io::Result<Box<dyn Asking>> {
        Ok(Box::new(Listening { told: self.0.subscribe(), heard: 0 }))
    }
}

struct Listening {
    told: watch::Receiver<Told>,
    heard: u32,
}

impl Asking for Listening {
    fn next(&mut self) -> Next<'_> {
        Box::pin(async {
            let heard = self.heard;
            match self.told.wait_for(|told| told.times > heard).await.map(|told| *told) {
                Ok(told) => {
                    self.heard += 1;
                    told.by.unwrap_or(SIGTERM)
                }
                // The agent is gone, and this task with it.
                Err(_) => std::future::pending().await,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn every_soak_hears_every_signal_also_one_that_began_later() {
        let stop = Stop::new();
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
