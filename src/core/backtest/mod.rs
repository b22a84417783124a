//! Pure: judges recorded soaks again by the same code, to choose a threshold from the past.
//!
//! | file | part |
//! | --- | --- |
//! | `trace` | a recorded soak, and its CSV form |
//! | `recording` | a trace from the recording of a soak |
//! | `judge` | one trace under one setting |
//! | `sweep` | many settings from lists of values |
//! | `truth` | what a release really was, by how its soak ended |
//! | `table` | the results as a table |

mod judge;
mod recording;
mod sweep;
mod table;
mod trace;
mod truth;

pub use judge::Setting;
pub use judge::{Judged, judge};
pub(crate) use recording::{ending_of, trace_of};
pub(crate) use sweep::{Sweep, product};
pub(crate) use table::{Row, table};
pub use trace::Trace;
pub(crate) use truth::Truth;
