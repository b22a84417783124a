//! What the agent measures of itself: how late its tasks run, memory, descriptors, threads.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::io::control::{Board, Gauges};
use crate::io::usage;

/// A task that does nothing else shows how late the others are.
const EVERY: Duration = Duration::from_millis(100);
/// The page tells the worst of so many readings, each of [`READING`]: of a minute.
const KEPT: usize = 12;
const READING: Duration = Duration::from_secs(5);

/// Measures for as long as the agent runs.
pub async fn measure(board: Board) {
    let mut worst = VecDeque::from([Duration::ZERO]);
    let mut next_reading = Instant::now();
    loop {
        let due = Instant::now() + EVERY;
        sleep_until(due).await;
        let late = due.elapsed();
        if let Some(newest) = worst.back_mut() {
            *newest = late.max(*newest);
        }
        if Instant::now() < next_reading {
            continue;
        }
        next_reading = Instant::now() + READING;
        let tick_lag = worst.iter().max().copied().unwrap_or_default().as_secs_f64();
        worst.push_back(Duration::ZERO);
        while worst.len() > KEPT {
            worst.pop_front();
        }
        board.measured(Gauges {
            tick_lag,
            resident_bytes: usage::resident_bytes().unwrap_or_default(),
            open_descriptors: usage::open_descriptors().unwrap_or_default(),
            threads: usage::threads().unwrap_or_default(),
        });
    }
}
