//! The values of checks, each in its own unit.

use crate::core::soak::{QueryKind, Settings};
use crate::model::CheckId;
use crate::model::number::{latency, number, percent, percent_limit};

/// A value of a check as it was measured: `3.2%`, `212ms`, `1,234.5`.
pub fn measured(check: &CheckId, value: f64) -> String {
    match check {
        CheckId::Latency => latency(value * 1000.0),
        CheckId::ErrorRate | CheckId::Readiness => percent(value),
        CheckId::Named(_) => number(value),
    }
}

/// A threshold of a check as it was set: `5%`, `500ms`.
pub fn allowed(check: &CheckId, threshold: f64) -> String {
    match check {
        CheckId::Latency => latency(threshold * 1000.0),
        CheckId::ErrorRate | CheckId::Readiness => percent_limit(threshold),
        CheckId::Named(_) => number(threshold),
    }
}

/// The largest value that a check can have; `None` if unbounded.
pub fn most(check: &CheckId) -> Option<f64> {
    matches!(check, CheckId::ErrorRate | CheckId::Readiness).then_some(1.0)
}

/// Whether a check is one of alerts, whose value is how many of them fire.
pub fn asks_for_alerts(check: &CheckId, settings: &Settings) -> bool {
    settings.queries.iter().any(|query| query.name == *check && query.kind == QueryKind::Alerts)
}

/// The name of a check for people: `error rate`, `latency p99`.
pub fn title(check: &CheckId, settings: &Settings) -> String {
    match (check, &settings.latency) {
        (CheckId::Latency, Some(latency)) => format!("{check} {}", latency.name()),
        (CheckId::ErrorRate, _) => "error rate".to_owned(),
        // The operator's own names stay as they are.
        _ => check.to_string(),
    }
}
