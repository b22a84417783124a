//! The soak machine. Pure: no clock, network or disk. [`Machine::handle`] takes one [`Envelope`] after the other and
//! returns the [`Effect`]s it wants carried out: always the same for the same envelopes, so a recording replays a soak.
//!
//! | file | holds |
//! | --- | --- |
//! | `attribution` | who is to attribution |
//! | `builds` | what the instances of the watched color name as their release |
//! | `check` | what a check says at one tick |
//! | `event` | what happens to a run, and what the machine wants done about it |
//! | `frozen` | a freeze of automatic rollback, as the machine knows it |
//! | `judge` | whether the counted requests speak against the release |
//! | `latency` | the latency check |
//! | `machine` | the machine |
//! | `next` | what an operator does next once a run is over |
//! | `own` | which of the counted requests this program may have sent itself |
//! | `query` | a check by a query to Prometheus |
//! | `rate` | a check of a rate, such as that of errors |
//! | `readiness` | the readiness check |
//! | `recording` | the first line of a recording, and what a later monitor adds to it |
//! | `refusal` | why an order cannot be taken now |
//! | `roster` | the instances of a color while they come and go |
//! | `settings` | what the machine needs to know before the first event |
//! | `verify` | after a rollback |

mod attribution;
mod builds;
mod check;
mod event;
mod frozen;
mod judge;
mod latency;
mod machine;
mod next;
mod own;
mod query;
mod rate;
mod readiness;
mod recording;
mod refusal;
mod roster;
mod settings;
mod verify;

#[cfg(test)]
pub(crate) use machine::{scenes, testing};

pub(crate) use check::named;
pub use check::{Check, Judging, Now, Observation};
pub(crate) use event::{Answer, ForeignSeen, Metered, RollbackFailure, RollbackResult, SwitchResult};
pub use event::{DeploymentSeen, Effect, Envelope, Event, ReadError, Readiness, Sample};
pub(crate) use frozen::Frozen;
pub(crate) use judge::OldColor;
pub use machine::Machine;
pub(crate) use machine::{Retrying, Summary, list_releases};
pub(crate) use next::Aftermath;
pub(crate) use rate::{ADD_UP, left_out};
pub use recording::RecordingHeader;
pub(crate) use recording::{ClockOrigin, Resumption};
pub(crate) use refusal::{Refusal, RefusalCode};
pub(crate) use roster::Roster;
pub use settings::Settings;
pub(crate) use settings::{
    ErrorRateSettings, LatencySettings, Origin, QueryKind, QuerySettings, ReadinessSettings, Verification,
    known_release,
};
