//! Several hosts that watch one service: which of them acts, and what the next one needs to go on.
//!
//! | file | holds |
//! | --- | --- |
//! | `engine` | what is needed of an engine that all hosts reach: leases, records, guarded writes |
//! | `etcd` | etcd as such an engine |
//! | `leadership` | the part of this process in it: standing by, leading, being cut off |
//! | `session` | the lease of this process, kept alive |
//! | `told` | whether the others know what a leader wrote |
//! | `known` | the leaderships of a process, one a service |

mod engine;
mod etcd;
mod known;
mod leadership;
mod session;
mod told;

pub use engine::{
    Engine, EngineError, Guard, Health, LEADER, Lease, MEMBERS, NOW, Record, SOAKS, STATE, Token, Write, Written,
};
pub use known::{Coordination, Engines};
pub(crate) use leadership::{Leadership, Look, Member, NotLeading, Standing, Turn};
