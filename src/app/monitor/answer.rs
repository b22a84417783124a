//! The answer to an operator's order.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::core::soak::Refusal;

/// How long the answer to an accepted order waits for its decision to reach the disk.
const JOURNAL_LIMIT: Duration = Duration::from_secs(5);

/// Where the answer to an order goes.
#[derive(Debug)]
pub struct Answer {
    /// Takes the place of the order's event, or why it was refused.
    pub to: oneshot::Sender<Result<u64, Refusal>>,
    /// The place of the order's event.
    pub seq: u64,
}

impl Answer {
    /// Answers, from now on by itself, once somebody else has journaled the decision, or soon if that takes too long.
    pub fn once_journaled(self) -> oneshot::Sender<()> {
        let (journaled, told) = oneshot::channel();
        tokio::spawn(async move {
            let _ = timeout(JOURNAL_LIMIT, told).await;
            let _ = self.to.send(Ok(self.seq));
        });
        journaled
    }
}
