//! What Prometheus says: the counters of a color, and the values of queries.

use crate::core::detect::Reading;
use crate::core::soak::query::QueryCheck;
use crate::core::soak::{Answer, Machine, Metered, Sample};
use crate::model::{CheckId, Color, Phase};

impl Machine {
    /// The counters of a color, for one check.
    pub(super) fn metered(&mut self, color: Color, check: &CheckId, outcome: &Metered) {
        let watched = color == self.settings.color;
        let sample = match outcome {
            Metered::New(reading) => Sample::Good(reading.clone()),
            Metered::Failed(why) => Sample::Failed(why.clone()),
            Metered::Same { .. } => {
                match (watched, check, &mut self.latency) {
                    (true, CheckId::ErrorRate, _) => self.error_rate.nothing_new(self.at),
                    (false, CheckId::ErrorRate, _) => self.standby_rate.nothing_new(self.at),
                    (true, CheckId::Latency, Some(latency)) => latency.nothing_new(self.at),
                    _ => {}
                }
                return;
            }
        };
        match check {
            CheckId::ErrorRate => self.count_requests(watched, 0, &sample),
            CheckId::Latency => self.count_slow(watched, 0, &sample),
            _ => {}
        }
    }

    /// The page of an instance, of which each check takes what it does not have from Prometheus.
    pub(super) fn sampled(&mut self, color: Color, instance: usize, sample: &Sample) {
        let watched = color == self.settings.color;
        if let (true, Sample::Good(Reading { release: Some(release), .. })) = (watched, sample) {
            self.builds.named(instance, release);
        }
        if self.settings.error_rate.metered.is_none() {
            self.count_requests(watched, instance, sample);
        }
        if self.settings.latency.as_ref().is_some_and(|latency| latency.metered.is_none()) {
            self.count_slow(watched, instance, sample);
        }
    }

    fn count_requests(&mut self, watched: bool, instance: usize, sample: &Sample) {
        if !watched {
            if self.soaking() {
                self.count_on_standby(instance, sample);
            } else {
                self.recovery.sampled(self.at, self.counted_since(), instance, sample);
            }
            return;
        }
        let counted = self.error_rate.sampled(self.at, self.run_wall, instance, sample);
        // What a page shows that is not counted happened before the soak, or is in doubt.
        if counted.errors > 0
            && let Sample::Good(reading) = sample
            && let Some(blame) = &reading.blame
        {
            self.ledger.enter(blame);
        }
    }

    fn count_slow(&mut self, watched: bool, instance: usize, sample: &Sample) {
        let since = self.counted_since();
        let Some(latency) = &mut self.latency else { return };
        if watched {
            latency.sampled(self.at, self.run_wall, instance, sample);
            return;
        }
        latency.previous_sampled(instance, sample);
        if let Some(slow) = latency.misses(sample) {
            self.slow_recovery.sampled(self.at, since, instance, &slow);
        }
    }

    /// The answer to a check's query.
    pub(super) fn queried(&mut self, check: &CheckId, answer: &Answer) {
        let judged = matches!(self.phase(), Phase::Watching | Phase::Held | Phase::Grace);
        let (at, patience_ms) = (self.at, self.patience_ms());
        if let Some(query) = self.queries.iter_mut().find(|query| query.id() == check) {
            query.answered(at, patience_ms, judged, answer);
        }
    }

    /// The query check of this name.
    pub fn query(&self, check: &CheckId) -> Option<&QueryCheck> {
        self.queries.iter().find(|query| query.id() == check)
    }

    /// Whether queries are to be asked now: also before the switch, so that it is known what fired then.
    pub fn queries_wanted(&self) -> bool {
        matches!(self.phase(), Phase::Gating | Phase::Baseline) || self.soaking()
    }
}
