//! One GET: who is asked, how long it may take, where it may lead, and what went wrong in words.

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Certificate, Client, Response};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::config::InstanceUrl;
use crate::http::{self, Login, NoAnswer};

/// So many redirects are followed.
const MAX_REDIRECTS: usize = 3;

/// Why no HTTP client could be made for an instance.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// What a key gives cannot stand in a header.
    #[error("`{0}` has characters that cannot stand in an HTTP header")]
    Header(&'static str),
    /// The certificates of the trusted authorities cannot be read.
    #[error("`prometheus.ca_file`: `{}` {why}", path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// TLS could not be set up, for example because the machine has no root certificates.
    #[error("no HTTP client for {instance}")]
    Setup {
        /// The instance, credentials masked.
        instance: String,
        /// What the library says.
        source: reqwest::Error,
    },
}

/// Why a GET got no answer. URLs are without credentials.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No whole answer within the limit.
    #[error("{url} did not answer within {}", humantime::format_duration(*.limit))]
    Timeout {
        /// What was asked for.
        url: String,
        /// How long it was waited for.
        limit: Duration,
    },
    /// A redirect away from the instance; metrics of another server say nothing about this one.
    #[error("{url} redirects to another server, {target}: it was not asked")]
    OtherHost {
        /// What was asked for.
        url: String,
        /// Scheme, host and port that the redirect names.
        target: String,
    },
    /// A redirect after three redirects, or to nowhere.
    #[error("{url} redirects more than {MAX_REDIRECTS} times, or to nowhere")]
    Redirects {
        /// What was asked for.
        url: String,
    },
    /// No answer at all.
    #[error("{url} {why}")]
    NoAnswer {
        /// What was asked for.
        url: String,
        /// Why there is none.
        why: NoAnswer,
    },
}

/// Asks one path of one instance, over a connection that is kept.
#[derive(Clone, Debug)]
pub struct Fetcher {
    client: Client,
    url: Url,
    limit: Duration,
    login: Option<Login>,
}

/// How a server is asked: as whom, and by whose word it is believed to be itself.
#[derive(Clone, Debug, Default)]
pub struct Access<'a> {
    /// A bearer token, and the key that gave it.
    pub token: Option<(&'static str, &'a SecretString)>,
    /// User name and password; those of the URL, where there are none and no token.
    pub login: Option<Login>,
    /// A file with the certificates (PEM) of the authorities that are trusted, instead of those of the system.
    pub ca_file: Option<&'a Path>,
}

impl Fetcher {
    /// Asks for `path` below `base` with `headers`.
    pub fn new(
        base: &InstanceUrl,
        path: &str,
        limit: Duration,
        mut headers: HeaderMap,
        access: Access<'_>,
    ) -> Result<Self, ClientError> {
        let login = if let Some((key, token)) = access.token {
            headers.insert(AUTHORIZATION, bearer(key, token)?);
            None
        } else {
            access.login.or_else(|| Login::of(base))
        };
        let url = base.join(path);
        let mut builder = http::client().pool_max_idle_per_host(1);
        if url.scheme() == "http" {
            // A client that needs no root certificates must work where there are none, as in a container from scratch.
            builder = builder.tls_certs_only([]);
        } else if let Some(path) = access.ca_file {
            builder = builder.tls_certs_only(authorities(path)?);
        }
        if let Some((name, address)) = base.address() {
            // The port is that of the URL.
            builder = builder.resolve(name, SocketAddr::new(address, 0));
        }
        let client = builder
            .default_headers(headers)
            .build()
            .map_err(|source| ClientError::Setup { instance: base.to_string(), source })?;
        Ok(Self { client, url, limit, login })
    }

    /// What is asked for, without credentials.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Sends the request, follows redirects, and hands the answer's head to `read`, all within the limit.
    pub async fn get<T, E, F>(&self, read: impl FnOnce(Response) -> F) -> Result<T, E>
    where
        E: From<FetchError>,
        F: Future<Output = Result<T, E>>,
    {
        self.get_with(None, read).await
    }

    /// The same with this query string behind the path.
    pub async fn get_with<T, E, F>(&self, query: Option<&str>, read: impl FnOnce(Response) -> F) -> Result<T, E>
    where
        E: From<FetchError>,
        F: Future<Output = Result<T, E>>,
    {
        let all = async { read(self.follow(query).await?).await };
        tokio::time::timeout(self.limit, all)
            .await
            .unwrap_or_else(|_| Err(FetchError::Timeout { url: self.url.to_string(), limit: self.limit }.into()))
    }

    async fn follow(&self, query: Option<&str>) -> Result<Response, FetchError> {
        let mut url = self.url.clone();
        url.set_query(query);
        for _ in 0..=MAX_REDIRECTS {
            let mut request = self.client.get(url.clone());
            if let Some(login) = &self.login {
                request = login.sign(request);
            }
            let answer = request.send().await.map_err(|error| FetchError::NoAnswer {
                url: self.url.to_string(),
                why: NoAnswer::because(&self.url, error),
            })?;
            if !is_redirect(&answer) {
                return Ok(answer);
            }
            let location = answer.headers().get(LOCATION).and_then(|location| location.to_str().ok());
            let Some(next) = location.and_then(|location| url.join(location).ok()) else { break };
            if next.origin() != self.url.origin() {
                let target = next.origin().ascii_serialization();
                return Err(FetchError::OtherHost { url: self.url.to_string(), target });
            }
            url = next;
        }
        Err(FetchError::Redirects { url: self.url.to_string() })
    }
}

fn is_redirect(answer: &Response) -> bool {
    matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn bearer(key: &'static str, token: &SecretString) -> Result<HeaderValue, ClientError> {
    let mut value =
        HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())).map_err(|_| ClientError::Header(key))?;
    value.set_sensitive(true);
    Ok(value)
}

fn authorities(path: &Path) -> Result<Vec<Certificate>, ClientError> {
    http::authorities(path).map_err(|why| ClientError::Authorities { path: path.to_owned(), why })
}
