//! A run as text: lines for people, JSON lines for programs, annotations for CI.
//!
//! | file | part |
//! | --- | --- |
//! | `printer` | the thread that folds events and hands news to one of the forms |
//! | `human` | lines, and the progress bar of a terminal |
//! | `json` | one JSON object a line |
//! | `github` | human lines, annotations and the job summary |
//! | `conclusion` | the result of a command, for the next step of a job |
//! | `gate` | when a waiting gate is reported |
//! | `services` | what an agent tells of its services |
//! | `told` | an outcome that is known without a run |

mod conclusion;
mod gate;
mod github;
mod human;
mod json;
mod printer;
mod services;
mod told;

pub use conclusion::JobFiles;
pub(crate) use conclusion::{Conclusion, conclude, is_concluded};
pub use printer::{Form, Output, Printer, Width};
pub(crate) use printer::{Places, Printed, Quiet, Unread};
pub(crate) use services::print;
pub use services::{Happened, News, Teller};
pub(crate) use told::Told;
