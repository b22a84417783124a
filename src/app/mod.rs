//! Everything with a name that users type or see.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`cli`], [`commands`] | what can be typed, and what each command does |
//! | [`deploy`] | the verbs: switch, rollback, status |
//! | [`agent`] | many deployments in one process, whose soaks begin by themselves |
//! | [`monitor`] | the one async loop that feeds the machine and carries out its effects |
//! | [`tui`] | the terminal UI |
//! | [`headless`] | the same as lines, JSON lines and CI annotations |
//! | [`demo`] | embedded services, router and load, so that the first run needs nothing else |
//! | `fleet` | many services on many hosts: followed, and as lines |
//! | `inputs` | what the configuration is made of, read from the process and its files |
//! | `order` | an order to a running soak, as it is typed |
//! | `project` | what the files of a project say about its deployment |
//! | `called` | how the program was called, for the commands that it advises |

pub mod agent;
pub(crate) mod called;
pub mod cli;
pub mod commands;
pub mod demo;
pub mod deploy;
pub(crate) mod fleet;
pub mod headless;
pub(crate) mod inputs;
pub mod monitor;
pub mod order;
pub(crate) mod project;
pub mod tui;
