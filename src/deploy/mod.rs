//! The deployment: its state file, its locks and the verbs switch, rollback and status.
//!
//! [`State`] is what the file says, [`StateFile`] reads and replaces it, [`Lock`] keeps processes from moving traffic at
//! once. [`Deployment`] puts them together with a router and the journal; its [`Deployment::rollback`] is the only way back.

mod alarm;
mod color;
mod deployment;
mod exit_code;
mod foresee;
mod freeze;
mod lock;
mod moved;
mod plan;
#[cfg(test)]
mod probe_tests;
mod rollback;
mod state;
mod state_file;
mod status;
mod switch;
#[cfg(test)]
pub(crate) mod testing;

pub use alarm::Alarm;
pub use color::{Color, UnknownColor};
pub use deployment::{Clock, Deployment, RecordError, SoakUpdate};
pub use exit_code::Came;
pub use foresee::{By, Foreseen, Preview};
pub use freeze::{Freeze, FreezeError, FreezeFile};
pub use lock::{Holder, Lock, LockError, MonitorState, monitor_state, mover};
pub use moved::{MoveFailure, MovedTraffic, Traffic};
pub use plan::Binding;
pub use rollback::{Rollback, RollbackError, RollbackRequest};
pub use state::{
    BaselineBlock, Corrupt, Move, NothingToRollBack, Release, SoakBlock, State, Transition, rollback_target,
};
pub use state_file::{StateError, StateFile};
pub use status::{
    ConfigurationStatus, NoInactive, RouterStatus, SoakStatus, StandbyStatus, StateFileStatus, StatusError,
    StatusReport, since,
};
pub use switch::{Switch, SwitchError, SwitchRequest};
