//! One recorded soak under one setting.

use serde::Serialize;

use super::trace::{Trace, TraceTick};
use crate::config::Method;
use crate::core::detect::{
    Closing, ClosingVerdict, Detector, Ending, EvidenceConfig, EvidenceConfigError, EvidenceDetector, TickCounts,
    WindowConfig, WindowDetector,
};

/// A setting to judge a trace by.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Setting {
    /// The method.
    pub method: Method,
    /// The largest acceptable error rate, above 0 and below 1.
    pub threshold: f64,
    /// The bound on rolling back a release that sits at the threshold.
    pub false_alarm: f64,
    /// No breach on fewer requests.
    pub min_requests: u64,
    /// The soak window in milliseconds; `None` for the length of the trace.
    pub window_ms: Option<u64>,
    /// Milliseconds between two ticks; `None`, or less than the trace has: the trace's interval. Ticks in between are joined.
    pub interval_ms: Option<u64>,
}

/// The result of one trace under one setting.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Judged {
    /// The trace, as it was named.
    pub file: String,
    /// The verdict.
    pub verdict: ClosingVerdict,
    /// When it breached, in milliseconds since the start; `None` unless it did.
    pub at_ms: Option<u64>,
    /// Requests until then.
    pub requests: u64,
    /// Those of them that failed.
    pub errors: u64,
    /// The highest evidence in nats; `None` for the plain rule.
    pub peak_evidence: Option<f64>,
    /// The sentence with the numbers.
    pub reason: String,
    /// The setting, with window and interval as they were used.
    #[serde(flatten)]
    pub setting: Setting,
}

/// Judges `trace`, called `file`, as a soak would have. What lies beyond the window is used only for an extension.
pub fn judge(file: &str, trace: &Trace, setting: &Setting) -> Result<Judged, EvidenceConfigError> {
    let window_ms = setting.window_ms.unwrap_or_else(|| trace.length_ms());
    let recorded_ms = trace.interval_ms();
    let interval_ms = setting.interval_ms.unwrap_or(0).max(recorded_ms);
    let setting = Setting { window_ms: Some(window_ms), interval_ms: Some(interval_ms), ..*setting };
    let detector = detector(&setting, window_ms, interval_ms)?;
    let mut run = Run { trace, detector, window_ms, recorded_ms, interval_ms, last_ms: 0 };
    let (closing, at_ms) = run.judge();
    let TickCounts { requests, errors } = run.detector.seen();
    Ok(Judged {
        file: file.to_owned(),
        verdict: closing.verdict,
        at_ms: (closing.verdict == ClosingVerdict::Breached).then_some(at_ms),
        requests,
        errors,
        peak_evidence: run.detector.peak_evidence(),
        reason: closing.reason,
        setting,
    })
}

fn detector(setting: &Setting, window_ms: u64, tick_ms: u64) -> Result<Detector, EvidenceConfigError> {
    let &Setting { threshold, false_alarm, min_requests, .. } = setting;
    // Out-of-range values are refused even if the plain rule does not use them.
    let evidence = EvidenceDetector::new(EvidenceConfig { threshold, false_alarm, min_requests, window_ms, tick_ms })?;
    Ok(match setting.method {
        Method::Evidence => Detector::Evidence(Box::new(evidence)),
        Method::Window => Detector::Window(WindowDetector::new(WindowConfig { threshold, min_requests, window_ms })),
    })
}

struct Run<'a> {
    trace: &'a Trace,
    detector: Detector,
    window_ms: u64,
    /// The interval of the trace, and the one it is judged at.
    recorded_ms: u64,
    interval_ms: u64,
    last_ms: u64,
}

impl Run<'_> {
    fn judge(&mut self) -> (Closing, u64) {
        let mut ticks = joined(&self.trace.ticks, self.recorded_ms, self.interval_ms).peekable();
        while let Some(tick) = ticks.next_if(|tick| tick.at_ms <= self.window_ms) {
            if let Some(breach) = self.live(tick) {
                return (breach, tick.at_ms);
            }
        }
        self.skip_to(self.window_ms.saturating_add(self.interval_ms));
        self.last_ms = self.window_ms;
        for (overtime, tick) in (0..).zip(ticks) {
            if matches!(self.detector.close(self.last_ms, overtime), Ending::Closed(_)) {
                break;
            }
            if let Some(breach) = self.live(tick) {
                return (breach, tick.at_ms);
            }
        }
        (self.detector.conclude(self.last_ms), self.last_ms)
    }

    fn live(&mut self, TraceTick { at_ms, counts }: TraceTick) -> Option<Closing> {
        self.skip_to(at_ms);
        self.detector.tick(at_ms, counts);
        self.last_ms = at_ms;
        let crash_loop = self.trace.crash_loop.as_ref().filter(|(crash_ms, _)| *crash_ms <= at_ms);
        let reason = crash_loop.map(|(_, reason)| reason.as_str()).or_else(|| self.detector.breach())?;
        Some(Closing::new(ClosingVerdict::Breached, reason))
    }

    /// Counts the ticks that should have run between the last one and `at_ms` as missing.
    fn skip_to(&mut self, at_ms: u64) {
        let intervals = at_ms.saturating_sub(self.last_ms).saturating_add(self.interval_ms / 2) / self.interval_ms;
        self.detector.skip(intervals.saturating_sub(1));
    }
}

/// Ticks recorded about `recorded_ms` apart, at least `interval_ms` apart; what lies in between is joined to the next one.
fn joined(ticks: &[TraceTick], recorded_ms: u64, interval_ms: u64) -> impl Iterator<Item = TraceTick> {
    // Ticks can be late; half an interval separates the due one from the one before.
    let slack_ms = recorded_ms / 2;
    let (mut last_ms, mut waiting) = (0_u64, TickCounts::default());
    ticks.iter().filter_map(move |tick| {
        waiting = waiting.plus(tick.counts.unwrap_or_default());
        if tick.at_ms.saturating_add(slack_ms) < last_ms.saturating_add(interval_ms) {
            return None;
        }
        last_ms = tick.at_ms;
        let counts = tick.counts.map(|_| std::mem::take(&mut waiting));
        Some(TraceTick { at_ms: tick.at_ms, counts })
    })
}

#[cfg(test)]
mod tests;
