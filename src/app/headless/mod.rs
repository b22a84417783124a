//! A run as text: lines for people, JSON lines for programs, annotations for CI.
//!
//! | file | part |
//! | --- | --- |
//! | `printer` | the thread that folds events and hands news to one of the forms |
//! | `human` | lines, and the progress bar of a terminal |
//! | `json` | one JSON object a line |
//! | `github` | human lines, annotations and the job summary |
//! | `conclusion` | what a command came to, for the next step of a job |
//! | `gate` | when a gate that still waits is told of |
//! | `told` | an outcome that was known before anything was run |

mod conclusion;
mod gate;
mod github;
mod human;
mod json;
mod printer;
mod told;

pub use conclusion::JobFiles;
pub(crate) use conclusion::{Conclusion, conclude, is_concluded};
pub use printer::{Form, Output, Printer, Width};
pub(crate) use printer::{Places, Quiet};
pub(crate) use told::Told;
