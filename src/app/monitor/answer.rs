//! The answer to an operator's order.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::core::soak::Refusal;
use crate::io::tasks::boxed;

/// How long the answer to an accepted order waits for its decision to reach the disk.
const JOURNAL_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub struct Answer {
    /// Receives the sequence number of the order's event, or why it was refused.
    pub to: oneshot::Sender<Result<u64, Refusal>>,
    /// The sequence number of the order's event.
    pub seq: u64,
}

impl Answer {
    /// Answers from a task of its own, once the decision is journaled or `JOURNAL_TIMEOUT` has passed.
    pub fn once_journaled(self) -> oneshot::Sender<()> {
        let (journaled, told) = oneshot::channel();
        tokio::spawn(boxed(async move {
            let _ = timeout(JOURNAL_TIMEOUT, told).await;
            let _ = self.to.send(Ok(self.seq));
        }));
        journaled
    }
}
