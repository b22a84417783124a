//! The machine: phases, and what leads from one to the next.
//!
//! | file | part |
//! | --- | --- |
//! | `core` | the state, the dispatch of events, helpers that every part uses |
//! | `begin` | gate, switch, start of the soak |
//! | `watch` | ticks, breaches, the end of the window, observed moves |
//! | `standby` | the previous color before traffic leaves it |
//! | `act` | hold, grace, rollback |
//! | `persist` | attempts to roll back, one after the other |
//! | `foreign` | a router that holds what Switchback did not write |
//! | `verify` | what follows a rollback: is traffic still back? |
//! | `recovery` | and is the previous color well? |
//! | `release` | which release is judged, by its own pages |
//! | `orders` | the operator's actions and signals |
//! | `outbox` | what is to be done, in order |
//! | `resume` | going on with a run whose monitor is gone |
//! | `report` | what others may know of the machine |
//! | `asked` | what Prometheus says |
//! | `fleet` | instances that come and go during the run |
//! | `latency` | the latency check in a run |
//! | `shared` | a cause that both colors share |

mod act;
mod asked;
mod begin;
mod core;
mod fleet;
mod foreign;
mod latency;
mod orders;
mod outbox;
mod persist;
mod recovery;
mod release;
mod report;
mod resume;
mod shared;
mod standby;
mod verify;
mod watch;

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use tests::{bench as testing, scenes};

pub use core::Machine;
pub use persist::Retrying;
pub use release::list_releases;
pub use report::Summary;
pub use resume::Unwatched;
