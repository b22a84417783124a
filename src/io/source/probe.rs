//! Asks an instance whether it is ready.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use jiff::fmt::rfc2822;
use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use super::fetch::{Access, Answer, ClientError, Connection, FetchError, Fetcher, Limit, Tally, advice};
use crate::config::{self, Config, HealthConfig, InstanceUrl};
use measure::exposition::quote;

/// Bytes of a body read to keep the connection; a longer body closes it.
const MAX_BODY: usize = 64 << 10;

/// The longest pause at an instance's request: readiness must be known again within the soak.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// Why an instance is not known to be ready. URLs are without credentials.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("{url} answered {status}{advice}")]
    Status {
        url: String,
        status: StatusCode,
        /// The key to set, if the status hints at a wrong request.
        advice: &'static str,
    },
    /// 429: asked too often, which says nothing about the release.
    #[error("{url} answered {}, so readiness is not known{}", StatusCode::TOO_MANY_REQUESTS, wish(*.retry_after))]
    Limited { url: String, retry_after: Option<Duration> },
}

impl ProbeError {
    /// Not ready, rather than unknown.
    pub const fn is_not_ready(&self) -> bool {
        !matches!(self, Self::Limited { .. })
    }

    /// How long to skip the next probes.
    pub fn pause(&self) -> Option<Duration> {
        match self {
            Self::Limited { retry_after, .. } => retry_after.map(|wished| wished.min(MAX_PAUSE)),
            _ => None,
        }
    }
}

/// A longer value is a mistake, and not quoted.
const MAX_WISH: Duration = Duration::from_hours(24);

fn wish(retry_after: Option<Duration>) -> String {
    match retry_after {
        None => String::new(),
        Some(wished) if wished > MAX_WISH => " (Retry-After: more than a day)".to_owned(),
        Some(wished) => format!(" (Retry-After: {}s)", wished.as_secs()),
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ready {
    /// The rate limit header, if any: `X-RateLimit-Limit: 60`.
    pub rate_limit: Option<String>,
}

/// A clone shares the connection.
#[derive(Clone, Debug)]
pub struct Probe {
    fetcher: Fetcher,
    refused: &'static str,
}

impl Probe {
    pub fn of(config: &Config, instance: &InstanceUrl) -> Result<Self, ClientError> {
        Self::new(&config.health_url(instance), &config.health, &config.access)
    }

    /// For the base URL `base`, with the token of `health` or else the URL's credentials.
    pub fn new(base: &InstanceUrl, health: &HealthConfig, access: &config::Access) -> Result<Self, ClientError> {
        let token = health.bearer_token.as_ref().map(|token| ("health.bearer_token", token));
        let access = Access { token, ..Access::to_instances(access) };
        let refused = match (token, base.credentials()) {
            (Some(_), _) => ": it refuses `health.bearer_token`",
            (None, Some(_)) => ": it refuses the user name and password of the instance's URL",
            (None, None) => ": set `health.bearer_token`, or user name and password in the instance's URL",
        };
        let limit = Limit { key: "health.timeout", time: health.timeout };
        let fetcher = Fetcher::new(base, &health.path, limit, HeaderMap::new(), &access)?;
        Ok(Self { fetcher, refused })
    }

    pub const fn fetcher(&self) -> &Fetcher {
        &self.fetcher
    }

    pub fn tally(&self) -> Arc<Tally> {
        self.fetcher.tally()
    }

    /// Ready is any status 2xx within the limit, whatever the body.
    pub async fn probe(&self) -> Result<Ready, ProbeError> {
        let (url, refused) = (self.fetcher.url().as_str(), self.refused);
        let turn = self.fetcher.turn().await;
        self.fetcher.get(None, Connection::Kept, turn, |answer| judge(url, refused, answer)).await
    }
}

async fn judge(url: &str, refused: &'static str, mut answer: Answer) -> Result<Ready, ProbeError> {
    let (status, url) = (answer.status(), url.to_owned());
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Err(ProbeError::Limited { url, retry_after: retry_after(answer.headers()) });
    }
    if !status.is_success() {
        let advice = match status {
            StatusCode::NOT_FOUND => ": set `health.path` to where the service says that it is ready",
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => refused,
            status => advice(status),
        };
        return Err(ProbeError::Status { url, status, advice });
    }
    let rate_limit = rate_limit(answer.headers());
    let mut read = 0;
    while let Ok(Some(chunk)) = answer.chunk().await {
        read += chunk.len();
        if read > MAX_BODY {
            break;
        }
    }
    Ok(Ready { rate_limit })
}

/// In seconds, or until a time by the instance's own clock (RFC 9110, 10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let wish = text(RETRY_AFTER)?;
    if let Ok(seconds) = wish.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = |text| rfc2822::DateTimeParser::new().parse_timestamp(text).ok();
    let (until, now) = at(wish).zip(text(DATE).and_then(at))?;
    Some(Duration::from_secs(u64::try_from(until.as_second().saturating_sub(now.as_second())).unwrap_or(0)))
}

/// `RateLimit`, `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers), or their `X-RateLimit-…` forerunners.
fn rate_limit(headers: &HeaderMap) -> Option<String> {
    let is_limit = |name: &str| {
        let bare = name.strip_prefix("x-").unwrap_or(name);
        bare.starts_with("ratelimit") || bare.starts_with("rate-limit")
    };
    let (name, value) = headers.iter().find(|(name, _)| is_limit(name.as_str()))?;
    Some(format!("{name}: {}", quote(value.as_bytes())))
}
