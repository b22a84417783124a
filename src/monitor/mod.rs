//! The one place where time, network, disk and the machine meet.
//!
//! | file | part |
//! | --- | --- |
//! | `open` | what a run needs before its first event: locks, state, journal, recording |
//! | `run` | the loop: one order of all events, and the machine's effects carried out in theirs |
//! | `rounds` | rounds of samples and when a tick is due |
//! | `crew` | one task for each instance that is scraped or probed |
//! | `hands` | the tasks that move traffic, read the router and write the state file |
//! | `recorder` | the thread that writes the recording |
//! | `clock` | the monotonic clock that counts suspend, and the wall clock |
//! | `signals` | SIGINT, SIGTERM, SIGHUP |
//! | `unfinished` | what a monitor that died left behind |

mod clock;
mod crew;
mod hands;
mod open;
mod recorder;
mod rounds;
mod run;
mod signals;
mod unfinished;

pub use open::{Begin, OpenError, Opened, Opening, open};
pub use run::{Finished, run};

#[cfg(test)]
mod tests;
