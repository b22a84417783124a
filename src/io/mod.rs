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
//! | [`http`] | what every HTTP client here has in common |
//! | [`seam`] | where a simulation takes the place of clock, disk and instances |
//! | `children` | processes that are started, and those that process 1 inherits |
//! | `descriptors` | how many files may be open |
//! | `users` | what the users of this machine are called |

pub(crate) mod children;
pub mod control;
pub(crate) mod descriptors;
pub mod http;
pub mod journal;
pub mod notify;
pub mod router;
pub mod seam;
pub mod source;
pub mod state;
pub(crate) mod users;
