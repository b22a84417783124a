//! A run as text: lines for people, JSON lines for programs, annotations for CI.
//!
//! | file | part |
//! | --- | --- |
//! | `lines` | the lines of a run, in one of the forms |
//! | `printer` | the thread that writes them |
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
mod lines;
mod printer;
mod services;
mod told;

pub use conclusion::JobFiles;
pub(crate) use conclusion::{Conclusion, conclude, is_concluded};
pub use lines::{Form, Output, Width};
pub(crate) use lines::{Lines, Places, Quiet};
pub(crate) use printer::Pen;
pub use printer::{Observer, Printer};
pub(crate) use services::print;
pub use services::{Happened, News, Teller};
pub(crate) use told::Told;
