//! Why a decision was made.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::words::words;

words! {
    /// Why, in a word of the program.
    pub enum ReasonCode {
        /// Another release was asked for on the color that is live.
        AlreadyLive = "already-live",
        /// The evidence decided.
        Auto = "auto",
        /// Automatic rollback is off in the configuration.
        AutoRollbackOff = "auto-rollback-off",
        /// What the previous color was like, or that the new one is worse.
        Baseline = "baseline",
        /// A required check is breached.
        Breach = "breach",
        /// A rollback failed for too long, and what led to it is not seen any more.
        BreachGone = "breach-gone",
        /// Nothing was seen for a while: the process or the machine stood still.
        ClockGap = "clock-gap",
        /// An exercise.
        Drill = "drill",
        /// Window and extension are over.
        End = "end",
        /// The operator forced it.
        Forced = "forced",
        /// Somebody froze automatic rollback, or lifted that.
        Freeze = "freeze",
        /// Automatic rollback is frozen for the service.
        Frozen = "frozen",
        /// A rollback is counting down.
        Grace = "grace",
        /// There was no verdict.
        Inconclusive = "inconclusive",
        /// Instances came or went.
        Instances = "instances",
        /// What the previous color excuses.
        LatencyExcuse = "latency-excuse",
        /// The latency is judged.
        LatencyJudged = "latency-judged",
        /// The histogram has no bucket near the threshold.
        LatencyUnfit = "latency-unfit",
        /// The latency is not judged.
        LatencyUnjudged = "latency-unjudged",
        /// What the metrics pages offer to count by.
        Metrics = "metrics",
        /// The release was switched to with `--no-rollback`.
        NoRollback = "no-way-back",
        /// The target of the switch is not ready.
        NotReady = "not-ready",
        /// The operator ordered it.
        Operator = "operator",
        /// A check is breached that is not required.
        Optional = "optional",
        /// Automatic rollback is paused.
        Paused = "paused",
        /// The configuration asks for it.
        Policy = "policy",
        /// Several processes answer behind one URL.
        Processes = "processes",
        /// A readiness route does not say.
        Readiness = "readiness",
        /// The readiness of the target is not known.
        ReadinessUnknown = "readiness-unknown",
        /// Which release the pages name.
        Release = "release",
        /// Another monitor goes on.
        Resumed = "resumed",
        /// An attempt to roll back failed, and there is another one.
        RollbackAttempt = "rollback-attempt",
        /// A rollback that failed has succeeded after all.
        RollbackLate = "rollback-late",
        /// The router holds what Switchback did not write.
        RouterForeign = "router-foreign",
        /// Both colors fail in the same way.
        SharedCause = "shared-cause",
        /// The previous color is down.
        StandbyDown = "standby-down",
        /// The previous color fails before traffic leaves it.
        StandbyFailing = "standby-failing",
        /// Traffic stayed where the rollback brought it.
        Verified = "verified",
        /// The warmup is over.
        Window = "window",
    }
}

/// Why a decision was made: a word of the program, or what a person typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A word of the program.
    Code(ReasonCode),
    /// As the operator typed it, or the name of the signal that asked for it.
    Text(String),
}

impl Reason {
    /// As it stands in the journal.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Code(code) => code.name(),
            Self::Text(text) => text,
        }
    }
}

impl From<ReasonCode> for Reason {
    fn from(code: ReasonCode) -> Self {
        Self::Code(code)
    }
}

impl From<&str> for Reason {
    fn from(text: &str) -> Self {
        ReasonCode::from_name(text).map_or_else(|| Self::Text(text.to_owned()), Self::Code)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(String::deserialize(deserializer)?.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_a_word_of_the_program_or_what_was_typed() {
        for (json, reason) in [
            ("\"router-foreign\"", Reason::Code(ReasonCode::RouterForeign)),
            ("\"the disk of blue is full\"", Reason::Text("the disk of blue is full".to_owned())),
        ] {
            assert_eq!(serde_json::from_str::<Reason>(json).unwrap(), reason);
            assert_eq!(serde_json::to_string(&reason).unwrap(), json);
        }
    }
}
