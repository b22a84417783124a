//! Several hosts that watch one service: which of them acts, and what the next one needs to go on.
//!
//! | file | holds |
//! | --- | --- |
//! | `engine` | what is needed of an engine that all hosts reach: leases, records, guarded writes |
//! | `etcd` | etcd as such an engine |
//! | `leadership` | the part of this process in it: standing by, leading, being cut off |
//! | `session` | the lease of this process, kept alive |
//! | `told` | whether the others know what a leader wrote |
//! | `member` | who that is, as the others see it |
//! | `finder` | who leads, for everybody else |
//! | `known` | the leaderships of a process, one a service |

mod engine;
mod etcd;
mod finder;
mod known;
mod leadership;
mod member;
mod session;
mod told;

pub use engine::{
    Engine, EngineError, Guard, Health, LEADER, Lease, MEMBERS, NOW, Record, SOAKS, STATE, Token, Write, Written,
    damaged,
};
pub(crate) use finder::Finder;
pub use known::{Coordination, Engines};
#[cfg(test)]
pub(crate) use leadership::Leader;
pub(crate) use leadership::{Leadership, Look, NotLeading, Standing, Turn};
pub(crate) use member::Member;
