//! What tests ask of a page where nothing else matters.

use crate::routes::Routes;
use crate::statuses::StatusSet;
use crate::wanted::RequestSeries;

/// Every status from 500 on is a failure, and the rest is found.
pub fn requests() -> RequestSeries {
    RequestSeries { errors: StatusSet { classes: vec![5], ..StatusSet::default() }, ..RequestSeries::default() }
}

/// Routes that a service answers probes and scrapes on.
pub fn probes() -> Routes {
    let known = "/health,/health/**,/healthz,/ready,/readyz,/readiness,/livez,/liveness,/ping,/metrics,/actuator/**";
    Routes::parse(known.split(',')).unwrap()
}
