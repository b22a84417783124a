//! How a soak stands, and how it ends.

use serde::{Deserialize, Serialize};

use super::words::words;

words! {
    /// What a check, or the soak, says of the release. When combined the last in this order wins: the worst.
    #[derive(PartialOrd, Ord)]
    pub enum Verdict {
        /// As good as asked for.
        Healthy = "healthy",
        /// Not enough is known.
        Unknown = "unknown",
        /// Worse than allowed.
        Breached = "breached",
    }
}

words! {
    /// Where a run is.
    pub enum Phase {
        /// Waiting until the target of a switch is ready.
        Gating = "gating",
        Baseline = "baseline",
        Switching = "switching",
        /// Before the window: only outages and crash loops are judged.
        Warmup = "warmup",
        /// In the window or its extension.
        Watching = "watching",
        /// Breached, but not acting.
        Held = "held",
        /// Counting down to the automatic rollback.
        Grace = "grace",
        RollingBack = "rolling-back",
        /// Traffic is back; is the previous color well?
        Verifying = "verifying",
        Finished = "finished",
    }
}

words! {
    /// How a run ended.
    pub enum Outcome {
        /// The release stays.
        Retained = "retained",
        /// Traffic is back on the previous color.
        RolledBack = "rolled-back",
        /// The operator ended the soak; the release stays, unjudged.
        Aborted = "aborted",
        /// Window and extension over without enough evidence; the release stays.
        Inconclusive = "inconclusive",
        /// Breached, and kept by policy or for want of a living standby.
        Held = "held",
        /// Another process moved traffic.
        Superseded = "superseded",
        /// The rollback failed or could not be confirmed.
        RollbackFailed = "rollback-failed",
        /// Traffic was back, and somebody moved it to the bad color again while the recovery was watched.
        RollbackUndone = "rollback-undone",
        /// The target was not ready: no soak began, traffic was not moved.
        Refused = "refused",
        /// The switch failed or could not be confirmed: no soak began.
        SwitchFailed = "switch-failed",
        /// Traffic was moved and no soak was asked for.
        Switched = "switched",
    }
}

words! {
    /// What brought the end about.
    pub enum Cause {
        /// The monitor, on evidence.
        Auto = "auto",
        /// The operator's word.
        Operator = "operator",
        /// A policy of the configuration.
        Policy = "policy",
        /// `on_inconclusive = "rollback"`.
        Inconclusive = "inconclusive",
        /// Somebody else.
        External = "external",
        /// What is configured cannot be done: the release could not be judged by it.
        Configuration = "configuration",
    }
}

/// The end of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// How it ended.
    pub outcome: Outcome,
    /// What brought it about.
    pub cause: Cause,
    /// The sentence with the numbers.
    pub reason: String,
}

impl Ending {
    /// The program's exit code, as the contract lists them.
    pub const fn exit_code(&self) -> u8 {
        match (self.outcome, self.cause) {
            (Outcome::Retained | Outcome::Switched, _) | (Outcome::Inconclusive, Cause::Policy) => 0,
            (Outcome::RolledBack, Cause::Operator) => 4,
            (Outcome::RolledBack, _) => 3,
            (Outcome::Aborted, _) => 5,
            (Outcome::Inconclusive, _) => 6,
            (Outcome::RollbackFailed | Outcome::RollbackUndone, _) => 7,
            (Outcome::Superseded, _) => 8,
            (Outcome::Refused, Cause::Configuration) => 2,
            (Outcome::Refused, _) => 9,
            (Outcome::Held, _) => 11,
            (Outcome::SwitchFailed, _) => 12,
        }
    }
}
