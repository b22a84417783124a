//! Where samples come from: the metrics page of every instance, its readiness probe, and queries to Prometheus.
//!
//! A [`Scraper`] fetches one instance's page and feeds it, chunk by chunk as it arrives, to its [`PageReader`], which turns
//! it into a [`crate::core::detect::Reading`]. A [`Probe`] asks the same instance whether it is ready.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `discovery` | which instances a color has now |
//! | `exposition/` | the text formats: lines, samples, errors that name a line |
//! | `page/` | which counter is the request counter, and what its series add up to over many pages |
//! | `fetch` | one GET: timeouts, redirects, TLS and DNS errors in words |
//! | `metric_value` | one value of a page that is asked for by name |
//! | `scrape`, `probe` | one instance's page, and whether it is ready |
//! | `instance` | both for one instance: what a run is handed |
//! | `prometheus/` | what Prometheus says of a whole color: counters, queries, alerts |

mod discovery;
mod exposition;
mod fetch;
mod instance;
mod metric_value;
mod page;
mod probe;
mod prometheus;
mod scrape;
#[cfg(test)]
pub(crate) mod testing;

pub use discovery::{Discovery, DiscoveryError, MOST_INSTANCES, apart, discover};
pub use exposition::{Format, MAX_LINE, PageError};
pub use fetch::{ClientError, FetchError};
pub use instance::{Asked, Later, Metrics, Network, ReadinessProbe, Source};
pub use metric_value::metric_value;
pub use page::{Agreement, HISTOGRAMS, LABELS, MAX_SERIES, METRICS, PageReader};
pub use probe::{Probe, ProbeError, Ready};
pub use prometheus::{Api, Meter, Querier, QueryError, read_answer};
pub use scrape::{MAX_BODY, ScrapeError, Scraper};
