//! Switchback watches a blue/green deploy after the switch and switches back automatically if the new release is bad.
//!
//! Six floors. Each knows those below it and nothing above; a test reads every import.
//!
//! | floor | what it holds |
//! | --- | --- |
//! | [`app`] | everything with a name that users type or see: commands, screens, the monitor's loop, the verbs |
//! | [`io`] | the outside: state file, journal, router, metrics, notifications, control API |
//! | [`core`] | pure: the machine of a soak, its view, backtests |
//! | [`config`] | layers (flags > environment > `.env` > file > defaults), validation, `config show` |
//! | [`model`] | the vocabulary: colors, where traffic is, limits |
//!
//! The sixth and lowest is the package [`measure`]: from the bytes of a metrics page to what its counts prove.
//!
//! [`core`] imports no tokio, no reqwest, no `std::fs` and reads no clock: time arrives inside events. Only
//! [`app::monitor`] lets time, network, disk and the machine meet. How one sample and one key press travel through the
//! floors is drawn in `docs/development/architecture.md`.
//!
//! # Stability
//!
//! The library exists for the program and its tests, and makes no promise of semantic versioning. What is stable is what
//! users see: commands, exit codes, configuration, files on disk, the journal and the control API.
//!
//! # Example
//!
//! The detector alone, fed with what two counters of a service say once a second:
//!

#![doc = concat!("```\n", include_str!("../tests/examples/judge.rs"), "```")]

pub mod app;
pub mod config;
pub mod core;
pub mod io;
pub mod model;
#[cfg(test)]
mod tests;
