//! Several hosts that watch one deployment, with a real etcd, real monitors and a router that cannot fence.
//!
//! | file | holds |
//! | --- | --- |
//! | `takeover` | a leader that dies, stands still, or is cut off |
//! | `engine` | an etcd that is full, restarted, gone, or asks for a password |
//! | `commands` | what the commands say on a host that does not lead |
//! | `agents` | the same with agents |
//! | `rounds` | whatever happens to a leader at a random moment of its rollback |

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what it expects by failing")]

mod agents;
mod commands;
mod engine;
mod rounds;
mod takeover;
