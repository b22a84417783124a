//! How a server is asked: credentials, host name, trusted certificates.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::HeaderValue;
use reqwest::{ClientBuilder, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use super::ClientError;
use crate::config::{self, InstanceUrl};
use crate::io::http;
use crate::io::http::{ClientKey, Login, NoAnswer, TlsFault};

#[derive(Clone, Debug, Default)]
pub struct Access<'a> {
    /// A bearer token, and its configuration key.
    pub token: Option<(&'static str, &'a SecretString)>,
    /// User name and password; without these and a token, those of the URL.
    pub login: Option<Login>,
    /// Trusted authorities (PEM) instead of the system's.
    pub ca_file: Option<&'a Path>,
    /// The client certificate and private key (PEM).
    pub identity: Option<(&'a Path, &'a Path)>,
    /// Replaces the URL's host in the `Host` header and for the certificate.
    pub host: Option<&'a str>,
    pub keys: TlsKeys,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsKeys {
    /// `prometheus.ca_file`.
    #[default]
    Prometheus,
    /// `instances.ca_file`, `instances.tls_certificate`, `instances.tls_key` and `instances.host`.
    Instances,
}

impl<'a> Access<'a> {
    /// For instances, without a token.
    pub fn to_instances(access: &'a config::Access) -> Self {
        Self {
            ca_file: access.ca_file.as_deref(),
            identity: access.certificate.as_deref().zip(access.key.as_deref()),
            host: access.host.as_deref(),
            keys: TlsKeys::Instances,
            ..Self::default()
        }
    }

    /// What instances have in common that one client can ask; `None` for one whose name is resolved in its own way. Files
    /// count by their content, since they are renewed.
    pub(super) fn shared_by(&self, base: &InstanceUrl, url: &Url, kept: usize) -> Option<ClientKey> {
        if base.address().is_some() || (url.scheme() == "https" && self.host.is_some()) {
            return None;
        }
        let mut key = ClientKey::new(url.scheme(), kept);
        if url.scheme() == "https" {
            let (certificate, private) = self.identity.unzip();
            for file in [self.ca_file, certificate, private] {
                key.add(file.map(std::fs::read).transpose().ok()?.as_deref());
            }
        }
        Some(key)
    }
}

/// Hints at a wrong request by status; empty if there is none.
pub fn advice(status: StatusCode) -> &'static str {
    match status.as_u16() {
        // Django refuses an unknown `Host`; nginx a client without the required certificate.
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

    pub(super) fn hint(self, why: &NoAnswer) -> String {
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

/// With the server's own name, so that its certificate matches.
pub(super) fn called(url: &Url, host: Option<&str>) -> Url {
    let mut called = url.clone();
    if let Some(host) = host.filter(|_| url.scheme() == "https") {
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        // An invalid name has no effect here, and is refused by the configuration.
        let _ = called.set_host(Some(name));
    }
    called
}

pub(super) fn secured(builder: ClientBuilder, url: &Url, access: &Access<'_>) -> Result<ClientBuilder, ClientError> {
    if url.scheme() == "http" {
        // Needed without root certificates, as in a container from scratch.
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
    Ok(builder)
}

/// Resolves to the instance's address, else its host, whatever name it is called by.
pub(super) fn resolved(builder: ClientBuilder, base: &InstanceUrl, url: &Url, asked: &Url) -> ClientBuilder {
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

pub(super) fn bearer(key: &'static str, token: &SecretString) -> Result<HeaderValue, ClientError> {
    let mut value =
        HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())).map_err(|_| ClientError::Header(key))?;
    value.set_sensitive(true);
    Ok(value)
}
