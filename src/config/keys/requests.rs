//! `[requests]`: which requests are those of users.

use super::key::{Fallback, Key};
use crate::config::kind::Kind;

pub const KEYS: &[Key] = &[Key {
    name: "requests.ignore_routes",
    env: Some("SWITCHBACK_REQUESTS_IGNORE_ROUTES"),
    flag: None,
    help: "Routes whose requests are not users' and are not counted, beside metrics.path and health.path; * is one \
           segment, ** any number.",
    default: Fallback::Text(
        "/health,/health/**,/healthz,/ready,/readyz,/readiness,/livez,/liveness,/ping,/metrics,/actuator/**",
    ),
    kind: Kind::Routes(|draft, routes| draft.config.requests.ignore_routes = routes),
    also: None,
    example: "/health/**,/internal/*/check",
}];
