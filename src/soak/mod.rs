//! Pure: the soak machine. No clock, no network, no disk: time arrives inside events.

mod actor;
mod decision;

pub use actor::{Actor, UnknownActor};
pub use decision::{Decision, DecisionKind};
