//! The values of checks, each in its own unit.

use crate::core::soak::{ERROR_RATE, LATENCY, QueryKind, READINESS, Settings};
use crate::model::number::{latency, number, percent, percent_limit};

/// A value of a check as it was measured: `3.2%`, `212ms`, `1,234.5`.
pub fn measured(check: &str, value: f64) -> String {
    match check {
        LATENCY => latency(value * 1000.0),
        ERROR_RATE | READINESS => percent(value),
        _ => number(value),
    }
}

/// A threshold of a check as it was set: `5%`, `500ms`.
pub fn allowed(check: &str, threshold: f64) -> String {
    match check {
        LATENCY => latency(threshold * 1000.0),
        ERROR_RATE | READINESS => percent_limit(threshold),
        _ => number(threshold),
    }
}

/// The largest value that a check can have; none where there is no end.
pub fn most(check: &str) -> Option<f64> {
    matches!(check, ERROR_RATE | READINESS).then_some(1.0)
}

/// Whether a check is one of alerts, whose value is how many of them fire.
pub fn asks_for_alerts(check: &str, settings: &Settings) -> bool {
    settings.queries.iter().any(|query| query.name == check && query.kind == QueryKind::Alerts)
}

/// The name of a check for people: `error rate`, `latency p99`.
pub fn title(check: &str, settings: &Settings) -> String {
    match &settings.latency {
        Some(latency) if check == LATENCY => format!("{check} {}", latency.name()),
        _ if check == ERROR_RATE => "error rate".to_owned(),
        // The operator's own names stay as they are.
        _ => check.to_owned(),
    }
}
