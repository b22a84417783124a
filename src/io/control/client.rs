//! The other end: asking a running monitor, and giving it orders.

#[cfg(test)]
mod tests;

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::{ClientBuilder, Method, RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use url::Url;

use crate::config::{Config, ControlConfig};
use crate::core::soak::RefusalCode;
use crate::io::http;
use crate::io::http::{NoAnswer, TlsFault};
use crate::io::router::NOT_OURS;
use crate::io::users;
use crate::model::{Action, Actor};

use super::Events;
use super::leading::Leading;
use super::wire::{Accepted, ActionRequest, Failure};

/// For an answer. An order is answered once its decision is on disk.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// For a connection that may end before the request is sent.
const TRIES: usize = 4;
const MAX_ANSWER: usize = 1 << 20;

#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("no monitor answers at `{}`", socket.display())]
    NotRunning { socket: PathBuf },
    #[error("no monitor answers on this host, and {0}")]
    NotHere(String),
    #[error("no monitor answers: {url} {why}")]
    OutOfReach { url: Url, why: NoAnswer },
    #[error("`{key}`: `{}` {why}", path.display())]
    File { key: &'static str, path: PathBuf, why: String },
    /// The remote monitor requires a client certificate, or another one.
    #[error("{url} {}", if *shown {
        "does not accept the client certificate: `control.client_certificate` has to be signed by an authority in its \
         `control.client_ca_file`, and must not have expired"
    } else {
        "requires a client certificate: set `control.client_certificate` and `control.client_key`"
    })]
    Certificate { url: Url, shown: bool },
    #[error("{why}")]
    Refused { why: String, code: Option<RefusalCode> },
    #[error("{0}")]
    Forbidden(String),
    #[error("the monitor does not answer")]
    Timeout,
    #[error("unexpected response from the monitor: {0}")]
    Protocol(String),
    #[error("the connection to the monitor broke: {0}")]
    Io(String),
}

#[derive(Clone, Debug)]
pub struct Client {
    to: Target,
    service: Option<String>,
    /// The soak is one of several that an agent watches: its service, as it stands in paths.
    scope: Option<String>,
    /// Asked where nobody answers on this host.
    leading: Option<Leading>,
}

#[derive(Clone, Debug)]
enum Target {
    Socket(PathBuf),
    Network { url: Url, token: SecretString, ca_file: Option<PathBuf>, identity: Option<(PathBuf, PathBuf)> },
}

impl Client {
    pub fn new(socket: &Path) -> Self {
        Self { to: Target::Socket(socket.to_owned()), service: None, scope: None, leading: None }
    }

    /// Whoever answers at this URL, with a client certificate where it asks for one.
    pub fn at(url: Url, token: SecretString, ca_file: Option<PathBuf>, identity: Option<(PathBuf, PathBuf)>) -> Self {
        Self { to: Target::Network { url, token, ca_file, identity }, service: None, scope: None, leading: None }
    }

    /// The monitor at `control.url`, else the one of this machine, else the one that leads.
    pub fn of(config: &Config) -> Self {
        let ControlConfig { socket, url, operator_token, viewer_token, ca_file, .. } = &config.control;
        let identity = config.control.client_certificate.clone().zip(config.control.client_key.clone());
        let to = match (url, operator_token.as_ref().or(viewer_token.as_ref())) {
            (Some(url), Some(token)) => {
                Target::Network { url: url.join(""), token: token.clone(), ca_file: ca_file.clone(), identity }
            }
            _ => Target::Socket(socket.clone()),
        };
        let leading = Leading::of(config).filter(|_| url.is_none());
        Self { to, service: None, scope: None, leading }
    }

    /// Whether the run may continue on another host.
    pub const fn follows_the_leader(&self) -> bool {
        self.leading.is_some()
    }

    /// Orders only this service's monitor; `None` means whichever it is.
    #[must_use]
    pub fn meant_for(self, service: Option<&str>) -> Self {
        Self { service: service.map(str::to_owned), ..self }
    }

    /// The soak of one of the services that an agent watches. Names of services need no escapes.
    #[must_use]
    pub fn of_service(self, service: &str) -> Self {
        Self { service: Some(service.to_owned()), scope: Some(service.to_owned()), ..self }
    }

    fn path(&self, what: &str) -> String {
        self.scope.as_ref().map_or_else(|| format!("/v1/{what}"), |service| format!("/v1/services/{service}/{what}"))
    }

    pub async fn status(&self) -> Result<serde_json::Value, ClientError> {
        self.status_as().await
    }

    /// What the caller reads of it.
    pub async fn status_as<T: DeserializeOwned>(&self) -> Result<T, ClientError> {
        let response = self.send(Method::GET, &self.path("status"), None, Some(ANSWER_TIMEOUT)).await?;
        read(response).await
    }

    /// Returns the place of the action's event once its decision is journaled.
    pub async fn act(&self, action: Action, actor: &Actor, reason: Option<&str>) -> Result<u64, ClientError> {
        let order = |actor: Actor| {
            let (reason, service) = (reason.map(str::to_owned), self.service.clone());
            ActionRequest { action, actor: Some(actor), reason, service }
        };
        let give = async |order: ActionRequest| {
            self.send(Method::POST, &self.path("actions"), Some(&order), Some(ANSWER_TIMEOUT)).await
        };
        let mut response = give(order(actor.clone())).await?;
        // An older monitor takes orders from operators only, and did nothing with what it could not read.
        if let (StatusCode::BAD_REQUEST, Actor::Ci(who)) = (response.status(), actor) {
            response = give(order(Actor::Operator(who.clone()))).await?;
        }
        read::<Accepted>(response).await.map(|accepted| accepted.seq)
    }

    /// Follows the events from `since` on; 0 means all.
    pub async fn events(&self, since: u64) -> Result<Events, ClientError> {
        let response = self.stream(&self.path(&format!("events?since={since}"))).await?;
        if response.status() == StatusCode::OK { Ok(Events::new(response)) } else { Err(failed(response).await) }
    }

    /// Asks for a stream, whatever the answer is.
    pub(super) async fn stream(&self, path: &str) -> Result<Response, ClientError> {
        let sent = tokio::time::timeout(ANSWER_TIMEOUT, self.send(Method::GET, path, None, None)).await;
        sent.map_err(|_| ClientError::Timeout)?
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&ActionRequest>,
        limit: Option<Duration>,
    ) -> Result<Response, ClientError> {
        match (self.send_here(method.clone(), path, body, limit).await, &self.leading) {
            (Err(ClientError::NotRunning { .. }), Some(leading)) => {
                let there = leading.client().await?;
                let path = there.path(path.trim_start_matches("/v1/"));
                there.send_here(method, &path, body, limit).await
            }
            (sent, _) => sent,
        }
    }

    async fn send_here(
        &self,
        method: Method,
        path: &str,
        body: Option<&ActionRequest>,
        limit: Option<Duration>,
    ) -> Result<Response, ClientError> {
        let mut request = self.request(method, path)?;
        if let Some(limit) = limit {
            request = request.timeout(limit);
        }
        if let Some(body) = body {
            // Text and numbers always have a JSON form.
            request =
                request.header("content-type", "application/json").body(serde_json::to_vec(body).unwrap_or_default());
        }
        let mut again = (1..TRIES).filter_map(|_| request.try_clone()).collect::<Vec<_>>();
        loop {
            match (request.send().await, again.pop()) {
                (Err(error), Some(next)) if was_not_sent(&error) => request = next,
                (sent, _) => return sent.map_err(|error| self.broken(error)),
            }
        }
    }

    pub(super) fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, ClientError> {
        let built = |client: ClientBuilder| client.build().map_err(|error| ClientError::Io(error.to_string()));
        match &self.to {
            Target::Socket(socket) => {
                look(socket)?;
                let client = built(http::client().unix_socket(socket.clone()).tls_certs_only([]))?;
                Ok(client.request(method, format!("http://localhost{path}")))
            }
            Target::Network { url, token, ca_file, identity } => {
                let client = secured(http::client(), url.scheme(), ca_file.as_deref(), identity.as_ref())?;
                let client = client.connect_timeout(CONNECT_TIMEOUT);
                let url = format!("{}{path}", url.as_str().trim_end_matches('/'));
                Ok(built(client)?.request(method, url).bearer_auth(token.expose_secret()))
            }
        }
    }

    pub(super) fn broken(&self, error: reqwest::Error) -> ClientError {
        let socket = match &self.to {
            Target::Socket(socket) => socket,
            Target::Network { url, identity, .. } => return over_the_network(url, identity.is_some(), error),
        };
        if error.is_timeout() {
            return ClientError::Timeout;
        }
        match cause(&error).map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound) => not_running(socket),
            Some(io::ErrorKind::PermissionDenied) => ClientError::Forbidden(kept_from(socket)),
            _ => ClientError::Io(http::root(&error)),
        }
    }
}

pub fn check_client_files(config: &ControlConfig) -> Result<(), ClientError> {
    let identity = config.client_certificate.clone().zip(config.client_key.clone());
    secured(http::client(), "https", config.ca_file.as_deref(), identity.as_ref()).map(drop)
}

fn secured(
    client: ClientBuilder,
    scheme: &str,
    ca_file: Option<&Path>,
    identity: Option<&(PathBuf, PathBuf)>,
) -> Result<ClientBuilder, ClientError> {
    if scheme == "http" {
        return Ok(client.tls_certs_only([]));
    }
    let wrong = |key, path: &Path, why| ClientError::File { key, path: path.to_owned(), why };
    let mut client = client;
    if let Some(path) = ca_file {
        client = client.tls_certs_only(http::authorities(path).map_err(|why| wrong("control.ca_file", path, why))?);
    }
    if let Some((certificate, key)) = identity {
        let identity = http::identity(certificate, key).map_err(|(path, why)| {
            wrong(if path == key { "control.client_key" } else { "control.client_certificate" }, path, why)
        })?;
        client = client.identity(identity);
    }
    Ok(client)
}

/// `shown`: whether a client certificate was presented.
fn over_the_network(url: &Url, shown: bool, error: reqwest::Error) -> ClientError {
    let (connecting, late, trouble) = (error.is_connect(), error.is_timeout(), network_trouble(url, &error));
    match NoAnswer::because(url, error) {
        // TLS 1.3 reports it after the handshake, in place of an answer.
        NoAnswer::Tls(TlsFault::ClientCertificate) => ClientError::Certificate { url: url.clone(), shown },
        why if connecting => ClientError::OutOfReach { url: url.clone(), why },
        _ if late => ClientError::Timeout,
        _ => ClientError::Io(trouble),
    }
}

/// Whether the connection ended before the request was sent: a server may reject the certificate sooner than that.
fn was_not_sent(error: &reqwest::Error) -> bool {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.filter_map(|cause| cause.downcast_ref::<hyper::Error>()).any(hyper::Error::is_canceled)
}

fn network_trouble(url: &Url, error: &reqwest::Error) -> String {
    let clear = if url.scheme() == "http" { "; should the URL begin with https?" } else { "" };
    format!("{}{clear}", http::root(error))
}

fn look(socket: &Path) -> Result<(), ClientError> {
    match std::fs::symlink_metadata(socket) {
        Err(error) => Err(unseen(socket, &error)),
        Ok(_) => Ok(()),
    }
}

fn kept_from(socket: &Path) -> String {
    let group =
        std::fs::symlink_metadata(socket).ok().filter(|found| found.mode() & 0o060 != 0).map(|found| found.gid());
    let group = group.map_or_else(String::new, |gid| {
        let name = users::group_name(gid).unwrap_or_else(|| gid.to_string());
        format!(", as a member of the group `{name}`")
    });
    format!("the monitor belongs to another user: run this as that user{group} or as root")
}

/// A missing socket is not the same as one that this user may not see.
fn unseen(socket: &Path, error: &io::Error) -> ClientError {
    match error.kind() {
        io::ErrorKind::NotFound => not_running(socket),
        io::ErrorKind::PermissionDenied => {
            let folder = socket.parent().unwrap_or(socket).display();
            ClientError::Forbidden(format!(
                "permission denied: this user may not enter `{folder}`, where the monitor's socket is"
            ))
        }
        _ => ClientError::Io(format!("{}: {error}", socket.display())),
    }
}

fn not_running(socket: &Path) -> ClientError {
    ClientError::NotRunning { socket: socket.to_owned() }
}

fn cause(error: &reqwest::Error) -> Option<&io::Error> {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return Some(io);
        }
        source = error.source();
    }
    None
}

async fn read<T: DeserializeOwned>(response: Response) -> Result<T, ClientError> {
    if !response.status().is_success() {
        return Err(failed(response).await);
    }
    let body = body(response).await?;
    serde_json::from_slice(&body).map_err(|error| ClientError::Protocol(error.to_string()))
}

async fn body(response: Response) -> Result<Vec<u8>, ClientError> {
    let body = http::body(response, MAX_ANSWER).await.map_err(|error| ClientError::Io(http::root(&error)))?;
    body.ok_or_else(|| ClientError::Protocol(format!("more than {MAX_ANSWER} bytes")))
}

/// The code of a refusal by an older monitor that sends none.
fn in_words(why: &str) -> Option<RefusalCode> {
    let force = why.contains("--force").then_some(RefusalCode::NeedsForce);
    if why.contains(NOT_OURS) { Some(RefusalCode::RouterForeign) } else { force }
}

pub(super) async fn failed(response: Response) -> ClientError {
    let (status, server) = (response.status(), response.url().origin().ascii_serialization());
    let told = match body(response).await {
        Ok(body) => serde_json::from_slice::<Failure>(&body).ok(),
        Err(error) => return error,
    };
    let (why, code) = told.map(|Failure { error, code }| (error, code)).unzip();
    match status {
        // By which of several hosts is not always clear.
        StatusCode::UNAUTHORIZED => {
            ClientError::Forbidden(format!("{}, says {server}", why.as_deref().unwrap_or("no access")))
        }
        StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS => {
            ClientError::Forbidden(why.unwrap_or_else(|| status.to_string()))
        }
        // The second means an order that cannot be carried out.
        StatusCode::CONFLICT | StatusCode::BAD_REQUEST => {
            let why = why.unwrap_or_else(|| "refused".to_owned());
            ClientError::Refused { code: code.flatten().or_else(|| in_words(&why)), why }
        }
        _ => ClientError::Protocol(why.unwrap_or_else(|| status.to_string())),
    }
}
