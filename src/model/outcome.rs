//! How a soak stands, and how it ends.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a check, or the soak, says of the release.
///
/// The order is how verdicts combine: the worst wins, and not knowing is worse than healthy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As good as asked for.
    Healthy,
    /// Not enough is known.
    Unknown,
    /// Worse than allowed.
    Breached,
}

impl Verdict {
    /// The lower-case word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Unknown => "unknown",
            Self::Breached => "breached",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Where a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Waiting until the target of a switch is ready.
    Gating,
    /// Looking at the old color before traffic moves.
    Baseline,
    /// Moving traffic to the target.
    Switching,
    /// Before the window: only outages and crash loops are judged.
    Warmup,
    /// In the window or its extension.
    Watching,
    /// Breached, but not acting.
    Held,
    /// Counting down to the automatic rollback.
    Grace,
    /// Moving traffic back.
    RollingBack,
    /// Traffic is back; is the previous color well?
    Verifying,
    /// Over.
    Finished,
}

impl Phase {
    /// The name on screen and in files, such as `rolling-back`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gating => "gating",
            Self::Baseline => "baseline",
            Self::Switching => "switching",
            Self::Warmup => "warmup",
            Self::Watching => "watching",
            Self::Held => "held",
            Self::Grace => "grace",
            Self::RollingBack => "rolling-back",
            Self::Verifying => "verifying",
            Self::Finished => "finished",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The release stays.
    Retained,
    /// Traffic is back on the previous color.
    RolledBack,
    /// The operator ended the soak; the release stays, unjudged.
    Aborted,
    /// Window and extension over without enough evidence; the release stays.
    Inconclusive,
    /// Breached, and kept by policy or for want of a living standby.
    Held,
    /// Somebody else moved traffic.
    Superseded,
    /// The rollback failed or could not be confirmed.
    RollbackFailed,
    /// Traffic was back, and somebody moved it to the bad color again while the recovery was watched.
    RollbackUndone,
    /// The target was not ready: no soak began, traffic was not moved.
    Refused,
    /// The switch failed or could not be confirmed: no soak began.
    SwitchFailed,
    /// Traffic was moved and no soak was asked for.
    Switched,
}

impl Outcome {
    /// The name on screen and in files, such as `rolled-back`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Retained => "retained",
            Self::RolledBack => "rolled-back",
            Self::Aborted => "aborted",
            Self::Inconclusive => "inconclusive",
            Self::Held => "held",
            Self::Superseded => "superseded",
            Self::RollbackFailed => "rollback-failed",
            Self::RollbackUndone => "rollback-undone",
            Self::Refused => "refused",
            Self::SwitchFailed => "switch-failed",
            Self::Switched => "switched",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What brought the end about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The monitor, on evidence.
    Auto,
    /// The operator's word.
    Operator,
    /// A policy of the configuration.
    Policy,
    /// `on_inconclusive = "rollback"`.
    Inconclusive,
    /// Somebody else.
    External,
    /// What is configured cannot be done: the release could not be judged by it.
    Configuration,
}

impl Cause {
    /// The lower-case word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Operator => "operator",
            Self::Policy => "policy",
            Self::Inconclusive => "inconclusive",
            Self::External => "external",
            Self::Configuration => "configuration",
        }
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
