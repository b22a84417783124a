//! Pure: folds the stream of a run's events into what a person is shown.
//!
//! A view holds the same machine as the monitor and feeds it the same events, so a live, an attached and a replayed run are
//! one fold, and nothing that is shown can differ from what was decided.

mod fold;
mod progress;

pub use fold::{News, View};
pub use progress::{Progress, outcome_lines};
