//! The machine, told in events.

mod added;
mod baseline;
mod begin;
mod elsewhere;
mod ending;
mod excuse;
mod fleet;
mod foreign;
pub(crate) mod harness;
mod hold_back;
mod latency;
mod orders;
mod persist;
mod processes;
mod properties;
mod release;
mod resume;
mod rollback;
pub(crate) mod scenes;
mod shared;
mod standby;
mod verify;
