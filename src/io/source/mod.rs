//! Where samples come from: a [`Scraper`] feeds an instance's metrics page, as chunks arrive, to its [`PageReader`],
//! which makes it a [`crate::core::detect::Reading`]; a [`Probe`] asks whether it is ready; Prometheus answers queries.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `discovery` | which instances a color has now |
//! | `fetch` | one GET: timeouts, redirects, TLS and DNS errors in words |
//! | `metric_value` | one value of a page that is asked for by name |
//! | `scrape`, `probe` | one instance's page, and whether it is ready |
//! | `instance` | both for one instance: what a run is handed |
//! | `prometheus/` | what Prometheus says of a whole color: counters, queries, alerts |

mod discovery;
mod fetch;
mod instance;
mod metric_value;
mod probe;
mod prometheus;
mod scrape;
#[cfg(test)]
pub(crate) mod testing;

pub(crate) use discovery::{Discovery, DiscoveryError, apart, discover};
pub use fetch::ClientError;
pub(crate) use instance::Network;
pub use instance::{Asked, Later, Metrics, ReadinessProbe, Source};
pub use measure::exposition::Format;
pub use measure::page::{Agreement, PageReader};
pub(crate) use metric_value::metric_value;
pub(crate) use probe::{Probe, ProbeError, Ready};
pub use prometheus::read_answer;
pub(crate) use prometheus::{Api, Meter, Querier};
pub(crate) use scrape::{ScrapeError, Scraper};
