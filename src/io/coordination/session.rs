//! The lease of this process, kept alive, and what is known of how long it lasts.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::engine::{Engine, EngineError, Lease};
use crate::io::clock::Clock;
use crate::io::tasks::boxed;

/// A lease is renewed so many times before it would end.
const RENEWALS: u32 = 3;

/// Ends with the last clone of its handle; whoever asks the engine to revoke the lease does so before.
#[derive(Debug)]
pub struct Session {
    pub lease: i64,
    clock: Arc<dyn Clock>,
    /// On the clock that counts from boot, in milliseconds. By then the engine cannot have ended it.
    valid_until_ms: Arc<AtomicI64>,
    ended: watch::Receiver<bool>,
    keeping: JoinHandle<()>,
}

impl Session {
    pub async fn begin(engine: &Arc<dyn Engine>, clock: &Arc<dyn Clock>, ttl: Duration) -> Result<Self, EngineError> {
        let asked_ms = clock.boot_ms();
        let Lease { id, granted } = engine.grant(ttl).await?;
        let valid_until_ms = Arc::new(AtomicI64::new(asked_ms + millis(granted)));
        let (end, ended) = watch::channel(false);
        let keeping = {
            let (engine, clock, valid) = (Arc::clone(engine), Arc::clone(clock), Arc::clone(&valid_until_ms));
            tokio::spawn(boxed(async move {
                loop {
                    sleep(granted / RENEWALS).await;
                    // What the engine says counts from when it was asked.
                    let asked_ms = clock.boot_ms();
                    match engine.keep_alive(id).await {
                        Ok(Some(left)) => valid.store(asked_ms + millis(left), Ordering::Relaxed),
                        Ok(None) => break,
                        Err(error) => tracing::warn!(%error, "the lease was not renewed"),
                    }
                }
                valid.store(0, Ordering::Relaxed);
                let _ = end.send(true);
            }))
        };
        Ok(Self { lease: id, clock: Arc::clone(clock), valid_until_ms, ended, keeping })
    }

    /// For how long the lease lasts at least; negative for how long it may have ended.
    pub fn left_ms(&self) -> i64 {
        self.valid_until_ms.load(Ordering::Relaxed) - self.clock.boot_ms()
    }

    /// Whether the engine has said that it has ended.
    pub fn has_ended(&self) -> bool {
        *self.ended.borrow()
    }

    /// Returns once the engine has said so.
    pub async fn end(&self) {
        let mut ended = self.ended.clone();
        // The sender is gone once it has been told.
        let _ = ended.wait_for(|ended| *ended).await;
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.keeping.abort();
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 2)
}
