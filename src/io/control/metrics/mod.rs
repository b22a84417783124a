//! The monitor's own metrics, as a page that Prometheus reads.

mod page;
mod tally;
mod text;

pub(super) use page::{Clients, page};
pub(super) use tally::Tally;
