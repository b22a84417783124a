//! The other end: asking a running monitor, and giving it orders.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::{Method, Response, StatusCode};
use serde::de::DeserializeOwned;

use crate::http;
use crate::soak::{Action, Actor};

use super::Events;
use super::wire::{Accepted, ActionRequest, Failure};

/// How long an answer may take. An order is answered once its decision is on disk.
const ANSWER_LIMIT: Duration = Duration::from_secs(15);
/// Longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 1 << 20;

/// The monitor cannot be asked, or did not take the order.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens there.
    #[error("no monitor answers at `{}`", socket.display())]
    NotRunning {
        /// The socket.
        socket: PathBuf,
    },
    /// The order is not allowed now, and why.
    #[error("{0}")]
    Refused(String),
    /// The socket is another user's.
    #[error("the monitor belongs to another user: run this as that user or as root")]
    Forbidden,
    /// Nothing came for too long.
    #[error("the monitor does not answer")]
    Timeout,
    /// What came cannot be understood.
    #[error("the monitor's answer makes no sense here: {0}")]
    Protocol(String),
    /// The connection broke.
    #[error("the connection to the monitor broke: {0}")]
    Io(String),
}

/// Asks the monitor behind a control socket. Clones ask the same one.
#[derive(Clone, Debug)]
pub struct Client {
    socket: PathBuf,
}

impl Client {
    /// A client of the monitor that listens there, now or later.
    pub fn new(socket: &Path) -> Self {
        Self { socket: socket.to_owned() }
    }

    /// What `status --json` prints.
    pub async fn status(&self) -> Result<serde_json::Value, ClientError> {
        let response = self.send(Method::GET, "/v1/status", None, Some(ANSWER_LIMIT)).await?;
        read(response).await
    }

    /// Gives an order: the place of the action's event once its decision is journalled.
    pub async fn act(&self, action: Action, actor: &Actor, reason: Option<&str>) -> Result<u64, ClientError> {
        let request = ActionRequest { action, actor: Some(actor.clone()), reason: reason.map(str::to_owned) };
        let response = self.send(Method::POST, "/v1/actions", Some(&request), Some(ANSWER_LIMIT)).await?;
        read::<Accepted>(response).await.map(|accepted| accepted.seq)
    }

    /// Follows the events of the run from `since` on, 0 being all of them.
    pub async fn events(&self, since: u64) -> Result<Events, ClientError> {
        let path = format!("/v1/events?since={since}");
        let sent = tokio::time::timeout(ANSWER_LIMIT, self.send(Method::GET, &path, None, None)).await;
        let response = sent.map_err(|_| ClientError::Timeout)??;
        if response.status() == StatusCode::OK { Ok(Events::new(response)) } else { Err(failed(response).await) }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&ActionRequest>,
        limit: Option<Duration>,
    ) -> Result<Response, ClientError> {
        self.look()?;
        let client = http::client().unix_socket(self.socket.clone()).tls_certs_only([]);
        let client = client.build().map_err(|error| ClientError::Io(error.to_string()))?;
        let mut request = client.request(method, format!("http://localhost{path}"));
        if let Some(limit) = limit {
            request = request.timeout(limit);
        }
        if let Some(body) = body {
            // Text and numbers always have a JSON form.
            request =
                request.header("content-type", "application/json").body(serde_json::to_vec(body).unwrap_or_default());
        }
        request.send().await.map_err(|error| self.broken(&error))
    }

    /// A path without a socket is told at once, and in plain words.
    fn look(&self) -> Result<(), ClientError> {
        match std::fs::symlink_metadata(&self.socket) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(ClientError::NotRunning { socket: self.socket.clone() })
            }
            Err(error) => Err(ClientError::Io(format!("{}: {error}", self.socket.display()))),
            Ok(_) => Ok(()),
        }
    }

    fn broken(&self, error: &reqwest::Error) -> ClientError {
        if error.is_timeout() {
            return ClientError::Timeout;
        }
        match cause(error).map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound) => {
                ClientError::NotRunning { socket: self.socket.clone() }
            }
            Some(io::ErrorKind::PermissionDenied) => ClientError::Forbidden,
            _ => ClientError::Io(http::root(error)),
        }
    }
}

/// What the system said, where it said something.
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

async fn body(mut response: Response) -> Result<Vec<u8>, ClientError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| ClientError::Io(http::root(&error)))? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_ANSWER {
            return Err(ClientError::Protocol(format!("more than {LONGEST_ANSWER} bytes")));
        }
    }
    Ok(body)
}

async fn failed(response: Response) -> ClientError {
    let status = response.status();
    let why = match body(response).await {
        Ok(body) => serde_json::from_slice::<Failure>(&body).map(|failure| failure.error).ok(),
        Err(error) => return error,
    };
    match status {
        StatusCode::FORBIDDEN => ClientError::Forbidden,
        StatusCode::CONFLICT => ClientError::Refused(why.unwrap_or_else(|| "refused".to_owned())),
        _ => ClientError::Protocol(why.unwrap_or_else(|| status.to_string())),
    }
}
