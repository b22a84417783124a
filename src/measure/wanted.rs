//! Which series of a page are asked for.

use crate::matchers::LabelFilter;
use crate::routes::Routes;
use crate::statuses::StatusSet;
use crate::unit::LatencyUnit;

/// A metric or label that is named, or found on the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Named {
    /// The well-known names are tried.
    #[default]
    Auto,
    /// This one alone.
    Name(String),
}

/// The counter of requests, and which of its series count.
#[derive(Clone, Debug, Default)]
pub struct RequestSeries {
    /// The counter.
    pub requests: Named,
    /// Its label with the status.
    pub status_label: Named,
    /// What counts as a failure.
    pub errors: StatusSet,
    /// The series of this service; of the latency histogram as well.
    pub series: LabelFilter,
}

/// The histogram of request durations.
#[derive(Clone, Debug, Default)]
pub struct LatencySeries {
    /// The histogram.
    pub histogram: Named,
    /// The unit of its bounds.
    pub unit: LatencyUnit,
    /// Routes that are left out of it, besides those of the requests.
    pub ignore_routes: Routes,
}
