//! The verbs: switch, rollback and status.
//!
//! [`Deployment`] puts state file, locks, router and journal together; its [`Deployment::rollback`] is the only way back.
//!
//! | file | holds |
//! | --- | --- |
//! | `deployment` | the deployment of one service: one move at a time |
//! | `switch`, `rollback`, `status` | the verbs |
//! | `plan` | what a move does, step by step; pure |
//! | `moved` | the result of a move |
//! | `shared` | what the hosts of a deployment share, and the lead |
//! | `noted` | a switch that was made at the router alone |
//! | `foresee` | what a move would do: `--dry-run` |
//! | `alarm`, `exit_code` | the first line of a status, and its exit code |

mod alarm;
mod deployment;
mod exit_code;
mod foresee;
mod moved;
mod noted;
mod plan;
mod rollback;
mod shared;
mod status;
mod switch;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub(crate) use alarm::Alarm;
pub use deployment::Deployment;
pub(crate) use exit_code::Came;
pub(crate) use foresee::{By, Foreseen, Preview};
pub(crate) use moved::{MoveFailure, MovedTraffic};
pub use plan::Binding;
pub(crate) use rollback::RollbackError;
pub use rollback::{Rollback, RollbackRequest};
pub(crate) use shared::{CatchUpError, Made, joined, of_recording};
pub(crate) use status::{NoInactive, since};
pub(crate) use switch::Switch;
pub use switch::SwitchRequest;
