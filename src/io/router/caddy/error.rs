//! What can go wrong with Caddy.

use std::time::Duration;

use reqwest::{Method, StatusCode};

use crate::io::http::NoAnswer;
use crate::model::number::duration_exact;

#[derive(Debug, thiserror::Error)]
pub enum CaddyError {
    #[error("no HTTP client for Caddy's admin API: {0}")]
    Client(reqwest::Error),
    #[error("Caddy's admin API {url} {why}")]
    NoAnswer { url: String, why: NoAnswer },
    #[error("Caddy's admin API {url} did not answer within {}", duration_exact(*limit))]
    Timeout { url: String, limit: Duration },
    #[error("Caddy's admin API answered {method} {url} with {status}{}", quoted(answer))]
    Refused { method: Method, url: String, status: StatusCode, answer: String },
    #[error("Caddy's admin API {url} answered with {reason}")]
    Answer { url: String, reason: String },
    #[error("Caddy's configuration at {url} keeps being changed by another program; it was left alone")]
    Changed { url: String },
    /// Nothing can be written, not even with `--force`.
    #[error("no reverse_proxy at {url}: {found}; set `router.upstream_path` to one")]
    NoUpstreams { url: String, found: String },
    #[error("Caddy sends traffic to both colors: {dials} at {url}")]
    Both { dials: String, url: String },
    #[error("a copy of what {url} holds cannot be kept: {source}; it was left alone")]
    Keep { url: String, source: std::io::Error },
}

fn quoted(answer: &str) -> String {
    if answer.is_empty() { String::new() } else { format!(": {answer}") }
}
