//! What makes a request count against the release.

use serde::{Deserialize, Serialize};

use super::counts::TickCounts;
use crate::number::{latency, latency_exact, percent, thousands};

/// The detectors judge both alike; only their sentences differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadEvent {
    #[default]
    Failed,
    Slower {
        than_ms: f64,
    },
}

impl BadEvent {
    /// `36/322 requests took longer than 500ms (11.2%)`, or `no request was seen`.
    pub fn tally(self, counts: TickCounts) -> String {
        let TickCounts { requests, errors } = counts.clamped();
        let Some(rate) = counts.rate() else { return "no request was seen".to_owned() };
        let verb = match self {
            Self::Failed => "failed".to_owned(),
            Self::Slower { than_ms } => format!("took longer than {}", latency_exact(than_ms)),
        };
        let shown = if errors == requests { rate } else { rate.min(0.999) };
        format!("{}/{} requests {verb} ({})", thousands(errors), thousands(requests), percent(shown))
    }

    /// `36 of 322 requests failed (11.2%)`, `36 of 322 requests took longer than 500ms (11.2%)`, or `no request was seen`.
    pub fn of(self, counts: TickCounts) -> String {
        let TickCounts { requests, errors } = counts.clamped();
        let Some(rate) = counts.rate() else { return "no request was seen".to_owned() };
        let noun = if requests == 1 { "request" } else { "requests" };
        let verb = match self {
            Self::Failed => "failed".to_owned(),
            Self::Slower { than_ms } => format!("took longer than {}", latency(than_ms)),
        };
        // Rounding must not claim that every request failed when one did not.
        let shown = if errors == requests { rate } else { rate.min(0.999) };
        format!("{} of {} {noun} {verb} ({})", thousands(errors), thousands(requests), percent(shown))
    }
}

pub fn failed(counts: TickCounts) -> String {
    BadEvent::Failed.of(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_read_as_a_sentence() {
        for (requests, errors, text) in [
            (3120, 412, "412 of 3,120 requests failed (13.2%)"),
            (0, 0, "no request was seen"),
            (1, 1, "1 of 1 request failed (100%)"),
            (10_000, 9_999, "9,999 of 10,000 requests failed (99.9%)"),
            (14_970, 24, "24 of 14,970 requests failed (0.16%)"),
            (1000, 0, "0 of 1,000 requests failed (0%)"),
        ] {
            assert_eq!(failed(TickCounts { requests, errors }), text);
        }
    }

    #[test]
    fn slow_requests_read_as_a_sentence() {
        let slow = BadEvent::Slower { than_ms: 500.0 };
        let counts = TickCounts { requests: 322, errors: 36 };
        assert_eq!(slow.of(counts), "36 of 322 requests took longer than 500ms (11.2%)");
        assert_eq!(slow.of(TickCounts::default()), "no request was seen");
        assert_eq!(slow.tally(counts), "36/322 requests took longer than 500ms (11.2%)");
        assert_eq!(BadEvent::Failed.tally(counts), "36/322 requests failed (11.2%)");
        assert_eq!(slow.tally(TickCounts::default()), "no request was seen");
    }
}
