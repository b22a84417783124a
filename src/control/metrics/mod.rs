//! The monitor's own metrics, as a page that Prometheus reads.

mod page;
mod tally;
mod text;

pub(super) use page::page;
pub(super) use tally::Tally;
