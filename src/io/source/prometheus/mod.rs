//! What Prometheus, or anything with its HTTP API, says of a color.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `api` | one instant query: who is asked, as whom, and what went wrong in words |
//! | `answer` | the JSON of an answer |
//! | `fleet` | the counters of all targets of a color, added up over many answers |
//! | `meter` | the error rate and the latency from series that a selector names |
//! | `query` | the value of a query, and the alerts that fire |

mod answer;
mod api;
mod fleet;
mod meter;
mod query;

pub use answer::read_answer;
pub(crate) use api::Api;
pub(crate) use meter::Meter;
pub(crate) use query::Querier;
