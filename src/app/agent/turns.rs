//! Whose turn it is to begin: a few deployments at a time, and none while the soaks under way are late.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until, timeout};

/// Deployments that begin at once.
const AT_ONCE: usize = 8;
/// What takes longer may hang, and lets the next one begin.
const LONGEST: Duration = Duration::from_secs(3);
/// Between two looks at how late the soaks are.
const PAUSE: Duration = Duration::from_millis(5);
/// A timer that fires so long after its time has others waiting before it.
const LATE: Duration = Duration::from_millis(20);
/// The longest that a deployment waits for the soaks under way: that it is watched at all is worth more than a tick in time.
const PATIENCE: Duration = Duration::from_millis(250);

/// The turns of an agent's deployments.
#[derive(Clone)]
pub struct Turns(Arc<Semaphore>);

impl Turns {
    pub fn new() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }

    /// Does work that reads files and recordings when it is its turn.
    pub async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        let turn = self.0.acquire().await.ok();
        wait_for_the_others().await;
        let mut work = std::pin::pin!(work);
        if let Ok(done) = timeout(LONGEST, work.as_mut()).await {
            return done;
        }
        drop(turn);
        work.await
    }
}

/// Waits until timers fire in time, or for as long as the patience lasts.
async fn wait_for_the_others() {
    let limit = Instant::now() + PATIENCE;
    loop {
        let due = Instant::now() + PAUSE;
        sleep_until(due).await;
        if due.elapsed() < LATE || Instant::now() >= limit {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_few_begin_at_once_and_one_that_hangs_holds_the_others_up_for_a_moment() {
        let (turns, from) = (Turns::new(), Instant::now());
        for _ in 0..AT_ONCE {
            let turns = turns.clone();
            tokio::spawn(async move { turns.during(pending::<()>()).await });
        }
        sleep(Duration::from_millis(1)).await;
        turns.during(async {}).await;
        assert!(from.elapsed() >= LONGEST, "{:?}", from.elapsed());
        assert!(from.elapsed() < LONGEST + PATIENCE, "{:?}", from.elapsed());
        let next = Instant::now();
        turns.during(async {}).await;
        assert!(next.elapsed() < PATIENCE, "those that hang count no more: {:?}", next.elapsed());
    }

    /// On a clock of its own, which work under way moves on as a busy processor does.
    #[tokio::test(start_paused = true)]
    async fn nobody_begins_while_timers_are_late() {
        let busy = tokio::spawn(async {
            for _ in 0..4 {
                tokio::time::advance(LATE * 2).await;
                tokio::task::yield_now().await;
            }
        });
        let from = Instant::now();
        Turns::new().during(async {}).await;
        assert!(busy.is_finished(), "begun after {:?}", from.elapsed());
        assert!(from.elapsed() < PATIENCE);
    }

    #[tokio::test(start_paused = true)]
    async fn the_patience_with_others_has_an_end() {
        let busy = tokio::spawn(async {
            loop {
                tokio::time::advance(LATE * 2).await;
                tokio::task::yield_now().await;
            }
        });
        let from = Instant::now();
        Turns::new().during(async {}).await;
        assert!(from.elapsed() >= PATIENCE, "{:?}", from.elapsed());
        busy.abort();
    }
}
