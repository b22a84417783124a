//! The screen over many soaks, on any number of hosts.
//!
//! | file | part |
//! | --- | --- |
//! | `app` | pure: what keys, updates and time change, and what has to be done about it |
//! | `press`, `pointer` | what keys and the mouse do |
//! | `list` | pure: which rows are in sight, and which one is selected |
//! | `group` | pure: one order for several soaks, from the question to the answers |
//! | `keys` | which key does what |
//! | `screen`, `columns`, `cells`, `about` | what is drawn: the whole screen, which columns have room, one row, the selected one |
//! | `run` | the loop, and the screen of one soak above it |

mod about;
mod app;
mod cells;
mod columns;
mod group;
mod keys;
mod list;
mod pointer;
mod press;
mod run;
mod screen;

#[cfg(test)]
mod tests;

pub use app::App as Screen;
pub(crate) use run::{FleetSetup, run};
