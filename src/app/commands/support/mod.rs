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
//! | `form` | how headless output looks here |
//! | `supervisor` | keeps a monitor alive that this process started |
//! | `known` | what a monitor on another machine was last known to say |
//! | `leave` | detaching from a run that continues |
//! | `linger` | whether the platform lets a background process live on after its user has logged out |
//! | `logging` | the program's log |
//! | `others` | a deployment of another user |
//! | `place` | what there is where a command was called, and what a command needs of it |
//! | `say` | what a command prints |
//! | `screen` | the terminal UI as this process can show it |
//! | `standby` | is a color ready? Asked once, by commands that run without a monitor |

pub mod actor;
pub mod background;
pub mod ci_job;
pub mod conclude;
pub mod context;
pub mod failure;
pub mod follow;
pub mod form;
pub mod known;
pub mod leave;
pub mod linger;
pub mod logging;
pub mod others;
pub mod place;
pub mod say;
pub mod screen;
pub mod standby;
pub mod supervisor;
