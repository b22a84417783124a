//! What sends user traffic to a color.
//!
//! [`Router`] is the trait; [`from_config`] makes the configured kind. A file a kind: [`StateFileRouter`] (the state file is
//! the truth) and [`CommandRouter`] (commands move traffic).

mod api;
mod command;
mod output;
mod process;
mod state_file;

pub use api::{Moved, Router, RouterError, RouterFuture, from_config};
pub use command::{CommandError, CommandRouter};
pub use process::ProcessError;
pub use state_file::StateFileRouter;
