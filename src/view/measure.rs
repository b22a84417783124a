//! The values of checks, each in its own unit.

use crate::detect::{millis, percent, percent_exact};
use crate::soak::{LATENCY, Settings};

/// A value of a check as it was measured: `3.2 %`, `212 ms`.
pub fn measured(check: &str, value: f64) -> String {
    if check == LATENCY { millis(value * 1000.0) } else { percent(value) }
}

/// A threshold of a check as it was set: `5 %`, `500 ms`.
pub fn allowed(check: &str, threshold: f64) -> String {
    if check == LATENCY { millis(threshold * 1000.0) } else { percent_exact(threshold) }
}

/// The largest value that a check can have; none where there is no end.
pub fn most(check: &str) -> Option<f64> {
    (check != LATENCY).then_some(1.0)
}

/// The name of a check for people: `error rate`, `latency p99`.
pub fn title(check: &str, settings: &Settings) -> String {
    match &settings.latency {
        Some(latency) if check == LATENCY => format!("{check} {}", latency.name()),
        _ => check.replace('-', " "),
    }
}
