//! Which series of a page count, and which of them are errors.

use crate::matchers::LabelFilter;
use crate::routes::Routes;
use crate::statuses::StatusSet;
use crate::wanted::{Named, RequestSeries};

#[derive(Clone, Debug)]
pub struct Wanted {
    pub requests: Named,
    pub status_label: Named,
    pub errors: StatusSet,
    pub filter: LabelFilter,
    pub routes: Routes,
}

impl Wanted {
    /// Series on `routes` are not counted.
    pub fn new(series: RequestSeries, routes: Routes) -> Self {
        let RequestSeries { requests, status_label, errors, series: filter } = series;
        Self { requests, status_label, errors, filter, routes }
    }
}
