//! The checks of the watched color.

use crate::core::soak::check::{Now, Observation, sources};
use crate::core::soak::latency::LatencyCheck;
use crate::core::soak::query::QueryCheck;
use crate::core::soak::rate::RateCheck;
use crate::core::soak::readiness::ReadinessCheck;
use crate::core::soak::roster::Changes;
use crate::core::soak::{Answer, Check, Metered, Readiness, Sample, Settings};
use crate::model::CheckId;

#[derive(Clone, Debug)]
pub(super) struct Checks {
    error_rate: RateCheck,
    latency: Option<LatencyCheck>,
    others: Vec<Box<dyn Check>>,
    readiness: ReadinessCheck,
}

/// The checks that are nothing but checks. A new one is a file of its own and a line here.
fn others(settings: &Settings) -> Vec<Box<dyn Check>> {
    let mut checks: Vec<Box<dyn Check>> = Vec::new();
    checks.extend(settings.queries.iter().map(|query| QueryCheck::new(query.clone()).boxed()));
    checks
}

impl Checks {
    pub fn new(settings: &Settings) -> Self {
        let Settings { instances, window_ms, interval_ms, .. } = settings;
        let rate = settings.error_rate.clone();
        let names = sources(rate.metered.as_ref(), instances);
        let latency = settings.latency.clone().map(|latency| {
            let names = sources(latency.metered.as_ref(), instances);
            let previous = sources(latency.metered.as_ref(), &settings.standby_instances).len();
            LatencyCheck::new(latency, &rate, *window_ms, *interval_ms, names, previous)
        });
        Self {
            latency,
            error_rate: RateCheck::new(CheckId::ErrorRate, rate, *window_ms, *interval_ms, names),
            others: others(settings),
            readiness: ReadinessCheck::new(settings.readiness.clone(), instances.clone()),
        }
    }

    pub fn add(&mut self, check: Box<dyn Check>) {
        self.others.push(check);
    }

    fn all(&self) -> impl Iterator<Item = &dyn Check> {
        let rates = [Some(&self.error_rate as &dyn Check), self.latency.as_ref().map(|check| check as &dyn Check)];
        let others = self.others.iter().map(AsRef::as_ref);
        rates.into_iter().flatten().chain(others).chain([&self.readiness as &dyn Check])
    }

    fn each(&mut self, mut tell: impl FnMut(&mut dyn Check)) {
        tell(&mut self.error_rate);
        if let Some(latency) = &mut self.latency {
            tell(latency);
        }
        for check in &mut self.others {
            tell(check.as_mut());
        }
        tell(&mut self.readiness);
    }

    pub const fn error_rate(&self) -> &RateCheck {
        &self.error_rate
    }

    pub const fn error_rate_mut(&mut self) -> &mut RateCheck {
        &mut self.error_rate
    }

    pub const fn latency(&self) -> Option<&LatencyCheck> {
        self.latency.as_ref()
    }

    pub const fn latency_mut(&mut self) -> Option<&mut LatencyCheck> {
        self.latency.as_mut()
    }

    pub const fn readiness(&self) -> &ReadinessCheck {
        &self.readiness
    }

    pub fn find(&self, id: &CheckId) -> Option<&dyn Check> {
        self.all().find(|check| check.id() == id)
    }

    pub fn observe(&self, now: &Now) -> Vec<Observation> {
        self.all().map(|check| check.observe(now)).collect()
    }

    /// [`Self::observe`] with the verdicts and sentences of the closing judgement; none while one check wants one more tick.
    pub fn close(&self, now: &Now, overtime: u64) -> Option<Vec<Observation>> {
        let close = |check: &dyn Check| {
            let (verdict, message) = check.close(now, overtime)?;
            Some(Observation { verdict, message, ..check.observe(now) })
        };
        self.all().map(close).collect()
    }

    pub fn retained(&self, closed: &[Observation]) -> String {
        let told = self.all().zip(closed).map(|(check, seen)| check.retained(&seen.message));
        told.collect::<Vec<_>>().join("; ")
    }

    pub fn describe(&self) -> String {
        self.all().map(Check::describe).collect::<Vec<_>>().join(", ")
    }

    pub fn are_prepared(&self) -> bool {
        self.all().all(Check::is_prepared)
    }

    pub fn begin(&mut self, now: &Now) {
        self.each(|check| check.begin(now));
    }

    pub fn restart(&mut self, now: &Now) {
        self.each(|check| check.restart(now));
    }

    pub fn tick(&mut self, now: &Now, skipped: u32) {
        self.each(|check| check.tick(now, skipped));
    }

    pub fn page(&mut self, now: &Now, instance: usize, sample: &Sample) {
        self.each(|check| check.page(now, instance, sample));
    }

    pub fn probed(&mut self, now: &Now, instance: usize, answer: &Readiness) {
        self.each(|check| check.probed(now, instance, answer));
    }

    pub fn metered(&mut self, now: &Now, id: &CheckId, outcome: &Metered) {
        self.each(|check| {
            if check.id() == id {
                check.metered(now, outcome);
            }
        });
    }

    pub fn answered(&mut self, now: &Now, id: &CheckId, answer: &Answer) {
        self.each(|check| {
            if check.id() == id {
                check.answered(now, answer);
            }
        });
    }

    pub fn come_and_go(&mut self, now: &Now, instances: &[String], changes: &Changes) {
        self.each(|check| check.come_and_go(now, instances, changes));
    }

    pub fn resume(&mut self, now: &Now, instances: &[String]) {
        self.each(|check| check.resume(now, instances));
    }
}
