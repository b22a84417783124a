//! Pure: the soak machine. No clock, no network, no disk: time arrives inside events.
//!
//! [`Machine::handle`] takes one [`Envelope`] after the other and returns the [`Effect`]s it wants carried out. The same
//! envelopes always give the same effects, so a recording of them replays a soak.

mod action;
mod actor;
mod blame;
mod builds;
mod check;
mod decision;
mod event;
mod frozen;
mod judge;
mod latency;
mod machine;
mod next;
mod outcome;
mod own;
mod query;
mod rate;
mod readiness;
mod recording;
mod roster;
mod settings;
mod verify;

#[cfg(test)]
pub(crate) use machine::testing;

pub use action::{Action, UnknownAction};
pub use actor::{Actor, UnknownActor};
pub use check::{ERROR_RATE, LATENCY, Observation, READINESS, named};
pub use decision::{Decision, DecisionKind};
pub use event::{
    Answer, DeploymentSeen, Effect, Envelope, Event, ForeignSeen, Metered, Readiness, RollbackFailure, RollbackResult,
    Sample, SwitchResult,
};
pub use frozen::Frozen;
pub use judge::OldColor;
pub use machine::{Machine, ROUTER_FOREIGN, Retrying, Summary, Unwatched, list_releases};
pub use next::Aftermath;
pub use outcome::{Cause, Ending, Outcome, Phase, Verdict};
pub use query::QueryCheck;
pub use rate::{ADD_UP, left_out};
pub use recording::{ClockOrigin, RecordingHeader, Resumption};
pub use roster::{Changes, Roster};
pub use settings::{
    ErrorRateSettings, LatencySettings, Origin, QueryKind, QuerySettings, ReadinessSettings, Settings, Verification,
    known_release,
};
