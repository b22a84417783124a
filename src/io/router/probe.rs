//! Confirms a move by its effect: asks through the proxy which color answers. Reading back what a router was told
//! proves little: nginx may read another file, users may reach another process.

use std::time::Duration;

use reqwest::header::{CONNECTION, HOST, HeaderMap};
use reqwest::{Client, Response, StatusCode};
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use crate::config::{ProbeSign, TrafficProbeConfig, scrub};
use crate::io::http;
use crate::io::http::{Login, NoAnswer, root};
use crate::io::source::metric_value;
use crate::model::Color;
use crate::model::number::span;

/// Answers in a row, over a new connection each, to detect a proxy that still sends some users elsewhere.
const IN_A_ROW: u32 = 3;
/// The row outlasts the 100ms for which nginx's old workers accept (`ngx_msleep(100)` in `ngx_process_cycle.c`).
const POLL: Duration = Duration::from_millis(75);
/// For one question, if `router.timeout` is longer.
const MAX_QUESTION: Duration = Duration::from_secs(5);
const MAX_BODY: usize = 1 << 20;
/// In characters.
const MAX_QUOTED: usize = 60;

#[derive(Debug, thiserror::Error)]
pub enum TrafficProbeError {
    #[error("router.probe_url {url} {why}")]
    NoAnswer { url: String, why: String },
    #[error("router.probe_url {url} answered {status}, and {found}: neither blue (`{blue}`) nor green (`{green}`)")]
    Neither { url: String, status: StatusCode, found: String, blue: String, green: String },
    #[error("users still reach {seen}: router.probe_url {url} answered with {found}")]
    Contradicted { seen: Color, url: String, found: String },
}

impl TrafficProbeError {
    pub const fn seen(&self) -> Option<Color> {
        match self {
            Self::Contradicted { seen, .. } => Some(*seen),
            Self::NoAnswer { .. } | Self::Neither { .. } => None,
        }
    }
}

#[derive(Clone, Debug)]
pub struct TrafficProbe {
    config: TrafficProbeConfig,
    limit: Duration,
}

impl TrafficProbe {
    /// Takes at most `limit` to confirm a move.
    pub const fn new(config: TrafficProbeConfig, limit: Duration) -> Self {
        Self { config, limit }
    }

    /// Credentials masked.
    pub fn url(&self) -> String {
        self.config.url.to_string()
    }

    pub async fn look(&self) -> Result<Color, TrafficProbeError> {
        let client = self.client()?;
        self.ask(&client, self.limit.min(MAX_QUESTION)).await.map(|(color, _)| color)
    }

    /// Waits, within the limit, until this color answers [`IN_A_ROW`] times.
    pub async fn confirm(&self, to: Color) -> Result<(), TrafficProbeError> {
        let client = self.client()?;
        let deadline = Instant::now() + self.limit;
        let (mut agreed, mut doubt) = (0, None);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.ask(&client, left.min(MAX_QUESTION)).await {
                Ok((color, _)) if color == to => agreed += 1,
                Ok((seen, found)) => {
                    (agreed, doubt) = (0, Some(TrafficProbeError::Contradicted { seen, url: self.url(), found }));
                }
                // The limit cuts the last question short: earlier answers say more.
                Err(TrafficProbeError::NoAnswer { .. }) if left < MAX_QUESTION && doubt.is_some() => agreed = 0,
                Err(error) => (agreed, doubt) = (0, Some(error)),
            }
            if agreed >= IN_A_ROW {
                return Ok(());
            }
            if Instant::now() + POLL >= deadline {
                let late = || self.no_answer(format!("did not answer {IN_A_ROW} times in {}", within(self.limit)));
                return Err(doubt.unwrap_or_else(late));
            }
            sleep(POLL).await;
        }
    }

    fn client(&self) -> Result<Client, TrafficProbeError> {
        let client = http::client().pool_max_idle_per_host(0).build();
        client.map_err(|error| self.no_answer(format!("cannot be asked: {}", root(&error))))
    }

    fn no_answer(&self, why: String) -> TrafficProbeError {
        TrafficProbeError::NoAnswer { url: self.url(), why }
    }

    /// The color that answers, and the text that identified it.
    async fn ask(&self, client: &Client, limit: Duration) -> Result<(Color, String), TrafficProbeError> {
        let answered = timeout(limit, self.get(client)).await;
        let answered = answered.unwrap_or_else(|_| Err(format!("did not answer within {}", within(limit))));
        let (status, headers, body) = answered.map_err(|why| self.no_answer(why))?;
        let value = self.value(&headers, &body);
        let found = self.found(value.as_deref(), &headers);
        let is = |color: Color| {
            let wanted = self.config.value(color);
            value.as_deref().is_some_and(|value| same(value, wanted, &self.config.sign))
        };
        if let Some(color) = Color::ALL.into_iter().find(|color| is(*color)) {
            return Ok((color, found));
        }
        let [blue, green] = Color::ALL.map(|color| self.config.value(color).to_owned());
        Err(TrafficProbeError::Neither { url: self.url(), status, found, blue, green })
    }

    async fn get(&self, client: &Client) -> Result<(StatusCode, HeaderMap, Vec<u8>), String> {
        let url = self.config.url.exact();
        let mut request = client.get(url.clone()).header(CONNECTION, "close");
        if let Some(host) = &self.config.host {
            request = request.header(HOST, host);
        }
        if let Some(login) = Login::of(&self.config.url) {
            request = login.sign(request);
        }
        let answer = request.send().await.map_err(|error| NoAnswer::because(&url, error).to_string())?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = match self.config.sign {
            ProbeSign::Header(_) => Vec::new(),
            ProbeSign::Json(_) | ProbeSign::Metric { .. } => body(answer).await?,
        };
        Ok((status, headers, body))
    }

    fn value(&self, headers: &HeaderMap, body: &[u8]) -> Option<String> {
        match &self.config.sign {
            ProbeSign::Header(name) => {
                Some(String::from_utf8_lossy(headers.get(name.as_str())?.as_bytes()).trim().to_owned())
            }
            ProbeSign::Json(path) => {
                let json: Value = serde_json::from_slice(body).ok()?;
                text(member(&json, path)?)
            }
            ProbeSign::Metric { name, label } => metric_value(body, name, label.as_deref()),
        }
    }

    fn found(&self, value: Option<&str>, headers: &HeaderMap) -> String {
        let place = match &self.config.sign {
            ProbeSign::Header(name) => format!("header `{name}`"),
            ProbeSign::Json(path) => format!("JSON `{path}`"),
            ProbeSign::Metric { name, label: None } => format!("metric `{name}`"),
            ProbeSign::Metric { name, label: Some(label) } => format!("label `{label}` of metric `{name}`"),
        };
        match value {
            Some(value) => {
                let shown = scrub(value);
                let shown: String = shown.chars().filter(|c| !c.is_control()).take(MAX_QUOTED).collect();
                format!("{place} `{shown}`")
            }
            None => match headers.get("location").and_then(|to| to.to_str().ok()) {
                Some(to) => format!("no {place}, but a redirect to {}", scrub(to)),
                None => format!("no {place}"),
            },
        }
    }
}

/// Without microseconds, for people.
fn within(limit: Duration) -> String {
    span(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX))
}

/// Words compare without case, metric values as numbers.
fn same(value: &str, wanted: &str, sign: &ProbeSign) -> bool {
    if matches!(sign, ProbeSign::Metric { label: None, .. }) {
        let number = |text: &str| text.parse::<f64>().ok();
        return number(value).is_some() && number(value) == number(wanted);
    }
    value.eq_ignore_ascii_case(wanted)
}

/// By JSON pointer (`/release/color`, RFC 6901) or dotted names (`release.color`).
fn member<'a>(json: &'a Value, path: &str) -> Option<&'a Value> {
    if path.starts_with('/') {
        return json.pointer(path);
    }
    // A key that contains a dot wins over a dotted path.
    json.get(path).or_else(|| path.split('.').try_fold(json, |value, name| value.get(name)))
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

async fn body(answer: Response) -> Result<Vec<u8>, String> {
    let body = http::body(answer, MAX_BODY).await.map_err(|error| format!("broke off: {}", root(&error)))?;
    body.ok_or_else(|| format!("answered with more than {MAX_BODY} bytes"))
}

#[cfg(test)]
mod tests;
