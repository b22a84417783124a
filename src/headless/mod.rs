//! A run as text: lines for people, JSON lines for programs, annotations for CI.
//!
//! | file | part |
//! | --- | --- |
//! | `printer` | the thread that folds events and hands news to one of the forms |
//! | `human` | lines, and the progress bar of a terminal |
//! | `json` | one JSON object a line |
//! | `github` | human lines, annotations and the job summary |
//! | `gate` | when a gate that still waits is told of |
//! | `told` | an outcome that was known before anything was run |

mod gate;
mod github;
mod human;
mod json;
mod printer;
mod told;

pub use printer::{Form, Output, Places, PrintEvents, Printer, Quiet, Width};
pub use told::Told;
