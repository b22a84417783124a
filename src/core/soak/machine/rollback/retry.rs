//! The next attempt: when it is made, what speaks against it, and what is told of it.

use super::super::PATIENCE_MS;
use super::super::outbox::Outbox;
use super::super::stage::{HoldCause, Stage};
use super::{ATTEMPTS, Rolling, TELL_EVERY_MS};
use crate::core::soak::{Machine, Observation};
use crate::model::number::span;
use crate::model::{CheckId, ReasonCode, Traffic, Verdict};

/// The wait after the first failure; it doubles up to the cap, which is higher once `rollback.give_up` is over.
const FIRST_BACKOFF_MS: u64 = 200;
const MAX_BACKOFF_MS: u64 = 10_000;
const LATE_BACKOFF_MS: u64 = 30_000;

/// Failures that are told as they come; after that one for each interval.
const TOLD_AT_ONCE: u32 = 3;

pub(super) enum Objection {
    Hold(HoldCause),
    Wait(String),
}

impl Machine {
    pub(super) fn wait_to_retry(&mut self, out: &mut Outbox) {
        let (at, overdue, bounded) = (self.time.at(), self.overdue(), self.is_bounded());
        let Stage::RollingBack(rolling) = &mut self.stage else { return };
        let most = if overdue { LATE_BACKOFF_MS } else { MAX_BACKOFF_MS };
        let doubled = FIRST_BACKOFF_MS.saturating_mul(1 << (rolling.failures - 1).min(16));
        let wait = doubled.min(most);
        rolling.retry_at = Some(at.saturating_add(wait));
        out.schedule(at.saturating_add(wait));
        out.probe_standby();
        let gave_up = overdue && !std::mem::replace(&mut rolling.told_overdue, overdue);
        let due = rolling.failures <= TOLD_AT_ONCE || at >= rolling.told_ms.saturating_add(TELL_EVERY_MS);
        if !due && !gave_up {
            return;
        }
        rolling.told_ms = at;
        let count = if bounded { format!(" of {ATTEMPTS}") } else { String::new() };
        let attempt = format!("attempt {}{count} to roll back failed", rolling.failures);
        let lasted = span(at.saturating_sub(rolling.since_ms));
        let why = rolling.why.clone();
        let message = if gave_up {
            format!(
                "NOT ROLLED BACK for {lasted} (rollback.give_up), {}: {attempt}: {why}. Move traffic to {} by hand now",
                self.traffic_now(),
                self.settings.color.other(),
            )
        } else {
            format!("NOT ROLLED BACK YET, {}: {attempt}, trying again in {}: {why}", self.traffic_now(), span(wait))
        };
        out.journal(self.observe(ReasonCode::RollbackAttempt, message));
        out.reflect();
    }

    fn traffic_now(&self) -> String {
        let (bad, standby) = (self.settings.color, self.settings.color.other());
        let Stage::RollingBack(Rolling { traffic, .. }) = &self.stage else { return String::new() };
        match traffic {
            Traffic::On(color) if *color == standby => {
                format!("traffic is on {standby} but the move is not fully recorded")
            }
            Traffic::On(_) => format!("traffic is still on {bad}"),
            Traffic::Unmoved | Traffic::Unconfirmed(_) | Traffic::Unknown => format!("traffic may still reach {bad}"),
        }
    }

    /// Nothing speaks against another attempt where traffic may have moved: then it is brought to an end.
    pub(super) fn objection(&self) -> Option<Objection> {
        let Stage::RollingBack(rolling) = &self.stage else { return None };
        if self.is_bounded() || rolling.traffic != Traffic::On(self.settings.color) {
            return None;
        }
        if self.response.frozen().is_some() {
            return Some(Objection::Hold(HoldCause::Frozen));
        }
        if self.overdue() && !self.may_be_breached(rolling.since_ms) {
            return Some(Objection::Hold(HoldCause::BreachGone));
        }
        if self.standby.all_answered() && self.standby_missing(1) {
            return Some(Objection::Wait(self.hold_reason(HoldCause::StandbyDown)));
        }
        None
    }

    /// Whether what led to the rollback is seen now, or nothing can be known yet: so soon after a beginning.
    fn may_be_breached(&self, since_ms: u64) -> bool {
        let began = self.time.resumed_at().unwrap_or(0).max(since_ms);
        self.time.at() < began.saturating_add(PATIENCE_MS) || self.breach_is_seen()
    }

    pub(super) fn breach_is_seen(&self) -> bool {
        let Some(known) = self.response.breach() else { return false };
        let is_bad = |seen: &Observation| match seen.check {
            // Their verdicts stand once they are made; the value is that of the last 10 s.
            CheckId::ErrorRate | CheckId::Latency => {
                let limit =
                    if known.check == seen.check { seen.threshold.min(known.threshold) } else { seen.threshold };
                seen.value.is_some_and(|value| value > limit)
            }
            CheckId::Readiness | CheckId::Named(_) => seen.verdict == Verdict::Breached,
        };
        self.observations().iter().any(|seen| seen.required && is_bad(seen))
    }
}
