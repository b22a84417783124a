//! Runs the state machine against real time, network and disk.
//!
//! | file | part |
//! | --- | --- |
//! | `open`, `error` | what a run needs before its first event: locks, state, journal, recording; errors |
//! | `records` | journal and recordings before a run writes its own |
//! | `prepare` | what the machine and a recording get from the configuration |
//! | `resume`, `recovered_run` | which earlier run is resumed, and where it stood |
//! | `again` | a switch to the color that is active already |
//! | `run` | the loop: puts all events into one order, and carries out the machine's effects in that order |
//! | `sampling_rounds` | rounds of samples and when a tick is due |
//! | `sampler_pool` | one task for each instance that is scraped or probed |
//! | `freeze` | detects a freeze of automatic rollback |
//! | `effect_runner` | the tasks that move traffic, read the router and write the state file |
//! | `json` | events as JSON |
//! | `recorder` | the thread that writes the recording |
//! | `standing_by`, `sharing` | several hosts: waiting for the lead, and what the next leader needs |
//! | `clock` | the monotonic clock that counts suspend, the wall clock, and schedules |
//! | `watchdog` | answers the service manager from the loop |
//! | `stop` | how a run ends |
//! | `listeners` | the control socket, and the network |
//! | `api`, `answer` | what the control API says of the deployment, and the answer to an order |
//! | `unfinished` | finishes the soak of a dead monitor that is not resumed |
//! | `log` | decisions in the journal, and in the log of the program |
//! | `looks` | `router.probe_url` while a soak runs |
//! | `discovery` | discovers instances that come and go |

mod again;
mod answer;
mod api;
mod clock;
mod discovery;
mod effect_runner;
mod error;
mod freeze;
mod json;
mod listeners;
mod log;
mod looks;
mod open;
mod prepare;
mod recorder;
mod records;
mod recovered_run;
mod resume;
mod run;
mod sampler_pool;
mod sampling_rounds;
mod sharing;
mod standing_by;
mod stop;
mod unfinished;
mod watchdog;

pub(crate) use api::status_of;
pub(crate) use effect_runner::block_of_run;
pub(crate) use error::OpenError;
pub use open::{Begin, Opened, Opening, open};
pub(crate) use resume::{ending_of, ending_of_run, newest_run, unfinished};
pub use run::run;
pub use stop::{Finished, OnSignal};
pub(crate) use watchdog::Watchdog;

#[cfg(test)]
mod tests;
