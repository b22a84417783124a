//! What was decided, by whom, and on which numbers.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Actor, Color};

/// The kinds of decisions that the journal knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionKind {
    /// The intent to switch, written before the router is touched.
    Switching,
    /// Traffic was moved to the new color.
    Switch,
    /// The target was not ready; traffic was not moved.
    SwitchRefused,
    /// The move failed or could not be confirmed.
    SwitchFailed,
    /// The soak began.
    SoakStart,
    /// Something worth keeping was seen.
    Observe,
    /// The metrics can no longer be read.
    Blind,
    /// They can be read again.
    Sighted,
    /// A check is breached.
    Breach,
    /// Breached, and kept all the same.
    Hold,
    /// Automatic rollback was paused.
    Pause,
    /// Automatic rollback was resumed.
    Resume,
    /// Automatic rollback was frozen for the service.
    Freeze,
    /// A freeze was lifted.
    Unfreeze,
    /// The soak was extended.
    Extend,
    /// The soak was aborted.
    Abort,
    /// The operator keeps the release.
    Keep,
    /// The intent to roll back, written before the router is touched.
    Rollback,
    /// Traffic is back on the previous color.
    RolledBack,
    /// The rollback failed or could not be confirmed.
    RollbackFailed,
    /// The router sends traffic to the bad color again after the rollback.
    RollbackUndone,
    /// After the rollback the previous color does well.
    Recovered,
    /// After the rollback errors go on, or nothing can be said.
    NotRecovered,
    /// The soak ended healthy.
    Retain,
    /// The soak ended without enough evidence.
    Inconclusive,
    /// Somebody else moved traffic.
    Superseded,
    /// There was nothing to do.
    Skip,
    /// An unfinished soak was taken up again.
    Resumed,
    /// The journal or the state was repaired.
    Repaired,
}

impl DecisionKind {
    /// Whether it says that traffic goes back, or is back: whoever goes on after a crash has to know that.
    pub const fn is_of_a_rollback(self) -> bool {
        matches!(self, Self::Rollback | Self::RolledBack)
    }

    /// Whether it closes an intent to roll back that stands before it: nothing is to be carried out any more.
    pub const fn closes_intent(self) -> bool {
        // A hold says that the router was left alone; an operator may end a soak, or pause it, between two attempts.
        matches!(self, Self::RollbackFailed | Self::Superseded | Self::Hold | Self::Abort | Self::Keep)
    }

    /// The name that stands in the journal, such as `rolled_back`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Switching => "switching",
            Self::Switch => "switch",
            Self::SwitchRefused => "switch_refused",
            Self::SwitchFailed => "switch_failed",
            Self::SoakStart => "soak_start",
            Self::Observe => "observe",
            Self::Blind => "blind",
            Self::Sighted => "sighted",
            Self::Breach => "breach",
            Self::Hold => "hold",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Freeze => "freeze",
            Self::Unfreeze => "unfreeze",
            Self::Extend => "extend",
            Self::Abort => "abort",
            Self::Keep => "keep",
            Self::Rollback => "rollback",
            Self::RolledBack => "rolled_back",
            Self::RollbackFailed => "rollback_failed",
            Self::RollbackUndone => "rollback_undone",
            Self::Recovered => "recovered",
            Self::NotRecovered => "not_recovered",
            Self::Retain => "retain",
            Self::Inconclusive => "inconclusive",
            Self::Superseded => "superseded",
            Self::Skip => "skip",
            Self::Resumed => "resumed",
            Self::Repaired => "repaired",
        }
    }
}

impl fmt::Display for DecisionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One choice of the monitor or the operator, with the numbers it rests on.
///
/// The journal adds `seq`, `ts`, `event` and the hash chain around it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// The soak it belongs to; none for a rollback or switch outside a soak.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soak: Option<String>,
    /// What was decided.
    pub decision: DecisionKind,
    /// Who decided.
    pub actor: Actor,
    /// Why, in a word or as the operator typed it: `breach`, `policy`, `operator`, `forced` (with `--force`), …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The sentence a person reads.
    pub message: String,
    /// The release that is judged, where it has a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// The check it is about, such as `error-rate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// The check's value: a ratio between 0 and 1 for the error rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The check's threshold, in the value's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// Requests seen since the switch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<u64>,
    /// Those of them that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<u64>,
    /// Evidence against the release, in nats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<f64>,
    /// The color that takes user traffic when the line is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_color: Option<Color>,
    /// The color that took it before the last switch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_color: Option<Color>,
}

impl Decision {
    /// Whether somebody has to be told: a rollback fails, or has succeeded after failures, or the color that it would lead to fails
    /// before traffic has left it.
    pub fn is_urgent_observation(&self) -> bool {
        let urgent = ["rollback-attempt", "rollback-late", "standby-failing"];
        self.decision == DecisionKind::Observe && self.reason.as_deref().is_some_and(|reason| urgent.contains(&reason))
    }

    /// A decision with its sentence and nothing else; the fields are public to be filled in.
    pub fn new(decision: DecisionKind, actor: Actor, message: impl Into<String>) -> Self {
        Self {
            soak: None,
            decision,
            actor,
            reason: None,
            message: message.into(),
            release: None,
            check: None,
            value: None,
            threshold: None,
            requests: None,
            errors: None,
            evidence: None,
            active_color: None,
            previous_color: None,
        }
    }
}
