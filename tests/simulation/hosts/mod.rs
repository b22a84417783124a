//! Several hosts that watch one deployment, and a model of etcd between them.
//!
//! Every process has a runtime of its own, with a clock of its own: all are driven in small steps of the store's time, each at the
//! pace of its host. One that is paused is not driven, while what it has sent arrives.
//!
//! | file | part |
//! | --- | --- |
//! | `plan` | what happens, drawn from a seed |
//! | `store` | the model of etcd: changes, leases, guarded writes |
//! | `land` | what all hosts share: the store, the network, the router, the time |
//! | `engine` | how a host asks the store |
//! | `node` | what a host is to the program: clock, disk, signals, router, instances |
//! | `process` | one process, driven step by step |
//! | `run` | all hosts from the first process to the last |
//! | `judge` | what has to hold |

mod engine;
mod judge;
mod land;
mod node;
mod plan;
mod process;
mod run;
mod store;

pub use plan::HostsPlan;
pub use run::simulate;
