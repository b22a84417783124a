//! Pure: folds the stream of a run's events into what a person is shown.
//!
//! A view holds the same machine as the monitor and feeds it the same events, so a live, an attached and a replayed run are
//! one fold, and nothing that is shown can differ from what was decided. A [`View`] is what lines of text need; a
//! [`Dashboard`] remembers what a screen needs besides: history, marks, decisions, instances.

mod dashboard;
mod decided;
mod fold;
mod gauge;
mod headline;
mod instances;
mod measure;
mod outcome;
mod progress;
mod series;
mod status;
mod steady;

pub use dashboard::{CheckState, Dashboard, Mark, MarkKind};
pub use decided::Decided;
pub use fold::{Alarm, News, View};
pub use gauge::Gauge;
pub use headline::{Headline, Tone};
pub use instances::Instance;
pub use measure::{allowed, asks_for_alerts, measured, most, title};
pub use outcome::{active_after, next_step, outcome_lines, standing};
pub use progress::Progress;
pub use series::{Point, Series};
pub use status::{StatusLine, clock};
