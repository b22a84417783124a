//! Finds metrics and readiness at the usual paths and ports of frameworks, if they are not where configured.

use std::time::Duration;

use reqwest::StatusCode;
use tokio::time::timeout;

use crate::config::{Config, InstanceUrl, MetricsConfig, Scheme};
use crate::io::source::{Probe, ProbeError, ScrapeError, Scraper};
use crate::model::Color;

/// Metrics paths of frameworks: prom-client and most others, Spring Boot, Quarkus, Micronaut, and by hand.
const METRICS: [&str; 12] = [
    "/metrics",
    "/actuator/prometheus",
    "/q/metrics",
    "/prometheus",
    "/metrics/prometheus",
    "/internal/metrics",
    "/api/metrics",
    "/_metrics",
    "/stats/prometheus",
    "/admin/metrics",
    "/management/prometheus",
    "/-/metrics",
];
/// Ports for metrics apart from the application: OpenTelemetry's exporter, Spring Boot and Dropwizard, and by habit.
const PORTS: [u16; 4] = [9464, 8081, 9090, 9091];
/// Readiness paths of frameworks, before those of liveness.
const HEALTH: [&str; 18] = [
    "/health/ready",
    "/healthz/ready",
    "/actuator/health/readiness",
    "/q/health/ready",
    "/ready",
    "/readyz",
    "/readiness",
    "/-/ready",
    "/api/health/ready",
    "/actuator/health",
    "/health",
    "/healthz",
    "/api/health",
    "/api/healthz",
    "/api/status",
    "/api/ping",
    "/up",
    "/ping",
];
/// A path that does not exist: a service that answers it with success does so for every path.
const NOWHERE: &str = "/switchback-doctor-asks-for-nothing";
const LIMIT: Duration = Duration::from_secs(8);
const ONE: Duration = Duration::from_secs(2);

/// The path that answers with metrics, with the key to set; `None` unless the configured one is missing.
pub async fn metrics(config: &Config, color: Color, url: &InstanceUrl, error: &ScrapeError) -> Option<String> {
    if !error.is_no_page() {
        return None;
    }
    let found = timeout(LIMIT, find_metrics(config, color, url)).await.ok().flatten();
    Some(found.unwrap_or_else(|| {
        "set metrics.path to the path of its metrics; on another port: metrics.port; on another host: \
         colors.COLOR.metrics"
            .to_owned()
    }))
}

async fn find_metrics(config: &Config, color: Color, url: &InstanceUrl) -> Option<String> {
    for path in METRICS.iter().filter(|path| **path != config.metrics.path) {
        let there = with_path(config, path);
        if is_metrics(&there, color, url).await {
            return Some(format!("metrics found at `{path}`: set metrics.path = \"{path}\""));
        }
    }
    if config.metrics.port.is_some() || !config.colors.metrics_of(color).is_empty() {
        return None;
    }
    for port in PORTS {
        // Another server: no credentials are sent.
        let mut there = with_path(config, "/metrics");
        there.metrics.port = Some(port);
        there.metrics.scheme = Scheme::Http;
        there.metrics.bearer_token = None;
        if is_metrics(&there, color, &url.without_login()).await {
            return Some(format!(
                "port {port} answers with metrics: if that is this service, set metrics.port = {port}"
            ));
        }
    }
    None
}

fn with_path(config: &Config, path: &str) -> Config {
    let timeout = config.metrics.timeout.clamp(Duration::from_millis(50), ONE);
    let metrics = MetricsConfig { path: path.to_owned(), timeout, ..config.metrics.clone() };
    Config { metrics, ..config.clone() }
}

async fn is_metrics(config: &Config, color: Color, url: &InstanceUrl) -> bool {
    match Scraper::of(config, color, url) {
        Ok(mut scraper) => scraper.scrape().await.is_ok() && scraper.saw_samples(),
        Err(_) => false,
    }
}

/// The path that reports ready, with the key to set; `None` unless the configured one is missing.
pub async fn health(config: &Config, url: &InstanceUrl, error: &ProbeError) -> Option<String> {
    let ProbeError::Status { status: StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED, .. } = error else {
        return None;
    };
    let found = timeout(LIMIT, find_health(config, url)).await.ok().flatten();
    Some(
        found
            .unwrap_or_else(|| "set health.path to the path of its readiness; on another port: health.port".to_owned()),
    )
}

async fn find_health(config: &Config, url: &InstanceUrl) -> Option<String> {
    if is_ready(config, url, NOWHERE).await {
        return None;
    }
    for path in HEALTH.iter().filter(|path| **path != config.health.path) {
        if is_ready(config, url, path).await {
            return Some(format!("`{path}` reports ready: set health.path = \"{path}\""));
        }
    }
    None
}

async fn is_ready(config: &Config, url: &InstanceUrl, path: &str) -> bool {
    let mut there = config.clone();
    path.clone_into(&mut there.health.path);
    there.health.timeout = there.health.timeout.min(ONE);
    match Probe::of(&there, url) {
        Ok(probe) => probe.probe().await.is_ok(),
        Err(_) => false,
    }
}
