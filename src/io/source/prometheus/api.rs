//! Asks the API.

#[cfg(test)]
mod tests;

use reqwest::StatusCode;
use reqwest::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue};
use serde::de::DeserializeOwned;
use url::form_urlencoded::Serializer;

use super::super::fetch::{Access, Answer, Broken, ClientError, Connection, FetchError, Fetcher, Limit, Turn};
use super::answer::{Outcome, Rules, Told, Wrapped};
use crate::config::{InstanceUrl, PrometheusConfig};
use crate::io::http::Login;
use crate::model::number::size;

const MAX_BODY: usize = 16 << 20;

const QUERY: &str = "/api/v1/query";
const RULES: &str = "/api/v1/rules";
/// Without the alerts of the rules.
const ALERTING: &str = "type=alert&exclude_alerts=true";

/// The hint for a nonsensical answer.
const FOREIGN: &str = ", and not as Prometheus does: see prometheus.url";

/// URLs are without credentials and without the query.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// 401 or 403.
    #[error("{url} answered {status}: {advice}")]
    Denied {
        url: String,
        status: StatusCode,
        /// Which key to set, or that the configured one was refused.
        advice: &'static str,
    },
    #[error("{url} refuses the query: {why}")]
    Refused { url: String, why: String },
    #[error("{url} answered {status}{}", if status.is_server_error() { "" } else { FOREIGN })]
    Foreign { url: String, status: StatusCode },
    #[error("the answer of {url} was cut in the middle")]
    Cut { url: String, source: Broken },
    #[error("the answer of {url} is larger than {}: let the query add up more", size(MAX_BODY as u64))]
    TooLarge { url: String },
}

/// A clone shares the connection.
#[derive(Clone, Debug)]
pub struct Api {
    queries: Fetcher,
    rules: Fetcher,
    refused: &'static str,
}

impl Api {
    pub fn new(url: &InstanceUrl, config: &PrometheusConfig) -> Result<Self, ClientError> {
        let fetcher = |path| {
            let mut headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
            if let Some(tenant) = &config.tenant {
                let value = HeaderValue::from_str(tenant).map_err(|_| ClientError::Header("prometheus.tenant"))?;
                headers.insert(HeaderName::from_static("x-scope-orgid"), value);
            }
            let login = config.username.as_deref().zip(config.password.as_ref());
            let access = Access {
                token: config.bearer_token.as_ref().map(|token| ("prometheus.bearer_token", token)),
                login: login.map(|(user, password)| Login::new(user, password)),
                ca_file: config.ca_file.as_deref(),
                ..Access::default()
            };
            Fetcher::new(url, path, Limit { key: "prometheus.timeout", time: config.timeout }, headers, &access)
        };
        let anonymous = config.bearer_token.is_none() && config.username.is_none() && url.credentials().is_none();
        let refused = if anonymous {
            "set prometheus.bearer_token, or prometheus.username and prometheus.password"
        } else {
            "it refuses the token, or the user name and password, of [prometheus]"
        };
        Ok(Self { queries: fetcher(QUERY)?, rules: fetcher(RULES)?, refused })
    }

    /// An instant query, now or at a time (Unix milliseconds).
    pub async fn query(&self, query: &str, at_ms: Option<i64>) -> Result<Told<Outcome>, QueryError> {
        self.ask(&self.queries, &encoded(query, at_ms)).await
    }

    pub async fn rules(&self) -> Result<Told<Rules>, QueryError> {
        self.ask(&self.rules, ALERTING).await
    }

    async fn ask<T: DeserializeOwned>(&self, fetcher: &Fetcher, query: &str) -> Result<Told<T>, QueryError> {
        let url = fetcher.url().as_str();
        fetcher.get(Some(query), Connection::Kept, Turn::default(), |answer| read(url, answer, self.refused)).await
    }
}

fn encoded(query: &str, at_ms: Option<i64>) -> String {
    let mut text = Serializer::new(String::new());
    // Without it VictoriaMetrics omits the last 30s; others ignore it.
    text.append_pair("query", query).append_pair("nocache", "1");
    if let Some(at_ms) = at_ms {
        text.append_pair("time", &format!("{}.{:03}", at_ms / 1000, at_ms.rem_euclid(1000)));
    }
    text.finish()
}

async fn read<T: DeserializeOwned>(url: &str, answer: Answer, refused: &'static str) -> Result<Told<T>, QueryError> {
    let url = || url.to_owned();
    let status = answer.status();
    if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
        return Err(QueryError::Denied { url: url(), status, advice: refused });
    }
    let body = answer.body(MAX_BODY).await.map_err(|source| QueryError::Cut { url: url(), source })?;
    let body = body.ok_or_else(|| QueryError::TooLarge { url: url() })?;
    // A refused query has an error status, and a reason in the same JSON.
    let wrapped: Wrapped<T> = serde_json::from_slice(&body).map_err(|_| QueryError::Foreign { url: url(), status })?;
    wrapped.open().map_err(|why| QueryError::Refused { url: url(), why })
}
