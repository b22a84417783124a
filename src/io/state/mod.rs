//! The state file that `deploy.ts` shares, the locks beside it, the freeze, and the report of the status.
//!
//! | file | holds |
//! | --- | --- |
//! | `content` | what the state file says; pure |
//! | `file` | reads and replaces it |
//! | `lock` | keeps processes from moving traffic at once, and from watching twice |
//! | `freeze` | the freeze of automatic rollback |
//! | `lasting` | which failures of the system last |
//! | `report` | what `status` reports |

mod content;
mod file;
mod freeze;
mod lasting;
mod lock;
mod report;

pub(crate) use content::{BaselineBlock, Corrupt, Move, NothingToRollBack, SoakBlock, rollback_target};
pub use content::{Release, State};
pub(crate) use file::StateError;
pub use file::StateFile;
pub(crate) use file::WRITERS;
pub(crate) use freeze::{Freeze, FreezeFile};
pub(crate) use lasting::is_lasting;
pub(crate) use lock::{
    Holder, Lock, LockError, MonitorState, Responsible, last_agent, monitor_state, mover, responsible_agent,
};
pub(crate) use report::{
    ConfigurationStatus, CoordinationStatus, RouterStatus, SoakStatus, StandbyStatus, StateFileStatus, StatusReport,
};
