//! Requests counted, by color.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use crate::model::Color;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Served {
    pub requests: u64,
    /// Those of them that failed: a status of the class 5xx, or no answer.
    pub failed: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Requests sent, those still under way included.
    pub sent: u64,
    pub failed: u64,
    pub blue: Served,
    pub green: Served,
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sent, failed, blue, green } = self;
        write!(f, "{sent} requests sent, {failed} failed (")?;
        write!(f, "blue {} of {}, green {} of {})", blue.failed, blue.requests, green.failed, green.requests)
    }
}

/// Counts what both colors serve; shared between tasks.
#[derive(Debug, Default)]
pub struct Tally {
    blue: Counter,
    green: Counter,
}

#[derive(Debug, Default)]
struct Counter {
    requests: AtomicU64,
    failed: AtomicU64,
}

impl Tally {
    pub fn add(&self, color: Color, failed: bool) {
        let counter = self.counter(color);
        counter.requests.fetch_add(1, Ordering::Relaxed);
        counter.failed.fetch_add(u64::from(failed), Ordering::Relaxed);
    }

    pub fn served(&self, color: Color) -> Served {
        let counter = self.counter(color);
        Served { requests: counter.requests.load(Ordering::Relaxed), failed: counter.failed.load(Ordering::Relaxed) }
    }

    const fn counter(&self, color: Color) -> &Counter {
        match color {
            Color::Blue => &self.blue,
            Color::Green => &self.green,
        }
    }
}
