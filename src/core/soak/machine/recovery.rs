//! How the previous color does after the rollback, and how that is told.

use crate::core::detect::{BadEvent, TickCounts};
use crate::core::soak::latency::LatencyCheck;
use crate::core::soak::{Machine, Verification};
use crate::model::number::span;
use crate::model::{Cause, CheckId, DecisionKind};

/// A silence in which so many requests were expected is not chance: with Poisson arrivals e^-7, below 0.1%.
const EXPECTED: f64 = 7.0;
/// A shorter silence says nothing, however many requests there were.
const SILENCE_MS: u64 = 3_000;

#[derive(Clone)]
pub(super) struct Recovery {
    pub(super) after: TickCounts,
    pub(super) cases: Vec<TickCounts>,
    pub(super) before: TickCounts,
    pub(super) allowed: f64,
    pub(super) bad_event: BadEvent,
    pub(super) something_failed: bool,
    /// For how long no request came any more, where that is no chance.
    pub(super) silent_ms: Option<u64>,
}

pub(super) struct Verified {
    pub(super) kind: DecisionKind,
    pub(super) recovered: Option<bool>,
    pub(super) message: String,
}

impl Machine {
    pub(super) fn told_of(&self, recovery: &Recovery) -> Verified {
        let (bad, standby) = (self.settings.color, self.settings.color.other());
        let Recovery { after, ref cases, before, allowed, bad_event, silent_ms, something_failed } = *recovery;
        let told = |kind, recovered, word: &str| {
            let silence = silent_ms.map(|ms| format!(", no request in the last {}", span(ms))).unwrap_or_default();
            let (after, before) = (bad_event.of(after), bad_event.of(before));
            let message = format!("{word}: {standby} after the rollback: {after}{silence}; {bad} before it: {before}");
            Verified { kind, recovered, message }
        };
        let not_confirmed = |why: &str| told(DecisionKind::NotRecovered, None, &format!("recovery not confirmed{why}"));
        if let Some(unread) = self.where_traffic_is_not_known() {
            return not_confirmed(&format!(", {unread}"));
        }
        let is_well = |counts: &TickCounts| {
            let enough = counts.requests >= self.settings.error_rate.min_requests;
            counts.rate().filter(|_| enough && silent_ms.is_none()).map(|rate| rate <= allowed)
        };
        // Something is said of users only where it does not depend on which of the requests were theirs.
        let well = is_well(&after).filter(|well| cases.iter().all(|counts| is_well(counts) == Some(*well)));
        match well {
            None => not_confirmed(""),
            Some(true) if something_failed => told(DecisionKind::Recovered, Some(true), "recovered"),
            Some(true) => told(DecisionKind::Observe, None, "verified"),
            Some(false) if something_failed => {
                told(DecisionKind::NotRecovered, Some(false), "the rollback did not help")
            }
            Some(false) => told(DecisionKind::NotRecovered, Some(false), "worse than before"),
        }
    }

    pub(super) fn recovery_of_what_broke(&self) -> Recovery {
        let trigger = self.response.trigger();
        let breached = trigger.map(|trigger| &trigger.observation.check);
        let slow = self.checks.latency().filter(|_| breached == Some(&CheckId::Latency));
        let (watch, before) = slow.map_or_else(
            || (self.standby.recovery(), self.checks.error_rate().seen()),
            |latency| (self.standby.slow_recovery(), latency.seen()),
        );
        let allowed = slow.map_or(self.settings.error_rate.threshold.0, LatencyCheck::allowed);
        let bad_event = slow.map_or(BadEvent::Failed, LatencyCheck::bad_event);
        let counted = breached.is_some_and(CheckId::counts_requests);
        let by_itself = trigger.is_some_and(|trigger| trigger.cause == Cause::Auto);
        // A crash loop breaches without a failed request.
        let failed = (counted && by_itself && before.errors > 0) || before.rate().is_some_and(|rate| rate > allowed);
        let judged_by_requests = self.settings.verification == Verification::Requests;
        let silent_ms = watch.silence().filter(|(silent_ms, expected)| {
            let long = *silent_ms >= SILENCE_MS.max(self.settings.interval_ms.saturating_mul(3));
            long && *expected >= EXPECTED && !judged_by_requests
        });
        Recovery {
            after: watch.counts(),
            cases: watch.in_each_case(),
            before,
            allowed,
            bad_event,
            something_failed: failed || judged_by_requests,
            silent_ms: silent_ms.map(|(silent_ms, _)| silent_ms),
        }
    }
}
