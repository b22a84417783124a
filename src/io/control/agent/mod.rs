//! The control API of an agent: what a monitor answers for its soak, for every service, and all of them at once.
//!
//! | file | part |
//! | --- | --- |
//! | `board` | the services and what is known of each: where the agent and its clients meet |
//! | `begin` | a request to begin a run, and both ends of it |
//! | `routes` | the endpoints |
//! | `stream` | the changes of all services as one event stream |
//! | `page` | the agent's own metrics |

mod begin;
mod board;
mod page;
mod routes;
mod stream;

pub(crate) use begin::{BeginRequest, Begun, NotBegun, What};
pub use board::Board;
pub(crate) use board::{Ordered, Row, Run};
pub(crate) use page::Gauges;
pub(super) use routes::Services;
