//! What a check says at one tick.

use serde::{Deserialize, Serialize};

use crate::model::{CheckId, Verdict};

/// What a check made of the samples so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// The check's name.
    pub check: CheckId,
    /// Whether `retained` needs it.
    pub required: bool,
    /// What it says.
    pub verdict: Verdict,
    /// Its value: the error rate of the last 10s, the latency quantile of the last 10s in seconds, the share of
    /// instances that are not ready.
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

/// A reason with the instance it is about in front, unless it names it itself.
pub fn named(instance: &str, reason: &str) -> String {
    if reason.contains(instance) { reason.to_owned() } else { format!("{instance}: {reason}") }
}

/// What is known of each instance after the list changed: those that stay keep theirs, new ones begin with nothing.
pub fn kept<T: Clone + Default>(names: &[String], known: &[T], now: &[String]) -> Vec<T> {
    let of = |name: &String| names.iter().position(|old| old == name).and_then(|at| known.get(at)).cloned();
    now.iter().map(|name| of(name).unwrap_or_default()).collect()
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
