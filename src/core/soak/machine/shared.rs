//! A cause that both colors share: where the standby fails in the same way at the same time, a rollback helps nobody.

use crate::config::OnSharedCause;
use crate::core::detect::failed;
use crate::core::soak::Machine;
use crate::core::soak::rate::RateCheck;
use crate::model::CheckId;

use super::outbox::Outbox;
use super::stage::{HoldCause, Stage};

/// Errors of the standby in the last 10 s, above the threshold, with evidence 10× if weighed. A wrong hold ends soon.
const ERRORS: u64 = 3;
const SUSPICIOUS: f64 = std::f64::consts::LN_10;
/// Requests of the last 10 s, within the threshold all in all, that show that it is well again.
const WELL_AGAIN: u64 = 3;

impl Machine {
    /// Whether the standby's metrics are wanted beside those that are judged.
    pub fn compares_with_standby(&self) -> bool {
        self.settings.on_shared_cause == OnSharedCause::Hold && self.soaking()
    }

    pub(super) fn shared_cause(&self) -> Option<String> {
        let by_errors = self.response.trigger().is_some_and(|trigger| trigger.observation.check == CheckId::ErrorRate);
        if !by_errors || !self.compares_with_standby() {
            return None;
        }
        // A hold needs failures of users: probes of a standby that is not ready are none.
        let recent = self.standby.rate().recent_at_best();
        let high = recent.rate().is_some_and(|rate| rate > self.settings.error_rate.threshold.0);
        let shared = if self.stage == Stage::Held(HoldCause::SharedCause) {
            // While it has no traffic it is not known to be well again.
            high || recent.requests < WELL_AGAIN
        } else {
            let evidence = self.standby.rate().evidence();
            high && recent.errors >= ERRORS && evidence.is_none_or(|evidence| evidence >= SUSPICIOUS)
        };
        shared.then(|| {
            let standby = self.settings.color.other();
            format!(
                "{standby} fails in the same way ({}), a shared cause is likely",
                failed(self.standby.rate().seen())
            )
        })
    }

    fn is_failing(&self, check: &RateCheck) -> bool {
        check.recent().rate().is_some_and(|rate| rate > self.settings.error_rate.threshold.0)
    }

    /// The standby is well again and the release is not: what was held for a shared cause goes ahead.
    pub(super) fn cause_no_longer_shared(&mut self, out: &mut Outbox) {
        let held = self.stage == Stage::Held(HoldCause::SharedCause);
        if held && self.shared_cause().is_none() && self.is_failing(self.checks.error_rate()) {
            self.act(1, out);
        }
    }
}
