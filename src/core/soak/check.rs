//! What a check is: it is told what is seen of the watched color, and says whether that speaks against the release.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::roster::Changes;
use super::{Answer, Metered, Readiness, Sample};
use crate::model::{CheckId, Verdict};

/// One check of the watched color. [`Machine`](super::Machine) tells each of them the same; each takes what it needs.
pub trait Check: fmt::Debug + Send + Sync {
    /// Its name.
    fn id(&self) -> &CheckId;

    /// What it says now.
    fn observe(&self, now: &Now) -> Observation;

    /// What it watches for, in a few words: `error rate at most 5 %`.
    fn describe(&self) -> String;

    /// A copy of it: a run that is looked at again starts from one.
    fn boxed(&self) -> Box<dyn Check>;

    /// The verdict and its sentence if the window ended now, after `overtime` ticks of running on; none while one more is wanted.
    fn close(&self, now: &Now, overtime: u64) -> Option<(Verdict, String)> {
        let _ = overtime;
        let Observation { verdict, message, .. } = self.observe(now);
        Some((verdict, message))
    }

    /// What a release that is retained is told by, from the sentence of the closing judgement.
    fn retained(&self, message: &str) -> String {
        format!("{}: {message}", self.id())
    }

    /// What is left to the threshold at a value, as a share of it, if that is not their difference; none where it says nothing.
    fn margin(&self, _value: f64) -> Option<f64> {
        None
    }

    /// For how long the value has been beyond the threshold, and for how long it has to be, in milliseconds.
    fn streak(&self) -> Option<(u64, u64)> {
        None
    }

    /// Whether enough was read to begin with.
    fn is_prepared(&self) -> bool {
        true
    }

    /// The soak begins: nothing before counts.
    fn begin(&mut self, now: &Now) {
        self.restart(now);
    }

    /// The window begins: judge from here on.
    fn restart(&mut self, _now: &Now) {}

    /// The metrics page of an instance was read, or could not be.
    fn page(&mut self, _now: &Now, _instance: usize, _sample: &Sample) {}

    /// Prometheus was asked for this check's counters.
    fn metered(&mut self, _now: &Now, _outcome: &Metered) {}

    /// Prometheus was asked this check's query.
    fn answered(&mut self, _now: &Now, _answer: &Answer) {}

    /// The readiness of an instance was probed.
    fn probed(&mut self, _now: &Now, _instance: usize, _answer: &Readiness) {}

    /// A round of samples is complete; so many rounds before it never were.
    fn tick(&mut self, _now: &Now, _skipped: u32) {}

    /// Instances came and went; these are all that have a place.
    fn come_and_go(&mut self, _now: &Now, _instances: &[String], _changes: &Changes) {}

    /// Another process continues the run, over these instances.
    fn resume(&mut self, _now: &Now, _instances: &[String]) {}
}

impl Clone for Box<dyn Check> {
    fn clone(&self) -> Self {
        self.boxed()
    }
}

/// The moment at which a check is told something or asked. Times are milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Since the run began.
    pub at_ms: u64,
    /// When the run began, by the wall clock: a process that started later counts from zero.
    pub run_wall_ms: i64,
    /// An instance that has been silent for longer is not known any more.
    pub patience_ms: u64,
    /// What is judged.
    pub judging: Judging,
}

/// What is judged at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Judging {
    /// Nothing counts for or against the release: before the soak, or after it.
    Nothing,
    /// Only what cannot wait: the warmup.
    Outages,
    /// Everything.
    #[default]
    Everything,
}

/// What a check made of the samples so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// The check's name.
    pub check: CheckId,
    /// Whether `retained` needs it.
    pub required: bool,
    /// What it says.
    pub verdict: Verdict,
    /// Its value: error rate or latency quantile (in seconds) of the last 10s, share of instances not ready, answer to a query.
    pub value: Option<f64>,
    /// Its threshold, in the value's unit.
    pub threshold: f64,
    /// Requests judged since the switch.
    pub requests: u64,
    /// Those of them that failed, or took too long.
    pub errors: u64,
    /// Evidence against the release, in nats, where the method has it.
    pub evidence: Option<f64>,
    /// The sentence a person reads.
    pub message: String,
}

impl Observation {
    /// Whether it speaks against the release and has a vote.
    pub fn is_breach(&self) -> bool {
        self.required && self.verdict == Verdict::Breached
    }
}

pub fn named(instance: &str, reason: &str) -> String {
    if reason.contains(instance) { reason.to_owned() } else { format!("{instance}: {reason}") }
}

/// What is known of each instance after the list changed: those that stay keep theirs, new ones begin with nothing.
pub fn kept<T: Clone + Default>(names: &[String], known: &[T], now: &[String]) -> Vec<T> {
    let of = |name: &String| names.iter().position(|old| old == name).and_then(|at| known.get(at)).cloned();
    now.iter().map(|name| of(name).unwrap_or_default()).collect()
}

/// Who a check's counters come from: one API, or every instance.
pub fn sources(metered: Option<&String>, instances: &[String]) -> Vec<String> {
    metered.map_or_else(|| instances.to_vec(), |api| vec![api.clone()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_that_stay_keep_what_is_known_of_them() {
        let names = |names: &str| names.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(kept(&names("a b c"), &[1, 2, 3], &names("c d a")), [3, 0, 1]);
    }

    #[test]
    fn an_instance_is_named_once() {
        assert_eq!(named("http://a:1", "answered 503"), "http://a:1: answered 503");
        assert_eq!(named("http://a:1", "http://a:1/metrics answered 503"), "http://a:1/metrics answered 503");
    }
}
