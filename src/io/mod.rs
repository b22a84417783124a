//! The outside: one module for each neighbor of the program.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`state`] | state file, locks, freeze, and the report of the status |
//! | [`journal`] | decisions (durable, hash-chained) and recordings |
//! | [`router`] | the trait [`router::Router`] and one file a kind |
//! | [`source`] | the reader of metrics pages, the scraper, the readiness probe, Prometheus |
//! | [`notify`] | signed webhooks for what a monitor decides |
//! | [`control`] | the HTTP API over a Unix socket and the network: server and client |
//! | [`coordination`] | several hosts: who leads, and what the next leader needs |
//! | [`http`] | what every HTTP client here has in common |
//! | [`ports`] | what a run asks of the world, and a simulation hands in: clock, disk, source, routers, signals |
//! | `clock`, `disk`, `signals` | time, what is written durably, who asks the process to stop |
//! | `children` | processes that are started, and those that process 1 inherits |
//! | `descriptors` | how many files may be open |
//! | `usage` | memory, descriptors and threads of this process |
//! | `tasks` | tasks of the runtime |
//! | `texts` | small files, read whole |
//! | `users` | what the users of this machine are called |

pub(crate) mod children;
mod clock;
pub mod control;
pub mod coordination;
pub(crate) mod descriptors;
mod disk;
pub mod http;
pub mod journal;
pub(crate) mod notify;
pub mod ports;
pub mod router;
mod signals;
pub mod source;
pub mod state;
pub(crate) mod tasks;
pub(crate) mod texts;
pub(crate) mod usage;
pub(crate) mod users;
