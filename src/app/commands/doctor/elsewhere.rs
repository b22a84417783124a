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
/// Paths of [`HEALTH`] by which a service is told from other listeners.
const FIRST: usize = 3;
/// A path that does not exist: a service that answers it with success does so for every path.
const NOWHERE: &str = "/switchback-doctor-asks-for-nothing";
const LIMIT: Duration = Duration::from_secs(8);
const ONE: Duration = Duration::from_secs(2);

/// A metrics page that answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub path: String,
    /// The port, if it is not that of the instance.
    pub port: Option<u16>,
}

/// The path that answers with metrics, with the key to set; `None` unless the configured one is missing.
pub async fn metrics(config: &Config, color: Color, url: &InstanceUrl, error: &ScrapeError) -> Option<String> {
    if !error.is_no_page() {
        return None;
    }
    let elsewhere = config.metrics.port.is_some() || !config.colors.metrics_of(color).is_empty();
    let ports: &[u16] = if elsewhere { &[] } else { &PORTS };
    let found = timeout(LIMIT, find_metrics(config, color, url, ports)).await.ok().flatten();
    Some(match found {
        Some(Found { path, port: None }) => format!("metrics found at `{path}`: set metrics.path = \"{path}\""),
        Some(Found { port: Some(port), .. }) => {
            format!("port {port} answers with metrics: if that is this service, set metrics.port = {port}")
        }
        None => "set metrics.path to the path of its metrics; on another port: metrics.port; on another host: \
                 colors.COLOR.metrics"
            .to_owned(),
    })
}

/// The metrics page of an instance: at the configured path, at one that is usual, or on another of its ports.
pub async fn metrics_page(config: &Config, color: Color, url: &InstanceUrl, ports: &[u16]) -> Option<Found> {
    let path = config.metrics.path.clone();
    let there = at(config, &path, None);
    if is_metrics(&there, color, url).await {
        return Some(Found { path, port: None });
    }
    find_metrics(config, color, url, ports).await
}

async fn find_metrics(config: &Config, color: Color, url: &InstanceUrl, ports: &[u16]) -> Option<Found> {
    for path in METRICS.iter().filter(|path| **path != config.metrics.path) {
        if is_metrics(&at(config, path, None), color, url).await {
            return Some(Found { path: (*path).to_owned(), port: None });
        }
    }
    for port in ports {
        // Spring Boot has its path on a port for management, too.
        for path in ["/metrics", "/actuator/prometheus"] {
            if is_metrics(&at(config, path, Some(*port)), color, &url.without_login()).await {
                return Some(Found { path: path.to_owned(), port: Some(*port) });
            }
        }
    }
    None
}

/// The configuration with another metrics page.
pub fn at(config: &Config, path: &str, port: Option<u16>) -> Config {
    let timeout = config.metrics.timeout.clamp(Duration::from_millis(50), ONE);
    let mut metrics = MetricsConfig { path: path.to_owned(), timeout, ..config.metrics.clone() };
    if port.is_some() {
        // Another server: no credentials are sent.
        metrics = MetricsConfig { port, scheme: Scheme::Http, bearer_token: None, ..metrics };
    }
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
    let others = HEALTH.iter().copied().filter(|path| *path != config.health.path);
    let found = timeout(LIMIT, async {
        if is_ready(config, url, NOWHERE).await { None } else { find_health(config, url, others).await }
    });
    let found = found.await.ok().flatten();
    Some(match found {
        Some(path) => format!("`{path}` reports ready: set health.path = \"{path}\""),
        None => "set health.path to the path of its readiness; on another port: health.port".to_owned(),
    })
}

/// A path that reports ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadyPath {
    pub path: String,
    /// Every path reports ready there: it may say nothing about readiness.
    pub is_any: bool,
}

/// The path at which an instance reports ready: the given ones first, then those that are usual.
pub async fn ready_path(config: &Config, url: &InstanceUrl, first: &[String]) -> Option<ReadyPath> {
    if is_ready(config, url, NOWHERE).await {
        let given = first.first().unwrap_or(&config.health.path);
        return is_ready(config, url, given).await.then(|| ReadyPath { path: given.clone(), is_any: true });
    }
    let others = HEALTH.iter().copied().filter(|path| first.iter().all(|known| known != path));
    let path = find_health(config, url, first.iter().map(String::as_str).chain(others)).await?;
    Some(ReadyPath { path, is_any: false })
}

/// Whether metrics or readiness answer there, as they do at a service.
pub async fn is_service(config: &Config, url: &InstanceUrl) -> bool {
    // Whoever else listens there is asked as little as possible.
    let first = HEALTH.iter().copied().take(FIRST);
    is_metrics(config, Color::Blue, url).await || find_health(config, url, first).await.is_some()
}

async fn find_health<'a>(config: &Config, url: &InstanceUrl, paths: impl Iterator<Item = &'a str>) -> Option<String> {
    for path in paths {
        if is_ready(config, url, path).await {
            return Some(path.to_owned());
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
