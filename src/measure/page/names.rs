//! Whether a counter counts requests, and whose, by its name.

#[cfg(test)]
mod tests;

/// Known request counters, best first, and who writes them. Proxies are last: a service's own counter wins.
pub const METRICS: [(&str, &str); 36] = [
    ("http_requests_total", "prom-client, Python and Go by convention, prometheus-fastapi-instrumentator"),
    ("http_server_requests_seconds_count", "Micrometer: Spring Boot, Quarkus, Micronaut"),
    ("http_server_request_duration_seconds_count", "OpenTelemetry, ASP.NET Core"),
    ("http_server_request_duration_count", "OpenTelemetry, where the exporter leaves the unit out"),
    ("http_server_duration_milliseconds_count", "OpenTelemetry before its names became stable"),
    ("http_server_duration_count", "the same, where the exporter leaves the unit out"),
    ("http_server_requests_total", "Ruby's client"),
    ("http_requests_received_total", "prometheus-net"),
    ("http_request_duration_seconds_count", "express-prom-bundle, Go by convention"),
    ("http_request_duration_ms_count", "prom-client by an older convention"),
    ("flask_http_request_duration_seconds_count", "prometheus-flask-exporter"),
    ("flask_http_request_total", "the same, grouped by nothing"),
    ("starlette_requests_total", "starlette_exporter"),
    ("django_http_responses_total_by_status_total", "django-prometheus"),
    ("aiohttp_responses_total", "aiohttp"),
    ("axum_http_requests_total", "axum-prometheus"),
    ("ktor_http_server_requests_seconds_count", "Ktor"),
    ("rails_requests_total", "yabeda-rails"),
    ("api_request_total", "swagger-stats"),
    ("grpc_server_handled_total", "gRPC in Go, Java, Python and Rust"),
    ("rpc_server_duration_milliseconds_count", "gRPC by OpenTelemetry"),
    ("grpc_server_processing_duration_seconds_count", "gRPC by Micrometer"),
    ("response_total", "Linkerd's sidecar"),
    ("traefik_service_requests_total", "Traefik"),
    ("traefik_entrypoint_requests_total", "Traefik, where nothing is routed by it"),
    ("nginx_ingress_controller_requests", "ingress-nginx"),
    ("nginx_vts_server_requests_total", "nginx with the module vts"),
    ("haproxy_backend_http_responses_total", "HAProxy"),
    ("haproxy_frontend_http_responses_total", "HAProxy, where a frontend answers itself"),
    ("istio_requests_total", "Istio's sidecar"),
    ("envoy_cluster_upstream_rq", "Envoy"),
    ("kong_http_requests_total", "Kong"),
    ("apisix_http_status", "APISIX"),
    ("tyk_http_status", "Tyk"),
    ("caddy_http_request_duration_seconds_count", "Caddy"),
    ("caddy_http_response_duration_seconds_count", "Caddy"),
];

/// Of [`METRICS`].
const FIRST_PROXY: usize = 23;

/// A counter's standing, best first. `Unlikely` is a last resort; what follows it is never taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// A service's, known by name or named in the configuration.
    Known,
    /// Another one that mentions requests.
    Likely,
    /// A proxy's, known by name.
    KnownProxy,
    Proxy,
    /// Apparently of requests to something else.
    Unlikely,
    Never(Foreign),
    /// Does not mention requests.
    Other,
}

/// Why a counter does not count users' requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Foreign {
    /// The service calls somebody else.
    Outbound,
    /// Requests for metrics.
    Scrapes,
    /// Administration, or health checks.
    Admin,
    /// Only requests that failed or are under way, or parts of requests.
    Part,
}

impl Foreign {
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Outbound => "requests that the service itself makes",
            Self::Scrapes => "scrapes",
            Self::Admin => "requests to an admin or health interface",
            Self::Part => "only a part of the requests",
        }
    }
}

/// Tier, and place within it: lower is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Standing {
    pub tier: Tier,
    pub order: u16,
}

impl Standing {
    pub const NAMED: Self = Self { tier: Tier::Known, order: 0 };

    pub const fn is_proxy(self) -> bool {
        matches!(self.tier, Tier::KnownProxy | Tier::Proxy)
    }

    pub fn of(name: &str) -> Self {
        let name = normalized(name);
        let known = Self::known(&name, METRICS.iter().map(|(known, _)| *known), FIRST_PROXY);
        known.unwrap_or_else(|| Self::by_words(&words(&name)))
    }

    /// For names in a table, best first, with proxies from `first_proxy` on.
    pub fn known<'a>(name: &str, mut table: impl Iterator<Item = &'a str>, first_proxy: usize) -> Option<Self> {
        let at = table.position(|known| known == name)?;
        let tier = if at < first_proxy { Tier::Known } else { Tier::KnownProxy };
        Some(Self { tier, order: u16::try_from(at).unwrap_or(u16::MAX) })
    }

    pub fn by_words(words: &[&str]) -> Self {
        Self { tier: tier(words), order: 1_000 - quality(words) }
    }
}

pub fn words(name: &str) -> Vec<&str> {
    name.split('_').filter(|word| !word.is_empty()).collect()
}

/// Lower case with `_` between words: `http.server.requestDuration` is `http_server_request_duration`.
pub fn normalized(name: &str) -> String {
    let (mut text, mut after_lower) = (String::with_capacity(name.len() + 4), false);
    for character in name.chars() {
        if character.is_ascii_uppercase() && after_lower {
            text.push('_');
        }
        after_lower = character.is_ascii_lowercase() || character.is_ascii_digit();
        let plain = character.is_alphanumeric();
        text.push(if plain { character.to_ascii_lowercase() } else { '_' });
    }
    text
}

/// Words of request counters, also within other words (`aiohttp`, `httprequests`).
const WITHIN: [&str; 5] = ["http", "request", "response", "rpc", "servlet"];
const REQUESTS: [&str; 5] = ["rq", "req", "reqs", "web", "handled"];
const OUTBOUND: [&str; 29] = [
    "external",
    "party",
    "thirdparty",
    "delivery",
    "deliveries",
    "sent",
    "provider",
    "got",
    "client",
    "clients",
    "outbound",
    "outgoing",
    "egress",
    "httpclient",
    "webclient",
    "restclient",
    "rpcclient",
    "grpcclient",
    "resttemplate",
    "feign",
    "retrofit",
    "okhttp",
    "axios",
    "undici",
    "fetch",
    "urllib",
    "httpx",
    "guzzle",
    "remote",
];
const SCRAPES: [&str; 5] = ["promhttp", "scrape", "scrapes", "scraper", "scraping"];
const ADMIN: [&str; 14] = [
    "admin",
    "debug",
    "pprof",
    "health",
    "healthz",
    "healthcheck",
    "healthchecks",
    "readiness",
    "liveness",
    "probe",
    "probes",
    "heartbeat",
    "ping",
    "management",
];
const PARTS: [&str; 38] = [
    "error",
    "errors",
    "errored",
    "failure",
    "failures",
    "failed",
    "exception",
    "exceptions",
    "fault",
    "faults",
    "panic",
    "panics",
    "reject",
    "rejected",
    "rejections",
    "denied",
    "dropped",
    "blocked",
    "throttled",
    "limited",
    "timeout",
    "timeouts",
    "aborted",
    "aborts",
    "cancelled",
    "retry",
    "retries",
    "retried",
    "inflight",
    "inprogress",
    "flight",
    "progress",
    "active",
    "pending",
    "concurrent",
    "queued",
    "slow",
    "expired",
];
const PROXIES: [&str; 17] = [
    "envoy",
    "traefik",
    "haproxy",
    "nginx",
    "nginxplus",
    "ingress",
    "istio",
    "linkerd",
    "kong",
    "apisix",
    "tyk",
    "varnish",
    "caddy",
    "kuma",
    "skipper",
    "krakend",
    "proxy",
];
/// Backends for data or deliveries: these are the service's own calls, unless another word says that they are served.
const DEPENDENCIES: [&str; 23] = [
    "s3",
    "aws",
    "gcs",
    "dynamodb",
    "sqs",
    "sns",
    "redis",
    "postgres",
    "mysql",
    "mongo",
    "mongodb",
    "elasticsearch",
    "opensearch",
    "solr",
    "kafka",
    "rabbitmq",
    "ldap",
    "stripe",
    "paypal",
    "twilio",
    "sendgrid",
    "mailgun",
    "slack",
];
const SERVED: [&str; 12] = [
    "http", "rest", "api", "gateway", "server", "inbound", "incoming", "received", "handled", "frontend", "web", "grpc",
];
/// A dependency, or the service itself.
const PERHAPS: [&str; 9] =
    ["vault", "consul", "external", "thirdparty", "dependency", "dependencies", "provider", "webhook", "webhooks"];

fn tier(words: &[&str]) -> Tier {
    let any = |known: &[&str]| words.iter().any(|word| known.contains(word));
    let speaks = any(&REQUESTS) || words.iter().any(|word| WITHIN.iter().any(|part| word.contains(part)));
    let pair = |first: &[&str], second: &[&str]| {
        words.windows(2).any(|two| first.contains(&two[0]) && second.contains(&two[1]))
    };
    let scrapes = any(&SCRAPES)
        || words.iter().any(|word| word.ends_with("exporter"))
        || pair(&["metric", "metrics"], &["handler", "server", "endpoint"]);
    match () {
        () if !speaks => Tier::Other,
        () if scrapes => Tier::Never(Foreign::Scrapes),
        () if any(&ADMIN) => Tier::Never(Foreign::Admin),
        () if any(&OUTBOUND) => Tier::Never(Foreign::Outbound),
        () if any(&PARTS) => Tier::Never(Foreign::Part),
        () if any(&DEPENDENCIES) && !any(&SERVED) => Tier::Never(Foreign::Outbound),
        () if any(&DEPENDENCIES) || any(&PERHAPS) => Tier::Unlikely,
        () if any(&PROXIES) => Tier::Proxy,
        () => Tier::Likely,
    }
}

/// How well an unknown name fits a count of all requests, up to 20.
fn quality(words: &[&str]) -> u16 {
    let any = |known: &[&str]| words.iter().any(|word| known.contains(word));
    let mut quality = 8;
    let mut add = |more: u16, is: bool| quality += if is { more } else { 0 };
    add(3, any(&["server", "inbound", "incoming", "ingress", "received", "handled", "frontend", "entrypoint"]));
    add(2, words.iter().any(|word| word.contains("http") || word.contains("rpc")));
    add(1, words.iter().any(|word| word.contains("request") || word.contains("response")));
    add(2, words.last() == Some(&"total"));
    add(1, words.last() == Some(&"count"));
    let subtract = |less: u16, is: bool| if is { less } else { 0 };
    // Not all requests have bodies, and summaries and caches count a part.
    let less = subtract(6, any(&["size", "bytes", "body", "length", "cache", "bucket"]))
        + subtract(1, any(&["summary", "highr", "ttfb"]));
    quality.saturating_sub(less)
}
