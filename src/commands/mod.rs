//! What each command does: one file a command, each returning the program's exit code or a [`Failure`].

mod actor;
mod background;
mod backtest;
mod ci_job;
mod config;
mod context;
mod ctl;
mod demo;
mod doctor;
mod dry_run;
mod entry;
mod failure;
mod follow;
mod form;
mod freeze;
mod keeper;
mod leave;
mod linger;
mod logging;
mod place;
mod prune;
mod records;
mod replay;
mod rollback;
mod say;
mod screen;
mod shell;
mod soak;
mod standby;
mod status;
mod stays;
mod switch;

pub use entry::main;
pub use failure::Failure;
