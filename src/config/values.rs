//! Value types that carry their own rules.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::instances;
use crate::model::number::percent_exact;
use measure::invalid::Result;

/// A share between 0 and 1, shown in percent.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ratio(pub f64);

impl Ratio {
    /// The quantile of this share: `p99`, `p99.9`.
    pub fn percentile(self) -> String {
        format!("p{}", self.to_string().trim_end_matches('%'))
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&percent_exact(self.0))
    }
}

/// The base URL of one instance. Credentials in it are used, and masked wherever it is shown.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct InstanceUrl {
    url: Url,
    stands_for: StandsFor,
}

/// What the host of an instance's URL stands for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum StandsFor {
    Itself,
    /// All instances whose addresses the name has (`dns+http://…`).
    Name,
    Address(IpAddr),
}

impl InstanceUrl {
    /// Wraps an `http` or `https` URL with a host.
    pub const fn new(url: Url) -> Self {
        Self { url, stands_for: StandsFor::Itself }
    }

    /// Reads a base URL; the error repeats nothing of it.
    pub fn parse(text: &str) -> Result<Self> {
        instances::base(text)
    }

    /// The same, standing for every address of its host.
    #[must_use]
    pub fn as_name(self) -> Self {
        Self { stands_for: StandsFor::Name, ..self }
    }

    /// The same, standing for the instance at one of the addresses.
    #[must_use]
    pub fn at(&self, address: IpAddr) -> Self {
        Self { url: self.url.clone(), stands_for: StandsFor::Address(address) }
    }

    /// Whether it stands for every address of its host.
    pub const fn is_name(&self) -> bool {
        matches!(self.stands_for, StandsFor::Name)
    }

    /// The host's name and the address that it stands for, where it is one of several.
    pub fn address(&self) -> Option<(&str, IpAddr)> {
        match self.stands_for {
            StandsFor::Address(address) => Some((self.url.host_str()?, address)),
            _ => None,
        }
    }

    /// The same host on another port, or with another scheme. Another port is another server, so that the path is left out.
    #[must_use]
    pub fn moved(&self, port: Option<u16>, scheme: Option<&str>) -> Self {
        let mut url = self.url.clone();
        // An http(s) URL with a host takes all of these; they cannot fail.
        if let Some(scheme) = scheme {
            let port = url.port_or_known_default();
            let _ = url.set_scheme(scheme);
            let _ = url.set_port(port);
        }
        if port.is_some() {
            let _ = url.set_port(port);
            url.set_path("");
        }
        Self { url, stands_for: self.stands_for }
    }

    /// The base URL above `path`, where it ends in that; else itself.
    #[must_use]
    pub fn above(&self, path: &str) -> Self {
        let mut url = self.url.clone();
        if let Some(above) = self.url.path().trim_end_matches('/').strip_suffix(path.trim_end_matches('/')) {
            url.set_path(above);
        }
        Self { url, stands_for: self.stands_for }
    }

    /// The URL of `path` below the base URL, without its credentials.
    pub fn join(&self, path: &str) -> Url {
        let mut url = self.exact();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{}", path.trim_start_matches('/')));
        url
    }

    /// The URL as it is, without its credentials.
    pub fn exact(&self) -> Url {
        let mut url = self.url.clone();
        // An http(s) URL with a host always takes both; these cannot fail.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url
    }

    /// The same without user name and password.
    #[must_use]
    pub fn without_login(&self) -> Self {
        Self { url: self.exact(), stands_for: self.stands_for }
    }

    /// User name and password, where the URL has them.
    pub fn credentials(&self) -> Option<(&str, Option<&str>)> {
        (!self.url.username().is_empty() || self.url.password().is_some())
            .then(|| (self.url.username(), self.url.password()))
    }

    /// Whether what is sent there can be read on the way: it is not encrypted, and leaves the machine.
    pub fn is_in_the_clear(&self) -> bool {
        let loopback = match self.url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        };
        self.url.scheme() == "http" && !loopback
    }

    /// `host:port`, the short name of the instance.
    pub fn host_port(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        match self.url.port_or_known_default() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }
}

impl fmt::Display for InstanceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let masked = if self.credentials().is_some() { "***@" } else { "" };
        let plus = if self.is_name() { "dns+" } else { "" };
        write!(f, "{plus}{}://{masked}", self.url.scheme())?;
        match self.stands_for {
            StandsFor::Address(IpAddr::V6(address)) => write!(f, "[{address}]")?,
            StandsFor::Address(address) => write!(f, "{address}")?,
            _ => f.write_str(self.url.host_str().unwrap_or_default())?,
        }
        if let Some(port) = self.url.port() {
            write!(f, ":{port}")?;
        }
        f.write_str(self.url.path().trim_end_matches('/'))
    }
}

impl fmt::Debug for InstanceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where a socket for commands listens: a path, or `tcp://host:port`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketAddress {
    Unix(PathBuf),
    Tcp(String),
}

impl fmt::Display for SocketAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "{}", path.display()),
            Self::Tcp(host_port) => write!(f, "tcp://{host_port}"),
        }
    }
}

/// Where an admin API listens: a base URL, or `unix:///path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminUrl {
    /// The base URL; behind a Unix socket, one of this machine.
    pub base: InstanceUrl,
    pub socket: Option<PathBuf>,
}

impl fmt::Display for AdminUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.socket {
            Some(path) => write!(f, "unix://{}", path.display()),
            None => self.base.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> InstanceUrl {
        InstanceUrl::new(Url::parse(text).unwrap())
    }

    #[test]
    fn ratios_are_shown_in_per_cent_without_noise() {
        for (ratio, text) in [(0.05, "5%"), (0.07, "7%"), (0.001, "0.1%"), (0.123_456, "12.3456%"), (0.1, "10%")] {
            assert_eq!(Ratio(ratio).to_string(), text);
        }
    }

    #[test]
    fn an_instance_is_shown_without_its_credentials_which_are_still_there_to_be_used() {
        let instance = url("https://user:secret@host:8443/base/");
        assert_eq!(instance.to_string(), "https://***@host:8443/base");
        assert_eq!(format!("{instance:?}"), "https://***@host:8443/base");
        assert_eq!(instance.join("/metrics").as_str(), "https://host:8443/base/metrics");
        assert_eq!(instance.credentials(), Some(("user", Some("secret"))));
        assert_eq!(url("http://:secret@host").credentials(), Some(("", Some("secret"))));
        assert_eq!(url("http://host").credentials(), None);
    }

    #[test]
    fn an_instance_has_a_short_name_with_its_port() {
        for (text, name) in [("http://host", "host:80"), ("https://host", "host:443"), ("http://[::1]:1", "[::1]:1")] {
            assert_eq!(url(text).host_port(), name);
        }
    }
}
