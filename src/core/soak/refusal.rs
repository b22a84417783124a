//! Why an order cannot be taken now.

use thiserror::Error;

use super::ForeignSeen;
use crate::model::Color;

/// Why an order cannot be taken now, and what can be done instead.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// There is no run any more.
    #[error("the soak is over")]
    Over,
    /// Traffic goes back already.
    #[error("rollback already handed over")]
    RollingBack,
    /// An attempt to roll back may have moved traffic.
    #[error("traffic may have moved already: the rollback is brought to its end")]
    MayHaveMoved,
    /// The rollback is done.
    #[error("traffic is back on the previous color already")]
    BackAlready,
    /// The switch is under way.
    #[error("traffic is being moved right now")]
    Switching,
    /// The switch is still to come.
    #[error("traffic was not moved yet")]
    NotMovedYet,
    /// A rollback begins in a moment: there is nothing to watch longer.
    #[error("a rollback is counting down: pause or keep first")]
    CountingDown,
    /// It is paused.
    #[error("automatic rollback is paused already")]
    PausedAlready,
    /// It is neither paused nor held back.
    #[error("automatic rollback is on")]
    OnAlready,
    /// The soak would last too long.
    #[error("extensions may add up to 24h at most")]
    TooLong,
    /// Whoever switched said that this release must not be taken back.
    #[error(
        "the release was switched to with --no-way-back: `rollback --force` moves traffic to {standby} all the same"
    )]
    NoWayBack {
        /// The previous color.
        standby: Color,
    },
    /// The same, where a held rollback was to go ahead.
    #[error("the release was switched to with --no-way-back: only `rollback --force` takes it back")]
    HeldForNoWayBack,
    /// The previous color does not answer.
    #[error(
        "{standby} is DOWN ({why}): start it first; `rollback --force` moves traffic there as it is, and users may get no \
         answer"
    )]
    StandbyDown {
        /// The previous color.
        standby: Color,
        /// Its first instance that is not ready, with the reason.
        why: String,
    },
    /// The same, where a held rollback was to go ahead.
    #[error("the rollback waits for the standby: `rollback --force` does not wait")]
    HeldForStandby,
    /// The router holds what Switchback did not write.
    #[error("{}: `rollback --force` replaces it and keeps a copy. By hand: {}", .0.what, .0.by_hand)]
    RouterForeign(ForeignSeen),
    /// The same, where a held rollback was to go ahead.
    #[error("the router holds what is not ours: `rollback --force` replaces it and keeps a copy")]
    HeldForRouter,
    /// Somebody froze automatic rollback for the service.
    #[error("automatic rollback is frozen for the service: `switchback unfreeze`")]
    Frozen,
}
