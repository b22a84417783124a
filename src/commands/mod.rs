//! What each command does: one file a command, each returning the program's exit code or a [`Failure`].

mod actor;
mod backtest;
mod config;
mod context;
mod demo;
mod entry;
mod failure;
mod logging;
mod prune;
mod records;
mod rollback;
mod say;
mod shell;
mod soak;
mod standby;
mod status;

pub use entry::main;
pub use failure::Failure;
