//! What was decided, by whom, and on which numbers.

use serde::{Deserialize, Serialize};

use super::words::words;
use super::{Actor, CheckId, Color, Reason, ReasonCode};

words! {
    /// The kinds of decisions that the journal knows.
    pub enum DecisionKind {
        /// The intent to switch, written before the router is touched.
        Switching = "switching",
        /// Traffic was moved to the new color.
        Switch = "switch",
        /// The target was not ready; traffic was not moved.
        SwitchRefused = "switch_refused",
        /// The move failed or could not be confirmed.
        SwitchFailed = "switch_failed",
        /// The soak began.
        SoakStart = "soak_start",
        /// Something worth keeping was seen.
        Observe = "observe",
        /// The metrics can no longer be read.
        Blind = "blind",
        /// They can be read again.
        Sighted = "sighted",
        /// A check is breached.
        Breach = "breach",
        /// Breached, and kept anyway.
        Hold = "hold",
        /// Automatic rollback was paused.
        Pause = "pause",
        /// Automatic rollback was resumed.
        Resume = "resume",
        /// Automatic rollback was frozen for the service.
        Freeze = "freeze",
        /// A freeze was lifted.
        Unfreeze = "unfreeze",
        /// The soak was extended.
        Extend = "extend",
        /// The soak was aborted.
        Abort = "abort",
        /// The operator keeps the release.
        Keep = "keep",
        /// The intent to roll back, written before the router is touched.
        Rollback = "rollback",
        /// Traffic is back on the previous color.
        RolledBack = "rolled_back",
        /// The rollback failed or could not be confirmed.
        RollbackFailed = "rollback_failed",
        /// The router sends traffic to the bad color again after the rollback.
        RollbackUndone = "rollback_undone",
        /// After the rollback the previous color does well.
        Recovered = "recovered",
        /// After the rollback errors go on, or nothing can be said.
        NotRecovered = "not_recovered",
        /// The soak ended healthy.
        Retain = "retain",
        /// The soak ended without enough evidence.
        Inconclusive = "inconclusive",
        /// Another process moved traffic.
        Superseded = "superseded",
        /// There was nothing to do.
        Skip = "skip",
        /// An unfinished soak was taken up again.
        Resumed = "resumed",
        /// The journal or the state was repaired.
        Repaired = "repaired",
    }
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
}

/// A choice of the monitor or the operator, with its numbers; the journal adds `seq`, `ts`, `event` and the hash chain.
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
    pub reason: Option<Reason>,
    /// The sentence a person reads.
    pub message: String,
    /// The release that is judged, where it has a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// The check it is about, such as `error-rate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckId>,
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
    /// The host that decided, where several agree on one that acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Its token, which rises with every leader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<i64>,
}

impl Decision {
    /// Whether somebody who does not look at a screen is to know of it at once. Failed and refused moves are outcomes, which
    /// are told as well.
    pub fn is_worth_telling(&self) -> bool {
        use DecisionKind::{Blind, Breach, Hold, Rollback, RolledBack, Sighted, Switch};
        let kinds = [Switch, Breach, Hold, Blind, Sighted, Rollback, RolledBack];
        kinds.contains(&self.decision) || self.is_urgent_observation()
    }

    /// Whether to notify somebody: a rollback fails, or succeeded late, or the color it would lead to fails already, or nobody could
    /// roll back.
    pub fn is_urgent_observation(&self) -> bool {
        use ReasonCode::{LeadBack, LeadLost, RollbackAttempt, RollbackLate, StandbyFailing};
        let urgent = [RollbackAttempt, RollbackLate, StandbyFailing, LeadLost, LeadBack];
        self.decision == DecisionKind::Observe && urgent.into_iter().any(|code| self.is_because(code))
    }

    /// The same, with the reason.
    #[must_use]
    pub fn because(mut self, reason: impl Into<Reason>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// The reason, as it stands in the journal.
    pub fn why(&self) -> Option<&str> {
        self.reason.as_ref().map(Reason::as_str)
    }

    /// Whether this is the reason.
    pub fn is_because(&self, code: ReasonCode) -> bool {
        self.reason == Some(Reason::Code(code))
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
            host: None,
            token: None,
        }
    }
}
