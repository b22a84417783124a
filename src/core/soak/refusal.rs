//! Why an order cannot be taken now.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::ForeignSeen;
use crate::model::Color;

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("the soak is over")]
    Over,
    #[error("the rollback has already begun")]
    RollingBack,
    #[error("traffic may have moved already: the rollback will be completed")]
    MayHaveMoved,
    #[error("traffic is back on the previous color already")]
    BackAlready,
    #[error("traffic is being moved right now")]
    Switching,
    #[error("traffic has not moved yet")]
    NotMovedYet,
    /// A rollback begins in a moment: an extension would be of no use.
    #[error("a rollback is counting down: pause or keep first")]
    CountingDown,
    #[error("automatic rollback is paused already")]
    PausedAlready,
    #[error("automatic rollback is on")]
    OnAlready,
    #[error("extensions may add up to 24h at most")]
    TooLong,
    #[error("the release was switched to with --no-rollback: `rollback --force` moves traffic to {standby} anyway")]
    NoRollback { standby: Color },
    #[error("the release was switched to with --no-rollback: only `rollback --force` takes it back")]
    HeldForNoRollback,
    #[error(
        "{standby} is DOWN ({why}): start it first; `rollback --force` moves traffic there as it is, and users may get no \
         answer"
    )]
    StandbyDown { standby: Color, why: String },
    #[error("the rollback waits for the standby: `rollback --force` does not wait")]
    HeldForStandby,
    #[error("{}: `rollback --force` replaces it and keeps a copy. By hand: {}", .0.what, .0.by_hand)]
    RouterForeign(ForeignSeen),
    #[error("the router holds what Switchback did not write: `rollback --force` replaces it and keeps a copy")]
    HeldForRouter,
    #[error("automatic rollback is frozen for the service: `switchback unfreeze`")]
    Frozen,
}

/// What a refusal asks of whoever gave the order, for programs. Those without one are only told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalCode {
    /// The router holds what is not ours: to be mended by hand, or replaced with `--force`.
    RouterForeign,
    /// Users may get no answer, or nobody meant to go back: only with `--force`.
    NeedsForce,
    /// An agent runs no soak of this service now.
    NoSoak,
    /// One of a later version.
    #[serde(other)]
    Unknown,
}

impl Refusal {
    pub const fn code(&self) -> Option<RefusalCode> {
        match self {
            Self::RouterForeign(_) | Self::HeldForRouter => Some(RefusalCode::RouterForeign),
            Self::NoRollback { .. } | Self::HeldForNoRollback | Self::StandbyDown { .. } | Self::HeldForStandby => {
                Some(RefusalCode::NeedsForce)
            }
            _ => None,
        }
    }
}
