//! Requests counted, by color.

use std::fmt;

use serde::Serialize;

use crate::model::Color;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Served {
    pub requests: u64,
    /// Those of them that failed: a status of the class 5xx, or no answer.
    pub failed: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Requests sent, those still under way included.
    pub sent: u64,
    pub failed: u64,
    pub blue: Served,
    pub green: Served,
}

impl Totals {
    pub fn add(&mut self, color: Color, failed: bool) {
        let served = match color {
            Color::Blue => &mut self.blue,
            Color::Green => &mut self.green,
        };
        served.requests += 1;
        served.failed += u64::from(failed);
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sent, failed, blue, green } = self;
        write!(f, "{sent} requests sent, {failed} failed (")?;
        write!(f, "blue {} of {}, green {} of {})", blue.failed, blue.requests, green.failed, green.requests)
    }
}
