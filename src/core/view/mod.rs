//! Pure: folds the stream of a run's events into what a person is shown.
//!
//! A view holds the same machine as the monitor and feeds it the same events, so a live, an attached and a replayed run are
//! one fold, and nothing that is shown can differ from what was decided. A [`View`] is what lines of text need; a
//! [`Dashboard`] remembers what a screen needs besides: history, marks, decisions, instances.
//!
//! | file | holds |
//! | --- | --- |
//! | `dashboard` | everything that a screen shows of one run, bounded in memory |
//! | `decided` | the decisions of a run, bounded |
//! | `fold` | the fold itself |
//! | `gauge` | how far a check is from a breach |
//! | `history` | what a tick leaves behind for the charts |
//! | `headline` | the word for where a run is, as it stands in the first row of a screen |
//! | `instances` | what is known of each instance |
//! | `measure` | the values of checks, each in its own unit |
//! | `outcome` | the closing lines of a run |
//! | `progress` | the sentences that all front ends share |
//! | `series` | the history of one value, bounded |
//! | `status` | the lines of the status pane |
//! | `steady` | verdicts as they are shown |
//! | `summary` | one row of the fleet: a service and its soak |

mod dashboard;
mod decided;
mod fold;
mod gauge;
mod headline;
mod history;
mod instances;
mod measure;
mod outcome;
mod progress;
mod series;
mod status;
mod steady;
mod summary;

pub use dashboard::Dashboard;
pub(crate) use dashboard::{CheckState, Mark, MarkKind};
pub(crate) use decided::Decided;
pub(crate) use fold::{Standing, View, ViewUpdate};
pub(crate) use gauge::Gauge;
pub(crate) use headline::{Headline, Tone};
pub(crate) use instances::Instance;
pub(crate) use measure::{allowed, asks_for_alerts, measured, most, title};
pub(crate) use outcome::{active_after, active_so_far, next_step, outcome_lines, standing, word};
pub(crate) use progress::Progress;
pub(crate) use series::Point;
pub(crate) use status::{StatusLine, clock};
pub(crate) use summary::{State, Summary};
