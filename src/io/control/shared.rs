//! One reading of the deployment for all who ask for it within a second: each of them would ask the router.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::io::state::StatusReport;

use super::StatusOf;

struct Reading {
    /// When it was read, and how many orders had been given when it began.
    at: Instant,
    orders: u64,
    status: Result<StatusReport, String>,
}

#[derive(Clone)]
pub struct SharedStatus {
    read: StatusOf,
    last: Arc<Mutex<Option<Reading>>>,
    orders: Arc<AtomicU64>,
    age: Duration,
}

impl SharedStatus {
    pub fn new(read: StatusOf, age: Duration) -> Self {
        Self { read, last: Arc::default(), orders: Arc::default(), age }
    }

    /// Callers during a reading wait for it.
    pub async fn get(&self) -> Result<StatusReport, String> {
        let mut last = self.last.lock().await;
        let orders = self.orders.load(Ordering::SeqCst);
        let holds = |reading: &&Reading| reading.orders == orders && reading.at.elapsed() < self.age;
        if let Some(reading) = last.as_ref().filter(holds) {
            return reading.status.clone();
        }
        let status = (self.read)().await;
        *last = Some(Reading { at: Instant::now(), orders, status: status.clone() });
        status
    }

    /// Invalidates the last reading, after an order. Does not wait for a current one.
    pub fn forget(&self) {
        self.orders.fetch_add(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[tokio::test]
    async fn many_who_ask_at_once_are_one_reading_and_an_order_makes_it_worthless() {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let read: StatusOf = Arc::new(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            Box::pin(async {
                tokio::time::sleep(Duration::from_millis(20)).await;
                Err("the state file is gone".to_owned())
            })
        });
        let status = SharedStatus::new(read, Duration::from_hours(1));
        let asked: Vec<_> = (0..100)
            .map(|_| {
                tokio::spawn({
                    let status = status.clone();
                    async move { status.get().await }
                })
            })
            .collect();
        for answer in asked {
            assert_eq!(answer.await.unwrap().unwrap_err(), "the state file is gone");
        }
        assert_eq!(count.load(Ordering::SeqCst), 1);
        status.forget();
        status.get().await.unwrap_err();
        assert_eq!(count.load(Ordering::SeqCst), 2);
    }
}
