//! Whether the counted requests speak against the release: the configured method, and the comparison with the previous color.

use serde::{Deserialize, Serialize};

use super::settings::ErrorRateSettings;
use crate::config::{Baseline, Method};
use crate::core::detect::{
    BadEvent, BaselineRule, Closing, ClosingVerdict, Detector, Ending, EvidenceConfig, EvidenceDetector, Outlook,
    RecentCounts, TickCounts, WindowConfig, WindowDetector, failed, longest_silence,
};
use crate::model::number::{percent, span, thousands};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OldColor {
    /// Its requests while it was looked at, at least one, and those of them that failed.
    pub counts: TickCounts,
    /// For how long it was looked at, in milliseconds.
    pub measured_ms: u64,
}

/// Times are milliseconds since the window's start.
#[derive(Clone, Debug, PartialEq)]
pub struct Judge {
    detector: Detector,
    comparison: Option<Comparison>,
    old: Option<OldColor>,
    recent: RecentCounts,
    seen: TickCounts,
    last_request_ms: u64,
    longest_silence_ms: Option<u64>,
}

#[derive(Clone, Debug, PartialEq)]
struct Comparison {
    old: TickCounts,
    detector: Box<EvidenceDetector>,
    acts: bool,
}

impl Judge {
    pub fn new(settings: &ErrorRateSettings, window_ms: u64, tick_ms: u64, old: Option<OldColor>) -> Self {
        let config = evidence_config(settings, window_ms, tick_ms);
        let comparison = old.and_then(|old| Comparison::new(settings, &config, old));
        let acts = comparison.as_ref().is_some_and(|comparison| comparison.acts);
        // A judgement in two parts gives half of the false alarm bound to each.
        let main = if acts { config.halved() } else { config };
        let silence = old.and_then(|old| longest_silence(old.counts, old.measured_ms, &config));
        Self {
            detector: detector(settings, main),
            comparison,
            old,
            recent: RecentCounts::default(),
            seen: TickCounts::default(),
            last_request_ms: 0,
            longest_silence_ms: silence.and_then(|longest| u64::try_from(longest.as_millis()).ok()),
        }
    }

    pub const fn speak_of(&mut self, bad_event: BadEvent) {
        self.detector.speak_of(bad_event);
    }

    pub fn tick(&mut self, at_ms: u64, counts: Option<TickCounts>) {
        self.detector.tick(at_ms, counts);
        self.recent.tick(at_ms, counts);
        if let Some(comparison) = &mut self.comparison {
            comparison.detector.tick(at_ms, counts);
        }
        let counts = counts.unwrap_or_default();
        self.seen = self.seen.plus(counts);
        if counts.requests > 0 {
            self.last_request_ms = at_ms;
        }
    }

    pub fn skip(&mut self, ticks: u64) {
        self.detector.skip(ticks);
        if let Some(comparison) = &mut self.comparison {
            comparison.detector.skip(ticks);
        }
    }

    pub fn breach(&self) -> Option<String> {
        let absolute = self.detector.breach().map(str::to_owned);
        absolute.or_else(|| self.comparison.as_ref().filter(|comparison| comparison.acts)?.breach())
    }

    /// The sentence of a release that is worse than the previous color, where that is only told.
    pub fn warning(&self) -> Option<String> {
        self.comparison.as_ref().filter(|comparison| !comparison.acts)?.breach()
    }

    /// `no traffic: did the router switch?`, where the previous color's traffic makes the silence suspicious.
    pub fn silence(&self, at_ms: u64) -> Option<String> {
        let quiet_ms = at_ms.saturating_sub(self.last_request_ms);
        let OldColor { counts, measured_ms } = self.old?;
        (quiet_ms > self.longest_silence_ms?).then(|| {
            let before = format!("{} requests in {}", thousands(counts.requests), span(measured_ms));
            format!("no traffic for {}, the previous color had {before}: did the router switch?", span(quiet_ms))
        })
    }

    pub fn close(&self, at_ms: u64, overtime: u64) -> Ending {
        match self.breach() {
            Some(reason) => Ending::Closed(Closing::new(ClosingVerdict::Breached, reason)),
            None => self.detector.close(at_ms, overtime),
        }
    }

    pub fn healthy_at(&self, at_ms: u64) -> bool {
        self.breach().is_none() && self.detector.concludes_healthy(at_ms)
    }

    pub fn explain(&self) -> String {
        self.detector.explain()
    }

    /// None for the plain rule, which does not look ahead.
    pub fn outlook(&self, at_ms: u64) -> Option<Outlook> {
        match &self.detector {
            Detector::Evidence(detector) => Some(detector.outlook(at_ms, &self.recent)),
            Detector::Window(_) => None,
        }
    }

    pub fn evidence(&self) -> Option<f64> {
        self.detector.evidence()
    }

    pub fn recent(&self) -> TickCounts {
        self.recent.counts()
    }

    pub const fn seen(&self) -> TickCounts {
        self.seen
    }
}

impl Comparison {
    /// None where the configuration wants none, or where the previous color's rate allows as much as the threshold does.
    fn new(settings: &ErrorRateSettings, config: &EvidenceConfig, old: OldColor) -> Option<Self> {
        if settings.method != Method::Evidence || settings.baseline == Baseline::Off || old.counts.requests == 0 {
            return None;
        }
        let relative = BaselineRule::default().relative(old.counts, config);
        let detector = Box::new(EvidenceDetector::new(relative).ok()?);
        (relative.threshold < config.threshold).then_some(Self {
            old: old.counts,
            detector,
            acts: settings.baseline == Baseline::Judge,
        })
    }

    fn breach(&self) -> Option<String> {
        let reason = self.detector.breach()?;
        let old = failed(self.old);
        Some(format!("worse than the previous color (before the switch {old}): {reason}"))
    }
}

/// The largest share that the previous color's rate allows the new one, if that is less than the threshold.
pub fn relative_threshold(settings: &ErrorRateSettings, window_ms: u64, tick_ms: u64, old: OldColor) -> Option<String> {
    let config = evidence_config(settings, window_ms, tick_ms);
    let allowed = BaselineRule::default().threshold(old.counts, &config);
    (allowed < settings.threshold.0).then(|| percent(allowed))
}

const fn evidence_config(settings: &ErrorRateSettings, window_ms: u64, tick_ms: u64) -> EvidenceConfig {
    let (threshold, false_alarm) = (settings.threshold.0, settings.false_alarm.0);
    EvidenceConfig { threshold, false_alarm, min_requests: settings.min_requests, window_ms, tick_ms }
}

/// The plain rule judges a threshold that is so close to 0 or 1 that any bet's odds would be lost in rounding.
fn detector(settings: &ErrorRateSettings, config: EvidenceConfig) -> Detector {
    let plain = || {
        let EvidenceConfig { threshold, min_requests, window_ms, .. } = config;
        Detector::Window(WindowDetector::new(WindowConfig { threshold, min_requests, window_ms }))
    };
    match settings.method {
        Method::Window => plain(),
        Method::Evidence => {
            EvidenceDetector::new(config).map_or_else(|_| plain(), |detector| Detector::Evidence(Box::new(detector)))
        }
    }
}
