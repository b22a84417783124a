//! Which counter counts the requests, and which of its labels carries the status.

use crate::config::{ErrorRateConfig, Named, Routes, StatusSet, Whose};

use super::super::exposition::Text;

/// The request counters that `auto` knows, the first that is on the page wins; and who writes them.
///
/// A service's own counter comes before the one of a proxy whose metrics stand on the same page. Not in the list are
/// counters that count a request more than once (Caddy's, once a handler) or have no label with an HTTP status of known
/// spelling (Envoy's).
pub const METRICS: [(&str, &str); 16] = [
    ("http_requests_total", "prom-client, Python and Go by convention, prometheus-fastapi-instrumentator"),
    ("http_server_requests_seconds_count", "Micrometer: Spring Boot, Quarkus, Micronaut"),
    ("http_server_request_duration_seconds_count", "OpenTelemetry, ASP.NET Core"),
    ("http_server_requests_total", "Ruby's client"),
    ("http_requests_received_total", "prometheus-net"),
    ("flask_http_request_total", "prometheus-flask-exporter"),
    ("starlette_requests_total", "starlette_exporter"),
    ("django_http_responses_total_by_status_total", "django-prometheus"),
    ("axum_http_requests_total", "axum-prometheus"),
    ("ktor_http_server_requests_seconds_count", "Ktor"),
    ("rails_requests_total", "yabeda-rails"),
    ("http_request_duration_seconds_count", "express-prom-bundle, Go by convention"),
    ("traefik_service_requests_total", "Traefik"),
    ("nginx_ingress_controller_requests", "ingress-nginx"),
    ("haproxy_backend_http_responses_total", "HAProxy"),
    ("istio_requests_total", "Istio's sidecar"),
];

/// The labels in which `auto` looks for the status, in this order.
pub const LABELS: [&str; 5] = ["status_code", "status", "code", "http_response_status_code", "response_code"];

/// Labels that may hold a request's path.
const PATH_LABELS: [&str; 16] = [
    "route",
    "path",
    "handler",
    "uri",
    "url",
    "endpoint",
    "http_route",
    "http_target",
    "path_template",
    "url_path",
    "http_path",
    "http_url",
    "request_path",
    "request_uri",
    "url_rule",
    "url_full",
];

/// A sidecar counts what it lets in (`reporter="destination"`) and what the service asks of others (`"source"`).
const ISTIO: &str = "istio_";

/// What a page is searched for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Names of request counters, best first.
    pub metrics: Vec<String>,
    /// Names of status labels, best first; at most eight.
    pub labels: Vec<String>,
    /// Whether the metric was named rather than left to `auto`.
    pub metric_is_named: bool,
    /// Which statuses are errors.
    pub errors: StatusSet,
    /// Routes whose requests are not users'.
    pub routes: Routes,
}

impl Wanted {
    /// What `config` asks for. Series on `routes` are not counted.
    pub fn new(config: &ErrorRateConfig, routes: Routes) -> Self {
        let one_of = |named: &Named, known: &[&str]| match named {
            Named::Auto => known.iter().map(ToString::to_string).collect(),
            Named::Name(name) => vec![name.clone()],
        };
        Self {
            metrics: one_of(&config.requests, &METRICS.map(|(name, _)| name)),
            labels: one_of(&config.status_label, &LABELS),
            metric_is_named: matches!(config.requests, Named::Name(_)),
            errors: config.errors.clone(),
            routes,
        }
    }
}

/// Whose requests a label of a series counts; none where it is no label of a route.
pub fn whose(routes: &Routes, label: Text<'_>, value: Text<'_>) -> Option<Whose> {
    PATH_LABELS.iter().any(|path| label.is(path)).then(|| routes.whose(value.raw()))
}

/// Whether a series of this metric with this label counts what the service asks of others.
pub fn is_outbound(metric: &str, label: Text<'_>, value: Text<'_>) -> bool {
    metric.starts_with(ISTIO) && label.is("reporter") && value.is("source")
}

/// An HTTP status of the form `503` or `5xx`, where `value` is one.
pub fn status(value: Text<'_>) -> Option<&str> {
    match value.raw() {
        [b'1'..=b'5', b'0'..=b'9', b'0'..=b'9'] | [b'1'..=b'5', b'x' | b'X', b'x' | b'X'] => {
            std::str::from_utf8(value.raw()).ok()
        }
        _ => None,
    }
}
