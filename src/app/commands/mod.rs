//! What each command does: one file a command, each returning the program's exit code or a [`Failure`].
//!
//! | file | holds |
//! | --- | --- |
//! | `actor` | who is at the keyboard |
//! | `background` | the monitor as a process of its own |
//! | `backtest` | `backtest` |
//! | `ci_job` | a monitor in the background of a CI job |
//! | `conclude` | what a command came to, in the form that was asked for |
//! | `config` | `config show`, `check` and `template` |
//! | `context` | what every command needs first |
//! | `ctl` | `ctl` |
//! | `demo` | `demo` |
//! | `doctor` | `doctor` |
//! | `dry_run` | `rollback --dry-run` |
//! | `entry` | from the command line to the command |
//! | `failure` | a command that could not do its work |
//! | `follow` | following a run from outside its process, with lines |
//! | `form` | how headless output looks here |
//! | `freeze` | `freeze` and `unfreeze` |
//! | `keeper` | keeps a monitor alive that this process started |
//! | `known` | what a monitor on another machine was last known to say |
//! | `leave` | leaving a run that goes on without us |
//! | `linger` | whether the platform lets a background process live on after its user has logged out |
//! | `logging` | the program's log |
//! | `man` | `man` |
//! | `others` | a deployment of another user |
//! | `place` | what there is where a command was called, and what a command needs of it |
//! | `prune` | `history prune` |
//! | `records` | `history` and `verify` |
//! | `replay` | `replay` |
//! | `rollback` | `rollback` |
//! | `say` | what a command prints |
//! | `screen` | the terminal UI as this process can show it |
//! | `shell` | `completions` |
//! | `soak` | `switch` and `soak` |
//! | `standby` | is a color ready? Asked once, by commands that run without a monitor |
//! | `status` | `status` |
//! | `stays` | whether traffic stays where a rollback brought it |
//! | `switch` | `switch` |
//! | `wait` | `status --wait` |

mod actor;
mod background;
mod backtest;
mod ci_job;
mod conclude;
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
mod known;
mod leave;
mod linger;
mod logging;
mod man;
mod others;
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
mod wait;

pub use conclude::misused;
pub use entry::main;
pub use failure::Failure;
