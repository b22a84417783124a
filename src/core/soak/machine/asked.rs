//! What was asked: pages of instances, and counters of Prometheus.

use crate::core::detect::Reading;
use crate::core::soak::{Check, Machine, Metered, Sample};
use crate::model::{CheckId, Color, Phase};

impl Machine {
    pub(super) fn sampled(&mut self, color: Color, instance: usize, sample: &Sample) {
        if color == self.settings.color {
            if let Sample::Good(Reading { release: Some(release), .. }) = sample {
                self.fleet.named(instance, release);
            }
            self.checks.page(&self.now(), instance, sample);
            return;
        }
        if self.settings.error_rate.metered.is_none() {
            self.count_on_standby(instance, sample);
        }
        if self.settings.latency.as_ref().is_some_and(|latency| latency.metered.is_none()) {
            self.count_slow_on_standby(instance, sample);
        }
    }

    pub(super) fn metered(&mut self, color: Color, check: &CheckId, outcome: &Metered) {
        let now = self.now();
        if color == self.settings.color {
            self.checks.metered(&now, check, outcome);
            return;
        }
        let sample = match outcome {
            Metered::New(reading) => Sample::Good(reading.clone()),
            Metered::Failed(why) => Sample::Failed(why.clone()),
            Metered::Same { .. } => {
                if *check == CheckId::ErrorRate {
                    self.standby.metered(&now, outcome);
                }
                return;
            }
        };
        match check {
            CheckId::ErrorRate => self.count_on_standby(0, &sample),
            CheckId::Latency => self.count_slow_on_standby(0, &sample),
            CheckId::Readiness | CheckId::Named(_) => {}
        }
    }

    fn count_on_standby(&mut self, instance: usize, sample: &Sample) {
        let now = self.now();
        if self.soaking() {
            self.standby.compared(&now, instance, sample);
        } else {
            self.standby.counted(&now, self.counted_since(), instance, sample);
        }
    }

    fn count_slow_on_standby(&mut self, instance: usize, sample: &Sample) {
        let (now, since) = (self.now(), self.counted_since());
        let Some(latency) = self.checks.latency_mut() else { return };
        latency.previous_sampled(instance, sample);
        if let Some(slow) = latency.bad_events(sample) {
            self.standby.counted_slow(&now, since, instance, &slow);
        }
    }

    /// The check of this name.
    pub fn check(&self, id: &CheckId) -> Option<&dyn Check> {
        self.checks.find(id)
    }

    /// Whether queries are to be asked now: also before the switch, so that it is known what fired then.
    pub fn queries_wanted(&self) -> bool {
        matches!(self.phase(), Phase::Gating | Phase::Baseline) || self.soaking()
    }
}
