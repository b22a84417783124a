//! Router `caddy`: the upstreams of a `reverse_proxy` are replaced over Caddy's admin API
//! (<https://caddyserver.com/docs/api>), and read back from it.
//!
//! Caddy takes a change over as a whole: a new server listens before the old one stops, on the same port (`SO_REUSEPORT`). It
//! answers once the new configuration runs.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, ETAG, HOST, HeaderValue, IF_MATCH};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use url::Url;

use super::{Moved, Replace, Router, RouterFuture};
use crate::config::{CaddyConfig, scrub};
use crate::deploy::Color;
use crate::http::{self, Login, NoAnswer};

/// Longest answer that is read, in bytes.
const LONGEST: usize = 1 << 20;
/// Whether Linux hands connections that are just being made from a socket that stops listening to the others of its port.
/// Where it does not, it resets them (<https://docs.kernel.org/networking/ip-sysctl.html>).
const MIGRATES: &str = "/proc/sys/net/ipv4/tcp_migrate_req";
/// So much of an answer that is no JSON is quoted.
const QUOTED: usize = 300;

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
    #[error("Caddy's admin API {url} did not answer within {}", humantime::format_duration(*limit))]
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
    /// The configuration was changed by somebody else between reading and writing it.
    #[error("Caddy's configuration at {url} was changed by somebody else at the same moment; it was left alone")]
    Changed {
        /// Where.
        url: String,
    },
    /// There are no upstreams at the configured path.
    #[error(
        "there are no upstreams at {url}: {reason}; `router.upstream_path` is to lead to a reverse_proxy or its upstreams"
    )]
    NoUpstreams {
        /// Where they were looked for.
        url: String,
        /// What is there.
        reason: String,
    },
    /// Traffic goes elsewhere.
    #[error("Caddy sends traffic to {dials}, which is neither blue nor green")]
    Unknown {
        /// The upstreams.
        dials: String,
    },
}

fn quoted(answer: &str) -> String {
    if answer.is_empty() { String::new() } else { format!(": {answer}") }
}

/// A `reverse_proxy` of Caddy.
#[derive(Clone, Debug)]
pub struct CaddyRouter {
    config: CaddyConfig,
    limit: Duration,
}

/// The upstreams as Caddy has them.
struct Upstreams {
    url: Url,
    list: Vec<Value>,
    /// The version of what was read: a change is only made to this one.
    etag: Option<HeaderValue>,
}

impl CaddyRouter {
    /// A router over this admin API; each move and each reading gets `limit`.
    pub const fn new(config: CaddyConfig, limit: Duration) -> Self {
        Self { config, limit }
    }

    fn dials(&self, color: Color) -> &[String] {
        match color {
            Color::Blue => &self.config.blue,
            Color::Green => &self.config.green,
        }
    }

    async fn ask(
        &self,
        method: Method,
        url: &Url,
        change: Option<(&Value, Option<&HeaderValue>)>,
    ) -> Result<Response, CaddyError> {
        let mut builder = http::client();
        if let Some(socket) = &self.config.admin.socket {
            builder = builder.unix_socket(socket.clone());
        }
        if url.scheme() == "http" {
            // A client that needs no root certificates must work where there are none.
            builder = builder.tls_certs_only([]);
        }
        let mut request = builder.build().map_err(CaddyError::Client)?.request(method.clone(), url.clone());
        if self.config.admin.socket.is_some() {
            // Behind a Unix socket Caddy expects no host.
            request = request.header(HOST, "");
        }
        if let Some(login) = Login::of(&self.config.admin.base) {
            request = login.sign(request);
        }
        if let Some((body, etag)) = change {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
            if let Some(etag) = etag {
                request = request.header(IF_MATCH, etag.clone());
            }
        }
        let no_answer = |error| CaddyError::NoAnswer { url: url.to_string(), why: NoAnswer::because(url, error) };
        let response = request.send().await.map_err(no_answer)?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let url = url.to_string();
        if status == StatusCode::PRECONDITION_FAILED {
            return Err(CaddyError::Changed { url });
        }
        let answer = said(&body(response).await.unwrap_or_default());
        Err(CaddyError::Refused { method, url, status, answer })
    }

    /// The upstreams at the configured path, which leads to them or to whatever has them.
    async fn upstreams(&self) -> Result<Upstreams, CaddyError> {
        let mut url = self.config.admin.base.join(&self.config.upstream_path);
        let response = self.ask(Method::GET, &url, None).await?;
        let mut etag = response.headers().get(ETAG).cloned();
        let missing = |url: &Url, reason: String| CaddyError::NoUpstreams { url: url.to_string(), reason };
        let unread = |error| CaddyError::NoAnswer { url: url.to_string(), why: NoAnswer::because(&url, error) };
        let bytes = body(response).await.map_err(unread)?;
        let value: Value =
            serde_json::from_slice(&bytes).map_err(|error| missing(&url, format!("no JSON ({error})")))?;
        let list = match value {
            Value::Array(list) => list,
            Value::Object(mut proxy) => match proxy.remove("upstreams") {
                Some(Value::Array(list)) => {
                    url = self
                        .config
                        .admin
                        .base
                        .join(&format!("{}/upstreams", self.config.upstream_path.trim_end_matches('/')));
                    // The version of another path is none of this one's.
                    etag = None;
                    list
                }
                _ => return Err(missing(&url, "an object without a list `upstreams`".to_owned())),
            },
            Value::Null => return Err(missing(&url, "nothing".to_owned())),
            _ => return Err(missing(&url, "neither an object nor a list".to_owned())),
        };
        Ok(Upstreams { url, list, etag })
    }

    async fn go(&self, to: Color) -> Result<Moved, CaddyError> {
        let Upstreams { url, list, etag } = self.upstreams().await?;
        let wanted = entries(&list, self.dials(to));
        self.ask(Method::PATCH, &url, Some((&wanted, etag.as_ref()))).await?;
        Ok(Moved {
            output: Some(format!("upstreams of {url}: {} (before: {})", self.dials(to).join(", "), dials(&list))),
            ..Moved::default()
        })
    }

    async fn look(&self) -> Result<Color, CaddyError> {
        let Upstreams { list, .. } = self.upstreams().await?;
        let is = |color: Color| {
            let of = |entry: &Value| {
                entry["dial"].as_str().is_some_and(|dial| self.dials(color).iter().any(|own| own == dial))
            };
            !list.is_empty() && list.iter().all(of)
        };
        let color = [Color::Blue, Color::Green].into_iter().find(|color| is(*color));
        color.ok_or_else(|| CaddyError::Unknown { dials: dials(&list) })
    }

    async fn try_out(&self, to: Color) -> Result<Vec<String>, CaddyError> {
        let Upstreams { url, list, .. } = self.upstreams().await?;
        let mut lines = vec![format!("PATCH {url} to {} (now: {})", self.dials(to).join(", "), dials(&list))];
        if std::fs::read_to_string(MIGRATES).is_ok_and(|setting| setting.trim() == "0") {
            let remedy = "`sysctl -w net.ipv4.tcp_migrate_req=1` where Caddy runs keeps them";
            lines.push(format!("connections that are being made at that moment may be reset; {remedy}"));
        }
        Ok(lines)
    }

    /// Does it all within the limit. Giving a change up leaves traffic on either color.
    async fn within<T>(&self, work: impl Future<Output = Result<T, CaddyError>>) -> Result<T, CaddyError> {
        tokio::time::timeout(self.limit, work).await.unwrap_or_else(|_| {
            let url = self.config.admin.base.join(&self.config.upstream_path).to_string();
            Err(CaddyError::Timeout { url, limit: self.limit })
        })
    }
}

/// The new upstreams, with whatever else the first of the old ones has, such as `max_requests`.
fn entries(old: &[Value], dials: &[String]) -> Value {
    let kept = old.first().and_then(Value::as_object).cloned().unwrap_or_default();
    let entry = |dial: &String| {
        let mut entry = kept.clone();
        entry.insert("dial".to_owned(), json!(dial));
        Value::Object(entry)
    };
    dials.iter().map(entry).collect()
}

fn dials(list: &[Value]) -> String {
    let dial = |entry: &Value| entry["dial"].as_str().unwrap_or("an upstream without `dial`").to_owned();
    let dials: Vec<String> = list.iter().map(dial).collect();
    if dials.is_empty() { "nothing".to_owned() } else { dials.join(", ") }
}

/// The message of an error, which Caddy gives as JSON.
fn said(body: &[u8]) -> String {
    let json = serde_json::from_slice::<Value>(body).ok().and_then(|value| Some(value["error"].as_str()?.to_owned()));
    let text = json.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned());
    scrub(&text).chars().filter(|c| !c.is_control()).take(QUOTED).collect::<String>().trim().to_owned()
}

/// The answer, as far as it is read.
async fn body(mut response: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST {
            body.truncate(LONGEST);
            break;
        }
    }
    Ok(body)
}

impl Router for CaddyRouter {
    fn kind(&self) -> &'static str {
        "caddy"
    }

    fn reads_state_file(&self) -> bool {
        false
    }

    fn switch(&self, to: Color, _: Replace) -> RouterFuture<'_, Moved> {
        Box::pin(async move { Ok(self.within(self.go(to)).await?) })
    }

    fn rollback(&self, to: Color, _: Replace) -> RouterFuture<'_, Moved> {
        Box::pin(async move { Ok(self.within(self.go(to)).await?) })
    }

    fn read(&self) -> RouterFuture<'_, Color> {
        Box::pin(async move { Ok(self.within(self.look()).await?) })
    }

    fn try_out(&self, to: Color, _: Replace) -> RouterFuture<'_, Vec<String>> {
        Box::pin(async move { Ok(self.within(self.try_out(to)).await?) })
    }
}
