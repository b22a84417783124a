//! One GET: target, time limit, redirects, and errors in words.
//!
//! | file | holds |
//! | --- | --- |
//! | `access` | how a server is asked |
//! | `tally` | how many requests were sent to an instance |

mod access;
mod tally;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONNECTION, HOST, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Client, Response};
use tokio::sync::{Mutex, MutexGuard};
use url::Url;

pub(crate) use self::access::{Access, TlsKeys, advice};
use self::access::{bearer, called, resolved, secured};
pub(crate) use self::tally::Tally;
use crate::config::InstanceUrl;
use crate::io::http;
use crate::io::http::{Login, NoAnswer};
use crate::model::number::duration_exact;

const MAX_REDIRECTS: usize = 3;

/// Why no HTTP client could be made for an instance.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// This key's value cannot be a header.
    #[error("`{0}` has characters that are not allowed in an HTTP header")]
    Header(&'static str),
    /// A file with certificates or a key cannot be used.
    #[error("`{key}`: `{}` {why}", path.display())]
    File {
        /// Its configuration key.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// TLS could not be set up, for example without root certificates.
    #[error("no HTTP client for {instance}")]
    Setup {
        /// The instance, credentials masked.
        instance: String,
        /// What the library says.
        source: reqwest::Error,
    },
}

/// URLs are without credentials.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("{url} did not answer within {limit}")]
    Timeout { url: String, limit: Limit },
    /// A redirect to another server, whose metrics say nothing about this one.
    #[error("{url} redirects to another server, {target}: it was not asked")]
    OtherHost {
        url: String,
        /// Scheme, host and port of the redirect.
        target: String,
    },
    #[error("{url} redirects more than {MAX_REDIRECTS} times, or to nowhere")]
    Redirects { url: String },
    #[error("{url} {why}{hint}")]
    NoAnswer {
        url: String,
        why: NoAnswer,
        /// The key to set, if one would help.
        hint: String,
    },
}

/// A time limit, and its configuration key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    pub key: &'static str,
    pub time: Duration,
}

/// `250ms (metrics.timeout)`.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", duration_exact(self.time), self.key)
    }
}

/// Asks one path of one instance, over a persistent connection.
#[derive(Clone, Debug)]
pub struct Fetcher {
    client: Client,
    /// Without kept connections. HTTP/2 has no `Connection: close`, and is only spoken over TLS here.
    anew: Option<Client>,
    /// As shown.
    url: Url,
    /// With the configured host name, if any.
    asked: Url,
    /// For the `Host` header, if configured.
    host: Option<String>,
    limit: Limit,
    login: Option<Login>,
    headers: HeaderMap,
    keys: TlsKeys,
    tally: Arc<Tally>,
    /// Held by the request under way, of all that share the connection.
    turn: Arc<Mutex<()>>,
}

/// So long a request waits for the one before it to leave the connection; then it opens another.
const TURN: Duration = Duration::from_millis(50);

/// While it is held, others that share the connection wait a moment.
pub struct Turn<'a>(#[expect(dead_code, reason = "held until it is dropped")] Option<MutexGuard<'a, ()>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    Kept,
    Closed,
}

impl Fetcher {
    pub fn new(
        base: &InstanceUrl,
        path: &str,
        limit: Limit,
        mut headers: HeaderMap,
        access: &Access<'_>,
    ) -> Result<Self, ClientError> {
        let login = if let Some((key, token)) = access.token {
            headers.insert(AUTHORIZATION, bearer(key, token)?);
            None
        } else {
            access.login.clone().or_else(|| Login::of(base))
        };
        if let Some(host) = access.host {
            headers.insert(HOST, HeaderValue::from_str(host).map_err(|_| ClientError::Header("instances.host"))?);
        }
        let url = base.join(path);
        let asked = called(&url, access.host);
        let client = |kept| {
            let make = || {
                let builder = http::client().pool_max_idle_per_host(kept);
                let builder = resolved(secured(builder, &url, access)?, base, &url, &asked);
                builder.build().map_err(|source| ClientError::Setup { instance: base.to_string(), source })
            };
            match access.shared_by(base, &url, kept) {
                Some(key) => http::shared(key, make),
                None => make(),
            }
        };
        let anew = if url.scheme() == "https" { Some(client(0)?) } else { None };
        let client = client(1)?;
        let host = access.host.map(str::to_owned);
        let (keys, tally, turn) = (access.keys, Arc::default(), Arc::default());
        Ok(Self { client, anew, url, asked, host, limit, login, headers, keys, tally, turn })
    }

    /// Without credentials.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Shares the connection of `other`, if both ask the same server.
    #[must_use]
    pub fn beside(self, other: &Self) -> Self {
        let same = self.asked.origin() == other.asked.origin() && self.url.origin() == other.url.origin();
        if !same {
            return self;
        }
        Self { client: other.client.clone(), anew: other.anew.clone(), turn: Arc::clone(&other.turn), ..self }
    }

    /// To be held during a request. One after the other needs one connection, both at once would open a second each time.
    pub async fn turn(&self) -> Turn<'_> {
        if let Ok(turn) = self.turn.try_lock() {
            return Turn(Some(turn));
        }
        let turn = tokio::time::timeout(TURN, self.turn.lock()).await.ok();
        // The one before has read its answer, and the pool has yet to hear that the connection is free.
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        Turn(turn)
    }

    pub fn tally(&self) -> Arc<Tally> {
        Arc::clone(&self.tally)
    }

    /// GETs with this query string, follows redirects, and passes the response's head to `read`, all within the limit.
    pub async fn get<T, E, F>(
        &self,
        query: Option<&str>,
        connection: Connection,
        read: impl FnOnce(Response) -> F,
    ) -> Result<T, E>
    where
        E: From<FetchError>,
        F: Future<Output = Result<T, E>>,
    {
        let all = async { read(self.follow(query, connection).await?).await };
        tokio::time::timeout(self.limit.time, all)
            .await
            .unwrap_or_else(|_| Err(FetchError::Timeout { url: self.url.to_string(), limit: self.limit }.into()))
    }

    async fn follow(&self, query: Option<&str>, connection: Connection) -> Result<Response, FetchError> {
        let mut url = self.asked.clone();
        url.set_query(query);
        for _ in 0..=MAX_REDIRECTS {
            let mut request = match (connection, &self.anew) {
                (Connection::Kept, _) => self.client.get(url.clone()),
                (Connection::Closed, Some(anew)) => anew.get(url.clone()),
                (Connection::Closed, None) => self.client.get(url.clone()).header(CONNECTION, "close"),
            };
            request = request.headers(self.headers.clone());
            if let Some(login) = &self.login {
                request = login.sign(request);
            }
            let sent = self.tally.send();
            let answer = request.send().await.map_err(|error| {
                let why = NoAnswer::because(&self.url, error);
                FetchError::NoAnswer { url: self.url.to_string(), hint: self.keys.hint(&why), why }
            })?;
            sent.answer(answer.status().as_u16());
            if !is_redirect(&answer) {
                return Ok(answer);
            }
            let location = answer.headers().get(LOCATION).and_then(|location| location.to_str().ok());
            let Some(next) = location.and_then(|location| url.join(location).ok()) else { break };
            url = self.same_server(&url, &next)?;
        }
        Err(FetchError::Redirects { url: self.url.to_string() })
    }

    /// A redirect's target on the same server, which may use its configured name.
    fn same_server(&self, from: &Url, to: &Url) -> Result<Url, FetchError> {
        let by_name = self.host.as_deref().is_some_and(|host| {
            let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
            to.scheme() == self.asked.scheme() && [host, name].contains(&to.authority())
        });
        if by_name {
            let mut here = from.clone();
            here.set_path(to.path());
            here.set_query(to.query());
            return Ok(here);
        }
        if to.origin() != self.asked.origin() && to.origin() != self.url.origin() {
            let target = to.origin().ascii_serialization();
            return Err(FetchError::OtherHost { url: self.url.to_string(), target });
        }
        let mut here = self.asked.clone();
        here.set_path(to.path());
        here.set_query(to.query());
        Ok(here)
    }
}

fn is_redirect(answer: &Response) -> bool {
    matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308)
}
