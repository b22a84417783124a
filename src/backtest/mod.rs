//! Pure: recorded soaks through the very same judgement, so that a threshold can be chosen from the past.

mod judge;
mod trace;

pub use judge::{Judged, Method, Setting, judge};
pub use trace::{Trace, TraceError, TraceTick};
