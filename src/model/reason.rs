//! Why a decision was made.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::words::words;

words! {
    /// Why, in a word of the program.
    pub enum ReasonCode {
        /// Another release was asked for on the color that is live.
        AlreadyLive = "already-live",
        Auto = "auto",
        AutoRollbackOff = "auto-rollback-off",
        /// What the previous color was like, or that the new one is worse.
        Baseline = "baseline",
        Breach = "breach",
        /// A rollback failed for too long, and what led to it is not seen any more.
        BreachGone = "breach-gone",
        /// Nothing was seen for a while: the process or the machine stood still.
        ClockGap = "clock-gap",
        Drill = "drill",
        /// Window and extension are over.
        End = "end",
        Forced = "forced",
        Freeze = "freeze",
        Frozen = "frozen",
        Grace = "grace",
        Inconclusive = "inconclusive",
        Instances = "instances",
        /// What the previous color excuses.
        LatencyExcuse = "latency-excuse",
        LatencyJudged = "latency-judged",
        LatencyUnfit = "latency-unfit",
        LatencyUnjudged = "latency-unjudged",
        /// What the metrics pages offer to count by.
        Metrics = "metrics",
        /// Of several hosts this one led, and may act again.
        LeadBack = "lead-back",
        /// It may not act, as it cannot tell whether another one leads.
        LeadLost = "lead-lost",
        NoRollback = "no-way-back",
        NotReady = "not-ready",
        Operator = "operator",
        /// A check is breached that is not required.
        Optional = "optional",
        Paused = "paused",
        Policy = "policy",
        /// Several processes answer behind one URL.
        Processes = "processes",
        /// A readiness route does not say.
        Readiness = "readiness",
        ReadinessUnknown = "readiness-unknown",
        Release = "release",
        Resumed = "resumed",
        RollbackAttempt = "rollback-attempt",
        /// A rollback that failed has succeeded after all.
        RollbackLate = "rollback-late",
        /// The router holds what Switchback did not write.
        RouterForeign = "router-foreign",
        SharedCause = "shared-cause",
        StandbyDown = "standby-down",
        /// The previous color fails before traffic leaves it.
        StandbyFailing = "standby-failing",
        Verified = "verified",
        /// The warmup is over.
        Window = "window",
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
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
