//! Whether a histogram times requests, and whose, by its name.

use super::super::names::{Foreign, Standing, Tier, normalized, words};
use crate::unit::{in_name as unit_in_name, speaks_of_time};

/// Known latency histograms, best first, and who writes them; proxies last.
pub const HISTOGRAMS: [(&str, &str); 30] = [
    ("http_request_duration_seconds", "prom-client, Go and Python by convention, express-prom-bundle"),
    ("http_server_requests_seconds", "Micrometer: Spring Boot, Quarkus, Micronaut, with histograms switched on"),
    ("http_server_request_duration_seconds", "OpenTelemetry, ASP.NET Core, Ruby's client"),
    ("http_server_request_duration", "OpenTelemetry, where the exporter leaves the unit out: seconds"),
    ("http_server_duration_milliseconds", "OpenTelemetry before its names became stable"),
    ("http_server_duration", "the same, where the exporter leaves the unit out: milliseconds"),
    ("http_request_duration_ms", "prom-client by an older convention"),
    ("http_request_duration_milliseconds", "the same"),
    ("http_request_duration_highr_seconds", "prometheus-fastapi-instrumentator"),
    ("flask_http_request_duration_seconds", "prometheus-flask-exporter"),
    ("starlette_request_duration_seconds", "starlette_exporter"),
    ("django_http_requests_latency_seconds_by_view_method", "django-prometheus"),
    ("aiohttp_request_duration_seconds", "aiohttp"),
    ("axum_http_requests_duration_seconds", "axum-prometheus"),
    ("ktor_http_server_requests_seconds", "Ktor"),
    ("rails_request_duration_seconds", "yabeda-rails"),
    ("api_request_duration_milliseconds", "swagger-stats"),
    ("grpc_server_handling_seconds", "gRPC in Go, Java, Python and Rust"),
    ("rpc_server_duration_milliseconds", "gRPC by OpenTelemetry"),
    ("rpc_server_duration", "the same, where the exporter leaves the unit out: milliseconds"),
    ("response_latency_ms", "Linkerd's sidecar"),
    ("traefik_service_request_duration_seconds", "Traefik"),
    ("traefik_entrypoint_request_duration_seconds", "Traefik, where nothing is routed by it"),
    ("nginx_ingress_controller_request_duration_seconds", "ingress-nginx"),
    ("istio_request_duration_milliseconds", "Istio's sidecar"),
    ("envoy_cluster_upstream_rq_time", "Envoy: milliseconds"),
    ("envoy_http_downstream_rq_time", "the same"),
    ("kong_request_latency_ms", "Kong"),
    ("caddy_http_request_duration_seconds", "Caddy"),
    ("caddy_http_response_duration_seconds", "Caddy: until the first byte"),
];

/// Of [`HISTOGRAMS`].
const FIRST_PROXY: usize = 21;

/// Words of sizes and the like, which are no times.
const NO_TIME: [&str; 6] = ["size", "bytes", "length", "ratio", "percent", "depth"];

/// Parts of a request's time, or times of something else.
const PARTS_OF_TIME: [&str; 21] = [
    "queue",
    "queueing",
    "queuing",
    "wait",
    "waiting",
    "connect",
    "connection",
    "connections",
    "header",
    "headers",
    "handshake",
    "tls",
    "dns",
    "idle",
    "parse",
    "parsing",
    "render",
    "rendering",
    "serialization",
    "middleware",
    "lifetime",
];

/// What a service calls, unless more is known of it.
const STORES: [&str; 10] =
    ["db", "database", "sql", "query", "queries", "cache", "store", "storage", "repository", "disk"];

/// Words that do not tell whose requests they are.
const COMMON: [&str; 33] = [
    "http",
    "https",
    "request",
    "requests",
    "response",
    "responses",
    "rq",
    "req",
    "reqs",
    "server",
    "total",
    "count",
    "counts",
    "sum",
    "handled",
    "received",
    "processed",
    "completed",
    "finished",
    "status",
    "code",
    "class",
    "xx",
    "ms",
    "us",
    "ns",
    "s",
    "hist",
    "histogram",
    "summary",
    "bucket",
    "buckets",
    "highr",
];

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum UnitOnPage {
    Unsaid,
    /// Of time; in milliseconds.
    Time(f64),
    NoTime,
}

impl UnitOnPage {
    pub const fn milliseconds(self) -> Option<f64> {
        if let Self::Time(milliseconds) = self { Some(milliseconds) } else { None }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeName {
    pub standing: Standing,
    /// Does not mention requests: only a label with their path shows that it is about them.
    pub is_vague: bool,
}

impl TimeName {
    pub const NAMED: Self = Self { standing: Standing::NAMED, is_vague: false };

    /// For a name without `_bucket`; `None` if it is not a duration.
    pub fn of(name: &str, on_page: UnitOnPage) -> Option<Self> {
        let name = normalized(name);
        let known = Standing::known(&name, HISTOGRAMS.iter().map(|(known, _)| *known), FIRST_PROXY);
        if let Some(standing) = known {
            return Some(Self { standing, is_vague: false });
        }
        let mut words = undivided(&name);
        let any = |words: &[&str], known: &[&str]| words.iter().any(|word| known.contains(word));
        let says_time = match on_page {
            UnitOnPage::Time(_) => true,
            UnitOnPage::NoTime => false,
            UnitOnPage::Unsaid => {
                let has_word = words.iter().any(|word| speaks_of_time(word)) || unit_in_name(&name).is_some();
                has_word && !any(&words, &NO_TIME)
            }
        };
        if !says_time {
            return None;
        }
        let (is_part, is_store) = (any(&words, &PARTS_OF_TIME), any(&words, &STORES));
        let mut standing = Standing::by_words(&words);
        let is_vague = standing.tier == Tier::Other;
        if is_vague {
            words.push("request");
            standing = Standing::by_words(&words);
        }
        standing.tier = match standing.tier {
            Tier::Never(why) => Tier::Never(why),
            _ if is_part => Tier::Never(Foreign::Part),
            _ if is_store => Tier::Unlikely,
            tier => tier,
        };
        Some(Self { standing, is_vague })
    }
}

/// How closely a histogram belongs to a request counter, by name; closest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kinship {
    /// The counter is its `_count`.
    Same,
    /// Both name the same requests.
    Near,
    /// They do not, or there is no counter.
    None,
}

impl Kinship {
    /// `histogram` is without `_bucket`.
    pub fn of(histogram: &str, counter: Option<&str>) -> Self {
        let Some(counter) = counter else { return Self::None };
        if counter.strip_suffix("_count").unwrap_or(counter) == histogram {
            return Self::Same;
        }
        if scope(&normalized(histogram)) == scope(&normalized(counter)) { Self::Near } else { Self::None }
    }
}

/// Words that tell whose requests it is about: `traefik` and `service` of `traefik_service_requests_total`.
fn scope(name: &str) -> Vec<&str> {
    let mut words = undivided(name);
    words.retain(|word| !COMMON.contains(word) && !speaks_of_time(word));
    words
}

/// Normalized words before the division: `…_seconds_by_view_method`.
fn undivided(name: &str) -> Vec<&str> {
    let mut words = words(name);
    let end = words.iter().position(|word| *word == "by").unwrap_or(words.len());
    words.truncate(end);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tier(name: &str) -> Option<(Tier, bool)> {
        TimeName::of(name, UnitOnPage::Unsaid).map(|name| (name.standing.tier, name.is_vague))
    }

    #[test]
    fn every_well_known_histogram_stands_where_its_table_has_it() {
        for (at, (name, _)) in HISTOGRAMS.iter().enumerate() {
            let standing = TimeName::of(name, UnitOnPage::Unsaid).unwrap().standing;
            let expected = if at < FIRST_PROXY { Tier::Known } else { Tier::KnownProxy };
            assert_eq!((standing.tier, usize::from(standing.order)), (expected, at), "{name}");
        }
    }

    #[test]
    fn a_histogram_that_speaks_of_requests_and_of_time_is_likely() {
        for name in [
            "acme_http_request_duration_seconds",
            "request_latency_seconds",
            "shop_response_time_ms",
            "web_latency_seconds",
            "httpServerResponseTime",
            "my.http.requests.elapsed",
            "grpc_handling_seconds",
            "symfony_request_durations_histogram_seconds",
            "http_requests_by_queue_seconds_by_view",
        ] {
            let seen = tier(name);
            assert!(seen == Some((Tier::Likely, false)) || name.contains("_by_"), "{name}: {seen:?}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for name in ["http_request_size_bytes", "http_response_length", "http_requests", "request_body_seconds_size"] {
            assert_eq!(tier(name), None, "{name}");
        }
        assert!(TimeName::of("http_requests", UnitOnPage::Time(1.0)).is_some(), "unless the page says so");
        assert!(TimeName::of("http_request_duration_seconds_x", UnitOnPage::NoTime).is_none());
    }

    #[test]
    fn what_the_service_asks_of_others_and_parts_of_a_request_are_never_taken() {
        for (name, tier_) in [
            ("http_client_request_duration_seconds", Tier::Never(Foreign::Outbound)),
            ("axios_request_duration_ms", Tier::Never(Foreign::Outbound)),
            ("scrape_duration_seconds", Tier::Never(Foreign::Scrapes)),
            ("admin_http_request_duration_seconds", Tier::Never(Foreign::Admin)),
            ("http_request_queue_duration_seconds", Tier::Never(Foreign::Part)),
            ("nginx_ingress_controller_connect_duration_seconds", Tier::Never(Foreign::Part)),
            ("redis_request_duration_seconds", Tier::Never(Foreign::Outbound)),
            ("db_request_duration_seconds", Tier::Unlikely),
        ] {
            assert_eq!(tier(name).map(|(tier, _)| tier), Some(tier_), "{name}");
        }
        assert_eq!(tier("shop_latency_seconds"), Some((Tier::Likely, true)), "only its labels can show what it is");
        assert_eq!(tier("haproxy_duration_seconds"), Some((Tier::Proxy, true)));
    }

    #[test]
    fn a_histogram_belongs_to_the_counter_that_says_the_same_of_whose_requests_they_are() {
        for (histogram, counter, kinship) in [
            ("http_request_duration_seconds", "http_request_duration_seconds_count", Kinship::Same),
            ("http.server.request.duration", "http.server.request.duration_count", Kinship::Same),
            ("http_request_duration_seconds", "http_requests_total", Kinship::Near),
            ("http_request_duration_seconds", "http_requests_received_total", Kinship::Near),
            ("grpc_server_handling_seconds", "grpc_server_handled_total", Kinship::Near),
            ("kong_request_latency_ms", "kong_http_requests_total", Kinship::Near),
            (
                "django_http_requests_latency_seconds_by_view_method",
                "django_http_responses_total_by_status_total",
                Kinship::Near,
            ),
            ("envoy_http_downstream_rq_time", "envoy_http_downstream_rq_xx", Kinship::Near),
            ("traefik_entrypoint_request_duration_seconds", "traefik_service_requests_total", Kinship::None),
            ("http_request_duration_seconds", "shop_http_requests_total", Kinship::None),
            ("kong_upstream_latency_ms", "kong_http_requests_total", Kinship::None),
        ] {
            assert_eq!(Kinship::of(histogram, Some(counter)), kinship, "{histogram}, {counter}");
        }
        assert_eq!(Kinship::of("http_request_duration_seconds", None), Kinship::None);
    }
}
