//! The previous color: whether it answers, how its requests do, and who is there.

use crate::config::Baseline;
use crate::core::detect::{Since, TickCounts};
use crate::core::soak::check::{Now, sources};
use crate::core::soak::rate::RateCheck;
use crate::core::soak::readiness::ReadinessCheck;
use crate::core::soak::roster::Changes;
use crate::core::soak::verify::RecoveryWatch;
use crate::core::soak::{Check, ErrorRateSettings, Metered, Readiness, ReadinessSettings, Roster, Sample, Settings};
use crate::model::CheckId;

#[derive(Clone, Debug)]
pub(super) struct Standby {
    readiness: ReadinessCheck,
    roster: Roster,
    /// Its error rate while the watched color is judged, for a cause that both share.
    rate: RateCheck,
    /// Its requests before traffic leaves it and after it is back, and those of them that take too long.
    recovery: RecoveryWatch,
    slow_recovery: RecoveryWatch,
    look: Look,
}

#[derive(Clone, Debug, Default)]
struct Look {
    ready_ms: Option<u64>,
    is_told: bool,
}

impl Standby {
    pub fn new(settings: &Settings) -> Self {
        let instances = &settings.standby_instances;
        let rate = ErrorRateSettings { baseline: Baseline::Off, ..settings.error_rate.clone() };
        let names = sources(rate.metered.as_ref(), instances);
        Self {
            readiness: ReadinessCheck::new(ReadinessSettings { failures: 1, required: false }, instances.clone()),
            roster: Roster::new(instances),
            rate: RateCheck::new(CheckId::ErrorRate, rate, settings.window_ms, settings.interval_ms, names),
            recovery: RecoveryWatch::new(instances.len()),
            slow_recovery: RecoveryWatch::new(instances.len()),
            look: Look::default(),
        }
    }

    pub fn probed(&mut self, now: &Now, instance: usize, answer: &Readiness) {
        self.readiness.probed(now, instance, answer);
    }

    pub fn all_answered(&self) -> bool {
        self.readiness.all_answered()
    }

    pub fn is_alive(&self, probes: u32) -> bool {
        self.readiness.alive(probes)
    }

    pub fn first_failure(&self) -> Option<String> {
        self.readiness.first_failure()
    }

    pub fn ready(&self) -> (usize, usize) {
        (self.readiness.ready(), self.readiness.all())
    }

    pub fn compared(&mut self, now: &Now, instance: usize, sample: &Sample) {
        self.rate.page(now, instance, sample);
    }

    pub fn metered(&mut self, now: &Now, outcome: &Metered) {
        self.rate.metered(now, outcome);
    }

    pub fn counted(&mut self, now: &Now, since: Since, instance: usize, sample: &Sample) {
        self.recovery.sampled(now.at_ms, since, instance, sample);
    }

    pub fn counted_slow(&mut self, now: &Now, since: Since, instance: usize, slow: &Sample) {
        self.slow_recovery.sampled(now.at_ms, since, instance, slow);
    }

    pub const fn rate(&self) -> &RateCheck {
        &self.rate
    }

    pub const fn recovery(&self) -> &RecoveryWatch {
        &self.recovery
    }

    pub const fn slow_recovery(&self) -> &RecoveryWatch {
        &self.slow_recovery
    }

    pub fn counts(&self) -> TickCounts {
        self.recovery.counts()
    }

    pub fn wants_trial(&mut self) -> bool {
        self.recovery.wants_trial()
    }

    pub fn begin_baseline(&mut self) {
        self.recovery.restart();
    }

    pub fn begin(&mut self, now: &Now) {
        self.rate.begin(now);
    }

    pub fn restart(&mut self, now: &Now) {
        self.rate.restart(now);
    }

    pub fn tick(&mut self, now: &Now, skipped: u32) {
        self.rate.tick(now, skipped);
    }

    /// Traffic is back on it: what came before says nothing about how it does now.
    pub fn forget_requests(&mut self) {
        self.recovery.forget();
        self.slow_recovery.forget();
    }

    pub fn update(&mut self, now: &Now, present: &[String]) -> Changes {
        let changes = self.roster.update(present);
        let names = self.roster.names();
        self.rate.come_and_go(now, names, &changes);
        self.readiness.come_and_go(now, names, &changes);
        self.recovery.come_and_go(names.len(), &changes);
        self.slow_recovery.come_and_go(names.len(), &changes);
        changes
    }

    pub const fn roster(&self) -> &Roster {
        &self.roster
    }

    pub fn resume(&mut self, now: &Now, instances: &[String]) {
        self.roster = Roster::new(instances);
        self.rate.resume(now, instances);
        self.readiness.resume(now, instances);
        self.recovery.resume(instances.len());
        self.slow_recovery.resume(instances.len());
    }

    /// Since when everything else has been ready for the switch: since now, where it was not before.
    pub fn ready_since(&mut self, at_ms: u64) -> u64 {
        *self.look.ready_ms.get_or_insert(at_ms)
    }

    pub const fn is_told(&self) -> bool {
        self.look.is_told
    }

    pub const fn tell(&mut self) {
        self.look.is_told = true;
    }
}
