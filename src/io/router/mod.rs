//! What sends user traffic to a color. [`Router`] is the trait; [`Configured`] makes the configured kind:
//! [`CommandRouter`], [`HaproxyRouter`], [`NginxRouter`], [`CaddyRouter`] or [`StateFileRouter`] (its file is truth).
//!
//! | file | holds |
//! | --- | --- |
//! | `api` | the trait every kind of router implements |
//! | `caddy` | router `caddy` |
//! | `command` | router `command` |
//! | `foreign` | what a router holds that Switchback did not put there |
//! | `haproxy` | router `haproxy` |
//! | `lasting` | which failures of a router last |
//! | `nginx` | router `nginx` |
//! | `output` | what a command printed, in bounded memory and safe to show |
//! | `probe` | a move is confirmed by its effect |
//! | `process` | runs one command |
//! | `record` | a record of what was done to a router |
//! | `said` | which color a command's output names |
//! | `scripts` | scripts of a `package.json` that a command runs |
//! | `state_file` | router `state-file` |
//! | `written` | what Switchback wrote into a router last |

mod api;
mod caddy;
mod command;
mod foreign;
mod haproxy;
mod lasting;
mod nginx;
mod output;
mod probe;
mod process;
mod record;
mod said;
mod scripts;
mod state_file;
mod written;

pub(crate) use api::{Configured, Remark};
pub use api::{Moved, Router, RouterError, RouterFuture, Routers};
pub(crate) use caddy::{CaddyError, CaddyRouter};
pub use command::CommandError;
pub(crate) use command::CommandRouter;
pub use foreign::Replace;
pub(crate) use foreign::{Foreign, NOT_OURS};
pub use haproxy::read_servers;
pub(crate) use haproxy::{HaproxyError, HaproxyRouter};
pub(crate) use nginx::{NginxError, NginxRouter};
pub(crate) use probe::{TrafficProbe, TrafficProbeError};
pub use process::ProcessError;
pub(crate) use process::program_in_path;
pub(crate) use scripts::{Script, script_of};
pub use state_file::StateFileRouter;
pub(crate) use written::{KnownLink, Written};
