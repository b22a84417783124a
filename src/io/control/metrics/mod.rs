//! The monitor's own metrics, as a page that Prometheus reads.
//!
//! | file | holds |
//! | --- | --- |
//! | `page` | which metrics there are, and what they say |
//! | `tally` | what is counted of the events, because the view does not keep it |
//! | `text` | the Prometheus text format 0.0.4 |

mod page;
mod tally;
mod text;

pub(super) use page::{Clients, page};
pub(super) use tally::Tally;
pub(super) use text::Text;
