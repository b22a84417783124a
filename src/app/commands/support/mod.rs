//! What several commands share; it depends on none of them.
//!
//! | file | holds |
//! | --- | --- |
//! | `actor` | who gives an order |
//! | `background` | the monitor as a process of its own |
//! | `ci_job` | a monitor in the background of a CI job |
//! | `conclude` | what a command came to, in the form that was asked for |
//! | `context` | what every command needs first |
//! | `failure` | a command that could not do its work |
//! | `follow` | following a run from outside its process, with lines |
//! | `format` | how headless output looks here |
//! | `supervisor` | keeps a monitor alive that this process started |
//! | `known` | what a monitor on another machine was last known to say |
//! | `detach` | detaching from a run that continues |
//! | `logind` | whether the platform lets a background process live on after its user has logged out |
//! | `logging` | the program's log |
//! | `others` | a deployment of another user |
//! | `place` | what there is where a command was called, and what a command needs of it |
//! | `output` | what a command prints |
//! | `responsible` | the agent that is responsible for a deployment |
//! | `screen` | the terminal UI as this process can show it |
//! | `standby` | is a color ready? Asked once, by commands that run without a monitor |

pub mod actor;
pub mod background;
pub mod ci_job;
pub mod conclude;
pub mod context;
pub mod detach;
pub mod failure;
pub mod follow;
pub mod format;
pub mod known;
pub mod logging;
pub mod logind;
pub mod others;
pub mod output;
pub mod place;
pub mod responsible;
pub mod screen;
pub mod standby;
pub mod supervisor;
