//! What can go wrong with Caddy.

use std::time::Duration;

use reqwest::{Method, StatusCode};

use crate::io::http::NoAnswer;
use crate::model::number::duration_exact;

/// Caddy could not be moved or read.
#[derive(Debug, thiserror::Error)]
pub enum CaddyError {
    /// No client could be made.
    #[error("no HTTP client for Caddy's admin API: {0}")]
    Client(reqwest::Error),
    /// The admin API gives no answer.
    #[error("Caddy's admin API {url} {why}")]
    NoAnswer {
        /// What was asked for.
        url: String,
        /// Why there is none.
        why: NoAnswer,
    },
    /// It takes too long.
    #[error("Caddy's admin API {url} did not answer within {}", duration_exact(*limit))]
    Timeout {
        /// What was asked for.
        url: String,
        /// The limit.
        limit: Duration,
    },
    /// It says no.
    #[error("Caddy's admin API answered {method} {url} with {status}{}", quoted(answer))]
    Refused {
        /// What was tried.
        method: Method,
        /// Where.
        url: String,
        /// The status.
        status: StatusCode,
        /// What it said.
        answer: String,
    },
    /// Its answer cannot be read.
    #[error("Caddy's admin API {url} answered with {reason}")]
    Answer {
        /// What was asked for.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The configuration was changed by somebody else between reading and writing it.
    #[error("Caddy's configuration at {url} is being changed by somebody else all the time; it was left alone")]
    Changed {
        /// Where.
        url: String,
    },
    /// There is nothing that could be written, not even with `--force`.
    #[error("there is no reverse_proxy at {url}: {found}; set `router.upstream_path` to one")]
    NoUpstreams {
        /// Where it was looked for.
        url: String,
        /// What is there.
        found: String,
    },
    /// Users reach both colors.
    #[error("Caddy sends traffic to both colors: {dials} at {url}")]
    Both {
        /// The upstreams.
        dials: String,
        /// Where.
        url: String,
    },
    /// A copy of what a forced move replaces could not be kept, so it was not made.
    #[error("a copy of what {url} holds cannot be kept: {source}; it was left alone")]
    Keep {
        /// Where.
        url: String,
        /// What the system said.
        source: std::io::Error,
    },
}

fn quoted(answer: &str) -> String {
    if answer.is_empty() { String::new() } else { format!(": {answer}") }
}
