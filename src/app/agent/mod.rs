//! One process that watches every deployment configured in a folder, and begins a soak when traffic was switched.
//!
//! | file | part |
//! | --- | --- |
//! | `run` | the loop: files that come, change and go, signals, the service manager |
//! | `error` | why an agent cannot begin |
//! | `own` | the agent's own configuration, lock and listeners |
//! | `place` | whether lock and socket still are where others look for them |
//! | `folder` | which files there are, and which of them changed |
//! | `candidate` | one file as a deployment that can be watched |
//! | `catalog` | which file is in force where two are of one deployment |
//! | `switched` | whether a soak is due |
//! | `breached` | whether a color's last soak ended breached |
//! | `keeper` | one deployment: looks at it, and has its soaks run |
//! | `rows` | what its row says |
//! | `told` | what is told of a soak under way |
//! | `wish` | a run that somebody asked for |
//! | `turns` | who may begin, and when |
//! | `stop` | the signals of the agent, for all of its soaks |
//! | `gauges` | what the agent measures of itself |

mod breached;
mod candidate;
mod catalog;
mod error;
mod folder;
mod gauges;
mod keeper;
mod own;
mod place;
mod rows;
mod run;
mod stop;
mod switched;
mod told;
mod turns;
mod wish;

pub(crate) use error::AgentError;
pub use own::Own;
#[cfg(test)]
pub(crate) use run::SAVE_TIMEOUT;
pub(crate) use run::run;
pub use run::watch;
