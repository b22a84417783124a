//! What each command does: one file a command, each returning the program's exit code or a [`Failure`](support::failure::Failure).
//!
//! | file | holds |
//! | --- | --- |
//! | `agent` | `agent` |
//! | `attach` | `attach` |
//! | `backtest` | `backtest` |
//! | `completions` | `completions` |
//! | `config` | `config show`, `check` and `template` |
//! | `ctl` | `ctl` |
//! | `demo` | `demo` |
//! | `doctor` | `doctor` |
//! | `entry` | from the command line to the command |
//! | `fleet` | `fleet` |
//! | `freeze` | `freeze` and `unfreeze` |
//! | `init` | `init`: a configuration from what is there |
//! | `history` | `history`, `history soaks` and, in a file below it, `history prune` |
//! | `man` | `man` |
//! | `replay` | `replay` |
//! | `rollback` | `rollback` and, in a file below it, `rollback --dry-run` |
//! | `soak` | `soak`, and the watch that follows a `switch` |
//! | `status` | `status` and, in a file below it, `status --wait` |
//! | `support` | what several commands share |
//! | `switch` | `switch`, `switch-green` and `switch-blue` |
//! | `verify` | `verify` |

mod agent;
mod attach;
mod backtest;
mod completions;
mod config;
mod ctl;
mod demo;
mod doctor;
mod entry;
mod fleet;
mod freeze;
mod history;
mod init;
mod man;
mod replay;
mod rollback;
mod soak;
mod status;
mod support;
mod switch;
mod verify;

pub use entry::main;
pub use support::conclude::misused;
