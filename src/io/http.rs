//! What every HTTP client here shares: where requests go, and why one got no answer, in words that help to fix it.
//!
//! | file | holds |
//! | --- | --- |
//! | `certificate` | how long a certificate is valid |
//! | `clients` | clients that many runs and instances share |
//! | `stream` | a connection of any kind |

mod certificate;
mod clients;
mod stream;

use std::error::Error;
use std::io;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use reqwest::header::HeaderValue;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder, Identity, RequestBuilder, Response, retry};
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{AlertDescription, CertificateError};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

pub(crate) use self::certificate::{Validity, validities};
pub(crate) use self::clients::{ClientKey, shared};
pub(crate) use self::stream::{Stream, any};
use crate::config::InstanceUrl;

/// As servers log it.
pub const USER_AGENT: &str = concat!("switchback/", env!("CARGO_PKG_VERSION"));

/// No proxy from the environment, no automatic redirects, no referer.
pub fn client() -> ClientBuilder {
    // Fails only if a provider is installed already, and that one serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .user_agent(USER_AGENT)
        .no_proxy()
        .redirect(Policy::none())
        // It is for HTTP/2, and would copy every request.
        .retry(retry::never().max_retries_per_request(0))
        .referer(false)
}

/// The certificates (PEM) in this file, or what is wrong with it.
pub fn authorities(path: &Path) -> Result<Vec<Certificate>, String> {
    let text = std::fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    let found = Certificate::from_pem_bundle(&text).map_err(|error| format!("is not PEM: {error}"))?;
    if found.is_empty() { Err("holds no certificate".to_owned()) } else { Ok(found) }
}

/// A client certificate and its private key (PEM), or which of the two files is wrong, and how.
pub fn identity<'a>(certificate: &'a Path, key: &'a Path) -> Result<Identity, (&'a Path, String)> {
    let read = |path: &'a Path| std::fs::read(path).map_err(|error| (path, format!("cannot be read: {error}")));
    let (mut pem, private) = (read(certificate)?, read(key)?);
    let not_pem = |path| move |error: pem::Error| (path, format!("is not PEM: {error}"));
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().map_err(not_pem(certificate))?;
    if chain.is_empty() {
        return Err((certificate, "holds no certificate".to_owned()));
    }
    let secret = match PrivateKeyDer::from_pem_slice(&private) {
        Ok(secret) => secret,
        Err(pem::Error::NoItemsFound) => return Err((key, "holds no private key".to_owned())),
        Err(error) => return Err(not_pem(key)(error)),
    };
    CertifiedKey::from_der(chain, secret, &rustls::crypto::ring::default_provider())
        .map_err(|error| (key, format!("does not belong to the certificate: {error}")))?;
    pem.push(b'\n');
    pem.extend(private);
    Identity::from_pem(&pem).map_err(|error| (key, root(&error)))
}

/// The body, or `None` if it is longer than `most` bytes.
pub async fn body(mut response: Response, most: usize) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > most {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

/// User name and password from a URL, for basic authentication.
#[derive(Clone, Debug)]
pub struct Login {
    user: SecretString,
    password: SecretString,
}

impl Login {
    /// The credentials in this URL, if any.
    pub fn of(url: &InstanceUrl) -> Option<Self> {
        let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned().into();
        let (user, password) = url.credentials()?;
        Some(Self { user: decoded(user), password: decoded(password.unwrap_or_default()) })
    }

    /// From a user name and a password.
    pub fn new(user: &str, password: &SecretString) -> Self {
        Self { user: user.into(), password: password.clone() }
    }

    /// The request with basic authentication.
    pub fn sign(&self, request: RequestBuilder) -> RequestBuilder {
        request.basic_auth(self.user.expose_secret(), Some(self.password.expose_secret()))
    }

    /// What `Authorization` says for it.
    pub fn authorization(&self) -> Option<HeaderValue> {
        let pair = format!("{}:{}", self.user.expose_secret(), self.password.expose_secret());
        let mut value = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair))).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// Why a request got no answer. Each finishes a sentence that begins with the URL.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// Nothing listens on the port.
    #[error("refused the connection")]
    Refused,
    /// The host's name has no address.
    #[error("could not be reached: the name `{host}` cannot be resolved")]
    Dns {
        /// The name.
        host: String,
    },
    /// No secure connection.
    #[error("could not be reached securely: {0}")]
    Tls(TlsFault),
    /// Anything else on the way: connection reset, not HTTP, …
    #[error("could not be read: {}", root(&**.0))]
    Transport(Box<dyn Error + Send + Sync>),
}

impl NoAnswer {
    /// Classifies a library's error about this URL.
    pub fn because(url: &Url, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let error = match error.into().downcast::<reqwest::Error>() {
            Ok(error) => error.without_url().into(),
            Err(error) => error,
        };
        let mut next: Option<&(dyn Error + 'static)> = Some(&*error);
        while let Some(cause) = next {
            // The resolver's error has no type of its own.
            if cause.to_string() == "dns error" {
                return Self::Dns { host: url.host_str().unwrap_or_default().to_owned() };
            }
            if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
                return Self::Tls(TlsFault::of(tls));
            }
            let io = cause.downcast_ref::<io::Error>();
            if io.is_some_and(|io| io.kind() == io::ErrorKind::ConnectionRefused) {
                return Self::Refused;
            }
            // An I/O error's source skips the error that it wraps, so that one is read directly.
            next = match io.and_then(io::Error::get_ref) {
                Some(wrapped) => Some(wrapped),
                None => cause.source(),
            };
        }
        Self::Transport(error)
    }
}

/// The innermost cause.
pub fn root(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    match last.downcast_ref::<io::Error>().map(io::Error::kind) {
        // rustls only refers to its documentation here.
        Some(io::ErrorKind::UnexpectedEof) => "it was cut off in the middle".to_owned(),
        _ => last.to_string(),
    }
}

/// Why there is no secure connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsFault {
    /// The certificate is past its time.
    #[error("its certificate has expired")]
    Expired,
    /// The certificate's time has not come.
    #[error("its certificate is not valid yet")]
    NotYet,
    /// The certificate names other hosts.
    #[error("its certificate is for another host name")]
    Name,
    /// An authority's certificate, used by a server.
    #[error("its certificate is a CA certificate (CA:TRUE); a server needs its own")]
    Authority,
    /// No trusted authority signed it; what the verifier says.
    #[error("its certificate is not trusted ({0})")]
    Untrusted(String),
    /// The server requires a client certificate, or another one.
    #[error("it asks for a client certificate that it trusts")]
    ClientCertificate,
    /// The server ends the handshake without a reason.
    #[error("it refuses the TLS handshake, perhaps because it requires a client certificate")]
    Handshake,
    /// The server does not speak TLS.
    #[error("the port does not speak TLS; should the URL begin with http?")]
    Plain,
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl TlsFault {
    fn of(error: &rustls::Error) -> Self {
        use CertificateError::{
            Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet, NotValidYetContext,
        };
        match error {
            rustls::Error::InvalidCertificate(Expired | ExpiredContext { .. }) => Self::Expired,
            rustls::Error::InvalidCertificate(NotValidYet | NotValidYetContext { .. }) => Self::NotYet,
            rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => Self::Name,
            // The verifier's own error type is private.
            rustls::Error::InvalidCertificate(_) if error.to_string().contains("CaUsedAsEndEntity") => Self::Authority,
            rustls::Error::InvalidCertificate(_) => Self::Untrusted(error.to_string()),
            rustls::Error::InvalidMessage(_) => Self::Plain,
            // What servers send, by TLS version, to a client whose certificate is missing or not trusted.
            rustls::Error::AlertReceived(
                AlertDescription::CertificateRequired
                | AlertDescription::BadCertificate
                | AlertDescription::UnknownCA
                | AlertDescription::CertificateUnknown
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateRevoked
                | AlertDescription::UnsupportedCertificate
                | AlertDescription::AccessDenied,
            ) => Self::ClientCertificate,
            rustls::Error::AlertReceived(AlertDescription::HandshakeFailure) => Self::Handshake,
            other => Self::Other(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_tls_errors_are_passed_on() {
        let error = rustls::Error::HandshakeNotComplete;
        assert_eq!(TlsFault::of(&error).to_string(), error.to_string());
    }
}
