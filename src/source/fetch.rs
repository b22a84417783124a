//! One GET: who is asked, how long it may take, where it may lead, and what went wrong in words.

#[cfg(test)]
mod tests;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{AUTHORIZATION, HOST, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Client, ClientBuilder, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use crate::config::{self, InstanceUrl, format_duration};
use crate::http::{self, Login, NoAnswer, TlsFault};

/// So many redirects are followed.
const MAX_REDIRECTS: usize = 3;

/// Why no HTTP client could be made for an instance.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// What a key gives cannot stand in a header.
    #[error("`{0}` has characters that cannot stand in an HTTP header")]
    Header(&'static str),
    /// A file with certificates or a key cannot be used.
    #[error("`{key}`: `{}` {why}", path.display())]
    File {
        /// The key of the configuration that names it.
        key: &'static str,
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
    #[error("{url} did not answer within {limit}")]
    Timeout {
        /// What was asked for.
        url: String,
        /// How long it was waited for.
        limit: Limit,
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
    #[error("{url} {why}{hint}")]
    NoAnswer {
        /// What was asked for.
        url: String,
        /// Why there is none.
        why: NoAnswer,
        /// The key to set, where one would help.
        hint: String,
    },
}

/// How long an answer may take, and the key of the configuration that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The key.
    pub key: &'static str,
    /// The time.
    pub time: Duration,
}

/// `250ms (metrics.timeout)`.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", format_duration(self.time), self.key)
    }
}

/// Asks one path of one instance, over a connection that is kept.
#[derive(Clone, Debug)]
pub struct Fetcher {
    client: Client,
    /// What is asked for, as it is shown.
    url: Url,
    /// The same with the name that the server goes by, where it is told one.
    asked: Url,
    /// The name in the `Host` header, where it is told one.
    host: Option<String>,
    limit: Limit,
    login: Option<Login>,
    keys: TlsKeys,
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
    /// Files with the certificate and the private key (PEM) that are shown to a server that asks for them.
    pub identity: Option<(&'a Path, &'a Path)>,
    /// The name that the server goes by, for the `Host` header and its certificate, instead of the URL's host.
    pub host: Option<&'a str>,
    /// The keys of the configuration that say so.
    pub keys: TlsKeys,
}

/// The keys of the configuration by which a server is believed, for messages.
#[derive(Clone, Copy, Debug, Default)]
pub enum TlsKeys {
    /// `prometheus.ca_file`.
    #[default]
    Prometheus,
    /// `instances.ca_file`, `instances.tls_certificate`, `instances.tls_key` and `instances.host`.
    Instances,
}

impl<'a> Access<'a> {
    /// How instances are asked, without a token.
    pub fn to_instances(access: &'a config::Access) -> Self {
        Self {
            ca_file: access.ca_file.as_deref(),
            identity: access.certificate.as_deref().zip(access.key.as_deref()),
            host: access.host.as_deref(),
            keys: TlsKeys::Instances,
            ..Self::default()
        }
    }
}

/// What a status tells of how the question was put; empty where it tells nothing.
pub fn advice(status: StatusCode) -> &'static str {
    match status.as_u16() {
        // Django refuses a `Host` that it does not know; nginx a client without the certificate that it asked for.
        400 => ": if it wants another Host set `instances.host`, if a client certificate `instances.tls_certificate`",
        421 => ": set `instances.host` to the name that it answers to",
        429 => ": it limits how often it may be asked",
        _ => "",
    }
}

impl TlsKeys {
    const fn ca_file(self) -> &'static str {
        match self {
            Self::Prometheus => "prometheus.ca_file",
            Self::Instances => "instances.ca_file",
        }
    }

    /// What to set so that the connection comes about.
    fn hint(self, why: &NoAnswer) -> String {
        let NoAnswer::Tls(fault) = why else { return String::new() };
        match (fault, self) {
            (TlsFault::Untrusted(_), keys) => {
                format!(": set `{}` to the certificates of the authorities to trust", keys.ca_file())
            }
            (TlsFault::Name, Self::Instances) => ": set `instances.host` to the name in it".to_owned(),
            (TlsFault::ClientCertificate | TlsFault::Handshake, Self::Instances) => {
                ": set `instances.tls_certificate` and `instances.tls_key`".to_owned()
            }
            _ => String::new(),
        }
    }
}

impl Fetcher {
    /// Asks for `path` below `base` with `headers`.
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
        let builder = http::client().pool_max_idle_per_host(1).default_headers(headers);
        let builder = resolved(secured(builder, &url, access)?, base, &url, &asked);
        let client = builder.build().map_err(|source| ClientError::Setup { instance: base.to_string(), source })?;
        let host = access.host.map(str::to_owned);
        Ok(Self { client, url, asked, host, limit, login, keys: access.keys })
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
        tokio::time::timeout(self.limit.time, all)
            .await
            .unwrap_or_else(|_| Err(FetchError::Timeout { url: self.url.to_string(), limit: self.limit }.into()))
    }

    async fn follow(&self, query: Option<&str>) -> Result<Response, FetchError> {
        let mut url = self.asked.clone();
        url.set_query(query);
        for _ in 0..=MAX_REDIRECTS {
            let mut request = self.client.get(url.clone());
            if let Some(login) = &self.login {
                request = login.sign(request);
            }
            let answer = request.send().await.map_err(|error| {
                let why = NoAnswer::because(&self.url, error);
                FetchError::NoAnswer { url: self.url.to_string(), hint: self.keys.hint(&why), why }
            })?;
            if !is_redirect(&answer) {
                return Ok(answer);
            }
            let location = answer.headers().get(LOCATION).and_then(|location| location.to_str().ok());
            let Some(next) = location.and_then(|location| url.join(location).ok()) else { break };
            url = self.same_server(&url, &next)?;
        }
        Err(FetchError::Redirects { url: self.url.to_string() })
    }

    /// Where a redirect leads on the same server, which may call itself by the name that it was told.
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

/// The URL with the name that the server goes by, so that its certificate is compared with that.
fn called(url: &Url, host: Option<&str>) -> Url {
    let mut called = url.clone();
    if let Some(host) = host.filter(|_| url.scheme() == "https") {
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        // A name that is none stays without effect here, and is refused by the configuration.
        let _ = called.set_host(Some(name));
    }
    called
}

/// Who is trusted, and what is shown to them.
fn secured(builder: ClientBuilder, url: &Url, access: &Access<'_>) -> Result<ClientBuilder, ClientError> {
    if url.scheme() == "http" {
        // A client that needs no root certificates must work where there are none, as in a container from scratch.
        return Ok(builder.tls_certs_only([]));
    }
    let wrong = |key, path: &Path, why| ClientError::File { key, path: path.to_owned(), why };
    let mut builder = match access.ca_file {
        Some(path) => {
            builder.tls_certs_only(http::authorities(path).map_err(|why| wrong(access.keys.ca_file(), path, why))?)
        }
        None => builder,
    };
    if let Some((certificate, key)) = access.identity {
        let identity = http::identity(certificate, key).map_err(|(path, why)| {
            let setting = if path == key { "instances.tls_key" } else { "instances.tls_certificate" };
            wrong(setting, path, why)
        })?;
        builder = builder.identity(identity);
    }
    // With HTTP/2 the name is taken from the URL, which has the port as well.
    Ok(if access.host.is_some() { builder.http1_only() } else { builder })
}

/// Where the connection goes: the address that the instance stands for, else its host, whatever it is called.
fn resolved(builder: ClientBuilder, base: &InstanceUrl, url: &Url, asked: &Url) -> ClientBuilder {
    let name = asked.host_str().unwrap_or_default();
    let ip = match url.host() {
        Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
        _ => None,
    };
    let renamed = url.host() != asked.host();
    match (base.address(), ip) {
        // The port is that of the URL.
        (Some((_, address)), _) => builder.resolve(name, SocketAddr::new(address, 0)),
        (None, Some(ip)) if renamed => builder.resolve(name, SocketAddr::new(ip, 0)),
        (None, None) if renamed => {
            builder.dns_resolver(Arc::new(Alias { of: url.host_str().unwrap_or_default().to_owned() }))
        }
        _ => builder,
    }
}

/// Resolves every name as this one.
struct Alias {
    of: String,
}

impl Resolve for Alias {
    fn resolve(&self, _: Name) -> Resolving {
        let of = self.of.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((of, 0)).await?.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
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
