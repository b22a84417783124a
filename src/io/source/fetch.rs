//! One GET: target, time limit, redirects, and errors in words.
//!
//! | file | holds |
//! | --- | --- |
//! | `access` | how a server is asked |
//! | `answer` | the answer to a request, whichever way it was sent |
//! | `direct` | a connection of an instance's own, without TLS |
//! | `lanes` | how many requests begin at once |
//! | `tally` | how many requests were sent to an instance |

mod access;
mod answer;
mod direct;
mod lanes;
mod tally;
#[cfg(test)]
mod tests;

use std::error::Error as _;
use std::fmt;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::{Request, Response};
use reqwest::Client;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONNECTION, HOST, HeaderMap, HeaderValue, LOCATION, USER_AGENT};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::timeout;
use url::{Position, Url};

pub(crate) use self::access::{Access, TlsKeys, advice};
use self::access::{bearer, called, resolved, secured};
use self::answer::Way;
pub(crate) use self::answer::{Answer, Broken, Turn};
use self::direct::{Direct, Line, ask, is_open};
use self::lanes::{LANE, free_lane};
use self::tally::Sent;
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
    way: Ways,
    /// As shown.
    url: Url,
    /// With the configured host name, if any.
    asked: Url,
    /// For the `Host` header, if configured.
    host: Option<String>,
    limit: Limit,
    headers: HeaderMap,
    keys: TlsKeys,
    tally: Arc<Tally>,
    /// Held by the request under way, of all that share the connection; an open one that is kept without a pool.
    turn: Arc<Mutex<Option<TcpStream>>>,
}

/// How requests are sent.
#[derive(Clone, Debug)]
enum Ways {
    Pooled {
        client: Client,
        /// Without kept connections. HTTP/2 has no `Connection: close`, and is only spoken over TLS here.
        anew: Option<Client>,
    },
    Direct(Box<Direct>),
}

/// So long a request waits for the one before it to leave the connection; then it opens another.
const TURN: Duration = Duration::from_millis(50);

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
        if let Some((key, token)) = access.token {
            headers.insert(AUTHORIZATION, bearer(key, token)?);
        } else if let Some(login) =
            access.login.clone().or_else(|| Login::of(base)).and_then(|login| login.authorization())
        {
            headers.insert(AUTHORIZATION, login);
        }
        if let Some(host) = access.host {
            headers.insert(HOST, HeaderValue::from_str(host).map_err(|_| ClientError::Header("instances.host"))?);
        }
        let url = base.join(path);
        let asked = called(&url, access.host);
        let direct = Direct::to(base, &url).filter(|_| access.keys == TlsKeys::Instances);
        let way = match direct {
            Some(direct) => {
                headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
                headers.insert(USER_AGENT, HeaderValue::from_static(http::USER_AGENT));
                let authority = &asked[Position::BeforeHost..Position::AfterPort];
                if let Ok(host) = HeaderValue::from_str(authority) {
                    headers.entry(HOST).or_insert(host);
                }
                Ways::Direct(Box::new(direct))
            }
            None => Self::pooled(base, &url, &asked, access)?,
        };
        let host = access.host.map(str::to_owned);
        let (keys, tally, turn) = (access.keys, Arc::default(), Arc::default());
        Ok(Self { way, url, asked, host, limit, headers, keys, tally, turn })
    }

    fn pooled(base: &InstanceUrl, url: &Url, asked: &Url, access: &Access<'_>) -> Result<Ways, ClientError> {
        let client = |kept| {
            let make = || {
                let builder = http::client().pool_max_idle_per_host(kept);
                let builder = resolved(secured(builder, url, access)?, base, url, asked);
                builder.build().map_err(|source| ClientError::Setup { instance: base.to_string(), source })
            };
            match access.shared_by(base, url, kept) {
                Some(key) => http::shared(key, make),
                None => make(),
            }
        };
        let anew = if url.scheme() == "https" { Some(client(0)?) } else { None };
        Ok(Ways::Pooled { client: client(1)?, anew })
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
        Self { way: other.way.clone(), turn: Arc::clone(&other.turn), ..self }
    }

    /// To be held during a request. One after the other needs one connection, both at once would open a second each time.
    pub async fn turn(&self) -> Turn {
        let lane = free_lane().await;
        if let Ok(kept) = Arc::clone(&self.turn).try_lock_owned() {
            return Turn { kept: Some(kept), lane };
        }
        // Whoever has the connection may hang.
        drop(lane);
        let kept = timeout(TURN, Arc::clone(&self.turn).lock_owned()).await.ok();
        if matches!(self.way, Ways::Pooled { .. }) {
            // The one before has read its answer, and the pool has yet to hear that the connection is free.
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
        }
        Turn { kept, lane: free_lane().await }
    }

    pub fn tally(&self) -> Arc<Tally> {
        Arc::clone(&self.tally)
    }

    /// GETs with this query string, follows redirects, and passes the answer's head to `read`, all within the limit.
    pub async fn get<T, E, F>(
        &self,
        query: Option<&str>,
        connection: Connection,
        mut turn: Turn,
        read: impl FnOnce(Answer) -> F,
    ) -> Result<T, E>
    where
        E: From<FetchError>,
        F: Future<Output = Result<T, E>>,
    {
        let lane = turn.lane.take();
        let all = async { read(self.follow(query, connection, turn).await?).await };
        let mut all = pin!(timeout(self.limit.time, all));
        let quick = timeout(LANE, &mut all).await;
        drop(lane);
        let done = match quick {
            Ok(done) => done,
            Err(_) => all.await,
        };
        done.unwrap_or_else(|_| Err(FetchError::Timeout { url: self.url.to_string(), limit: self.limit }.into()))
    }

    async fn follow(&self, query: Option<&str>, connection: Connection, turn: Turn) -> Result<Answer, FetchError> {
        let (mut url, mut turn) = (self.asked.clone(), turn);
        url.set_query(query);
        for _ in 0..=MAX_REDIRECTS {
            let answer = self.send(&url, connection, turn).await.map_err(|error| {
                let why = NoAnswer::because(&self.url, error.into_inner());
                FetchError::NoAnswer { url: self.url.to_string(), hint: self.keys.hint(&why), why }
            })?;
            if !is_redirect(&answer) {
                return Ok(answer);
            }
            let location = answer.headers().get(LOCATION).and_then(|location| location.to_str().ok());
            let Some(next) = location.and_then(|location| url.join(location).ok()) else { break };
            url = self.same_server(&url, &next)?;
            turn = answer.into_turn().await;
        }
        Err(FetchError::Redirects { url: self.url.to_string() })
    }

    async fn send(&self, url: &Url, connection: Connection, turn: Turn) -> Result<Answer, Broken> {
        let (client, closes) = match (&self.way, connection) {
            (Ways::Direct(direct), _) => return self.send_directly(direct, url, connection, turn).await,
            (Ways::Pooled { client, .. }, Connection::Kept) => (client, false),
            (Ways::Pooled { anew: Some(anew), .. }, Connection::Closed) => (anew, false),
            (Ways::Pooled { client, anew: None }, Connection::Closed) => (client, true),
        };
        let ask = async |client: &Client, closes: bool| {
            let mut request = client.get(url.clone()).headers(self.headers.clone());
            if closes {
                request = request.header(CONNECTION, "close");
            }
            let sent = self.tally.send();
            let response = request.send().await?;
            sent.answer(response.status().as_u16());
            Ok::<_, reqwest::Error>(response)
        };
        let response = match ask(client, closes).await {
            // A kept connection was closed at this moment.
            Err(error) if connection == Connection::Kept && is_cut(&error) => ask(client, closes).await,
            asked => asked,
        };
        Ok(Answer { way: Way::Pooled(response.map_err(Broken::new)?), turn })
    }

    /// Over the connection that was kept, if its server has not closed it, else over a new one.
    async fn send_directly(
        &self,
        direct: &Direct,
        url: &Url,
        connection: Connection,
        mut turn: Turn,
    ) -> Result<Answer, Broken> {
        let is_kept = connection == Connection::Kept;
        let request = || {
            let mut request = Request::new(Empty::new());
            *request.uri_mut() = url[Position::BeforePath..Position::AfterQuery].parse().map_err(Broken::new)?;
            request.headers_mut().clone_from(&self.headers);
            if !is_kept {
                request.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(request)
        };
        if let Some(idle) = turn.take().filter(is_open) {
            let sent = self.tally.send();
            match ask(idle, request()?).await {
                Ok(asked) => return Ok(answered(sent, asked, is_kept, turn)),
                Err(error) if error.is_parse() => return Err(Broken::new(error)),
                // It was closed at this moment.
                Err(_) => {}
            }
        }
        let sent = self.tally.send();
        let asked = ask(direct.open().await?, request()?).await.map_err(Broken::new)?;
        Ok(answered(sent, asked, is_kept, turn))
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

fn answered(sent: Sent<'_>, (line, response): (Box<Line>, Response<Incoming>), is_kept: bool, turn: Turn) -> Answer {
    sent.answer(response.status().as_u16());
    let (head, body) = response.into_parts();
    Answer { way: Way::Direct { head, body, line: Some(line), is_kept }, turn }
}

/// Whether a connection ended before the head of an answer.
fn is_cut(error: &reqwest::Error) -> bool {
    let mut causes = std::iter::successors(error.source(), |&cause| cause.source());
    !error.is_connect()
        && causes.any(|cause| cause.downcast_ref().is_some_and(|error: &hyper::Error| !error.is_parse()))
}

fn is_redirect(answer: &Answer) -> bool {
    matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308)
}
