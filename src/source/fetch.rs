//! One GET: who is asked, how long it may take, where it may lead, and what went wrong in words.

#[cfg(test)]
mod tests;

use std::error::Error;
use std::io;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Response};
use rustls::CertificateError;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::config::InstanceUrl;

/// So many redirects are followed.
const MAX_REDIRECTS: usize = 3;

/// Why no HTTP client could be made for an instance.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The bearer token cannot stand in a header.
    #[error("`metrics.bearer_token` has characters that cannot stand in an HTTP header")]
    Token,
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
    /// Nothing listens on the port.
    #[error("{url} refused the connection: nothing listens there")]
    Refused {
        /// What was asked for.
        url: String,
    },
    /// The host's name has no address.
    #[error("{url} could not be reached: the name `{host}` cannot be resolved")]
    Dns {
        /// What was asked for.
        url: String,
        /// The name.
        host: String,
    },
    /// No secure connection.
    #[error("{url} could not be reached securely: {reason}")]
    Tls {
        /// What was asked for.
        url: String,
        /// What is wrong, in words.
        reason: String,
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
    /// Anything else on the way: connection reset, not HTTP, …
    #[error("{url} could not be read: {}", root(source))]
    Transport {
        /// What was asked for.
        url: String,
        /// What the library says.
        source: reqwest::Error,
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

/// User name and password from an instance's URL.
#[derive(Clone, Debug)]
struct Login {
    user: SecretString,
    password: SecretString,
}

impl Fetcher {
    /// Asks for `path` below `instance` with `headers`, and `token` or else the credentials of the instance's URL.
    pub fn new(
        instance: &InstanceUrl,
        path: &str,
        limit: Duration,
        mut headers: HeaderMap,
        token: Option<&SecretString>,
    ) -> Result<Self, ClientError> {
        let login = if let Some(token) = token {
            headers.insert(AUTHORIZATION, bearer(token)?);
            None
        } else {
            instance
                .credentials()
                .map(|(user, password)| Login { user: decoded(user), password: decoded(password.unwrap_or_default()) })
        };
        let url = instance.join(path);
        let mut builder = builder();
        if url.scheme() == "http" {
            // A client that needs no root certificates must work where there are none, as in a container from scratch.
            builder = builder.tls_certs_only([]);
        }
        let client = builder
            .default_headers(headers)
            .build()
            .map_err(|source| ClientError::Setup { instance: instance.to_string(), source })?;
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
        let all = async { read(self.follow().await?).await };
        tokio::time::timeout(self.limit, all)
            .await
            .unwrap_or_else(|_| Err(FetchError::Timeout { url: self.url.to_string(), limit: self.limit }.into()))
    }

    async fn follow(&self) -> Result<Response, FetchError> {
        let mut url = self.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let mut request = self.client.get(url.clone());
            if let Some(Login { user, password }) = &self.login {
                request = request.basic_auth(user.expose_secret(), Some(password.expose_secret()));
            }
            let answer = request.send().await.map_err(|error| explain(&self.url, error))?;
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

/// The last cause in the chain: what really happened.
fn root(error: &reqwest::Error) -> String {
    let mut last: &dyn Error = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    last.to_string()
}

/// A client that goes where it is told: no proxy from the environment, no redirect of its own, no referer.
fn builder() -> ClientBuilder {
    // Fails only when a provider is installed already, and then that one serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .user_agent(concat!("switchback/", env!("CARGO_PKG_VERSION")))
        .no_proxy()
        .redirect(Policy::none())
        .referer(false)
        .pool_max_idle_per_host(1)
}

fn bearer(token: &SecretString) -> Result<HeaderValue, ClientError> {
    let mut value =
        HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())).map_err(|_| ClientError::Token)?;
    value.set_sensitive(true);
    Ok(value)
}

fn decoded(part: &str) -> SecretString {
    percent_decode_str(part).decode_utf8_lossy().into_owned().into()
}

/// Why `url` could not be reached, in the words of somebody who has to fix it.
fn explain(url: &Url, error: reqwest::Error) -> FetchError {
    let host = url.host_str().unwrap_or_default().to_owned();
    let error = error.without_url();
    let url = url.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        // The resolver's error has no type of its own.
        if cause.to_string() == "dns error" {
            return FetchError::Dns { url, host };
        }
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return FetchError::Tls { url, reason: tls_reason(tls) };
        }
        let io = cause.downcast_ref::<io::Error>();
        if io.is_some_and(|io| io.kind() == io::ErrorKind::ConnectionRefused) {
            return FetchError::Refused { url };
        }
        // As its source, an I/O error names the source of the error it wraps, and so leaves that one out.
        next = match io.and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => cause.source(),
        };
    }
    FetchError::Transport { url, source: error }
}

fn tls_reason(error: &rustls::Error) -> String {
    use CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet, NotValidYetContext,
    };
    match error {
        rustls::Error::InvalidCertificate(Expired | ExpiredContext { .. }) => "its certificate has expired".to_owned(),
        rustls::Error::InvalidCertificate(NotValidYet | NotValidYetContext { .. }) => {
            "its certificate is not valid yet".to_owned()
        }
        rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => {
            "its certificate is for another host name".to_owned()
        }
        rustls::Error::InvalidCertificate(_) => format!("its certificate is not trusted ({error})"),
        rustls::Error::InvalidMessage(_) => "the port does not speak TLS; is the URL to begin with http?".to_owned(),
        other => other.to_string(),
    }
}
