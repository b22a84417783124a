//! `[requests]`: which requests are those of users.

use super::key::Text;
use crate::config::kind;
use measure::routes::Routes;

section! {
    #[derive(Clone, Debug, Default)]
    pub struct RequestsConfig, rows KEYS: "requests." at |draft| draft.config.requests;

    /// Routes to leave out because their requests are not users', in addition to metrics.path and health.path; * matches one
    /// segment, ** any number.
    ignore_routes: Routes {
        default: Text("/health,/health/**,/healthz,/ready,/readyz,/readiness,/livez,/liveness,/ping,/metrics,/actuator/**"),
        kind: kind::RouteList,
        example: "/health/**,/internal/*/check",
    }
}
