//! The readiness check: is more than half of the color failing its probes?

use super::check::{Check, Now, kept, named};
use super::roster::Changes;
use super::settings::ReadinessSettings;
use super::{Observation, Readiness};
use crate::model::number::span;
use crate::model::{CheckId, Verdict};

/// Failed probes count only after this long without a good one, however short the interval.
pub const SUSTAINED_MS: u64 = 3_000;

#[derive(Clone, Debug, Default, PartialEq)]
struct Instance {
    ready_at: Option<u64>,
    /// Consecutive failed probes, and the time and reason of the first of them.
    failures: u32,
    failing_since: u64,
    why: String,
    good: u32,
    /// Whether the last answer did not say (429): what was known before it stands.
    unsaid: bool,
    gone: bool,
    joined_at: Option<u64>,
}

impl Instance {
    /// Whether it answers, and never said more than "too many requests" since the streaks began.
    const fn only_unsaid(&self) -> bool {
        self.unsaid && self.failures == 0 && self.good == 0
    }

    fn why(&self) -> &str {
        if self.why.is_empty() { "no answer yet" } else { &self.why }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct ReadinessCheck {
    settings: ReadinessSettings,
    names: Vec<String>,
    instances: Vec<Instance>,
}

impl ReadinessCheck {
    pub fn new(settings: ReadinessSettings, names: Vec<String>) -> Self {
        let instances = vec![Instance::default(); names.len()];
        Self { settings, names, instances }
    }

    fn present(&self) -> impl Iterator<Item = &Instance> {
        self.instances.iter().filter(|known| !known.gone)
    }

    fn named(&self) -> impl Iterator<Item = (&String, &Instance)> {
        self.names.iter().zip(&self.instances).filter(|(_, known)| !known.gone)
    }

    /// Well or not, since the streaks began.
    pub fn all_answered(&self) -> bool {
        self.present().all(|known| known.failures > 0 || known.good > 0 || known.unsaid)
    }

    pub fn ready(&self) -> usize {
        self.present().filter(|known| known.good > 0).count()
    }

    /// By the last probe that said anything. Who was not asked yet is neither this nor ready.
    pub fn failing(&self) -> usize {
        self.present().filter(|known| known.failures > 0).count()
    }

    /// Failed probes in a row, of every instance that is there.
    pub fn failed_in_a_row(&self) -> Vec<u32> {
        self.present().map(|known| known.failures).collect()
    }

    pub fn all(&self) -> usize {
        self.present().count()
    }

    pub fn all_ready(&self, probes: u32) -> bool {
        self.present().all(|known| known.good >= probes && !known.unsaid)
    }

    /// Whether at least half of the instances' last `probes` probes were good. "Too many requests" alone is good here.
    pub fn alive(&self, probes: u32) -> bool {
        let alive = |known: &&Instance| known.good >= probes || known.only_unsaid();
        self.present().filter(alive).count() * 2 >= self.all()
    }

    /// The first instance that is not ready, with the reason; else the first that does not say.
    pub fn first_failure(&self) -> Option<String> {
        let failing = self.named().find(|(_, known)| known.good == 0 && !known.only_unsaid());
        let (name, known) = failing.or_else(|| self.named().find(|(_, known)| known.unsaid))?;
        Some(named(name, known.why()))
    }

    pub fn only_unsaid(&self) -> bool {
        !self.all_ready(1) && self.present().all(|known| known.good > 0 || known.only_unsaid())
    }

    /// The sentence of a breach: more than half of the instances failed `failures` probes in a row, for at least 3s.
    pub fn breach(&self, at_ms: u64) -> Option<String> {
        let dead: Vec<_> = self.present().filter(|known| self.counts_as_dead(known, at_ms)).collect();
        if dead.len() * 2 <= self.all() {
            return None;
        }
        let since = dead.iter().map(|known| known.failing_since).max()?;
        let first = self.named().find(|(_, known)| self.counts_as_dead(known, at_ms));
        let why = first.map(|(name, known)| named(name, known.why())).unwrap_or_default();
        Some(format!(
            "{} of {} instances not ready for {} ({why})",
            dead.len(),
            self.all(),
            span(at_ms.saturating_sub(since)),
        ))
    }

    fn counts_as_dead(&self, known: &Instance, at_ms: u64) -> bool {
        known.failures >= self.settings.failures && at_ms.saturating_sub(known.failing_since) >= SUSTAINED_MS
    }

    /// The first instance without a good probe in the last `patience_ms`, with the reason.
    pub fn stale(&self, at_ms: u64, patience_ms: u64) -> Option<String> {
        let heard = |known: &Instance| known.ready_at.or(known.joined_at);
        let silent = |known: &Instance| heard(known).is_none_or(|at| at_ms.saturating_sub(at) > patience_ms);
        let (name, known) = self.named().find(|(_, known)| silent(known))?;
        let why = known.why();
        let ago = known.ready_at.map(|ready_at| span(at_ms.saturating_sub(ready_at)));
        Some(match (ago, known.only_unsaid()) {
            (Some(ago), _) => format!("{name} was last ready {ago} ago: {why}"),
            (None, true) => named(name, why),
            (None, false) => format!("{name} was never seen ready: {why}"),
        })
    }

    /// `2 of 2 instances ready`, and which of them does not say at the moment.
    pub fn summary(&self) -> String {
        let ready = format!("{} of {} instances ready", self.ready(), self.all());
        match self.named().find(|(_, known)| known.unsaid) {
            Some((name, known)) => format!("{ready}, not known now: {}", named(name, known.why())),
            None => ready,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "instance counts are far below 2^52")]
    fn share_not_ready(&self) -> f64 {
        if self.all() == 0 {
            return 0.0;
        }
        (self.all() - self.ready()) as f64 / self.all() as f64
    }
}

impl Check for ReadinessCheck {
    fn id(&self) -> &CheckId {
        &CheckId::Readiness
    }

    /// Instances that were not heard of for too long make it unknown.
    fn observe(&self, now: &Now) -> Observation {
        let Now { at_ms, patience_ms, .. } = *now;
        let (verdict, message) = match (self.breach(at_ms), self.stale(at_ms, patience_ms)) {
            (Some(why), _) => (Verdict::Breached, why),
            (None, Some(why)) => (Verdict::Unknown, why),
            (None, None) => (Verdict::Healthy, self.summary()),
        };
        Observation {
            check: CheckId::Readiness,
            required: self.settings.required,
            verdict,
            value: Some(self.share_not_ready()),
            threshold: 0.5,
            requests: 0,
            errors: 0,
            evidence: None,
            message,
        }
    }

    fn describe(&self) -> String {
        "readiness of more than half".to_owned()
    }

    fn boxed(&self) -> Box<dyn Check> {
        Box::new(self.clone())
    }

    fn retained(&self, _message: &str) -> String {
        self.summary()
    }

    fn probed(&mut self, now: &Now, instance: usize, answer: &Readiness) {
        let at_ms = now.at_ms;
        let Some(known) = self.instances.get_mut(instance).filter(|known| !known.gone) else { return };
        known.unsaid = matches!(answer, Readiness::Unknown(_));
        match answer {
            Readiness::Ready => {
                known.ready_at = Some(at_ms);
                known.failures = 0;
                known.good = known.good.saturating_add(1);
                known.why.clear();
            }
            Readiness::NotReady(why) => {
                if known.failures == 0 {
                    known.failing_since = at_ms;
                }
                known.failures = known.failures.saturating_add(1);
                known.good = 0;
                known.why.clone_from(why);
            }
            // It says nothing for the release and nothing against it: both streaks stay as they are.
            Readiness::Unknown(why) => known.why.clone_from(why),
        }
    }

    fn come_and_go(&mut self, now: &Now, instances: &[String], changes: &Changes) {
        self.names = instances.to_vec();
        self.instances.resize(instances.len(), Instance::default());
        for place in &changes.joined {
            self.instances[*place] = Instance { joined_at: Some(now.at_ms), ..Instance::default() };
        }
        for place in &changes.left {
            self.instances[*place].gone = true;
        }
    }

    /// Nobody knows what happened meanwhile, so every streak of probes begins anew.
    fn resume(&mut self, _now: &Now, instances: &[String]) {
        self.instances = kept(&self.names, &self.instances, instances);
        self.names = instances.to_vec();
        for known in &mut self.instances {
            (known.failures, known.good, known.unsaid) = (0, 0, false);
        }
    }
}

#[cfg(test)]
mod tests;
