//! The answer to a request, whichever way it was sent.

use std::error::Error;

use hyper::body::{Bytes, Incoming};
use hyper::http::response::Parts;
use reqwest::header::HeaderMap;
use reqwest::{StatusCode, Version};
use tokio::net::TcpStream;
use tokio::sync::{OwnedMutexGuard, SemaphorePermit};

use super::direct::Line;

/// In bytes: a longer body that nobody wants closes its connection.
const MAX_UNREAD: usize = 64 << 10;

/// The transport failed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Broken(#[source] Box<dyn Error + Send + Sync>);

/// While it is held, others that share the connection wait a moment.
#[derive(Debug, Default)]
pub struct Turn {
    /// Keeps an open connection; `None` if the one before had it for too long.
    pub(super) kept: Option<OwnedMutexGuard<Option<TcpStream>>>,
    /// Until the request has been under way for a moment.
    pub(super) lane: Option<SemaphorePermit<'static>>,
}

/// Its head, and the way to its body.
#[derive(Debug)]
pub struct Answer {
    pub(super) way: Way,
    pub(super) turn: Turn,
}

#[derive(Debug)]
pub(super) enum Way {
    Pooled(reqwest::Response),
    Direct {
        head: Parts,
        body: Incoming,
        /// Until the body has ended.
        line: Option<Box<Line>>,
        is_kept: bool,
    },
}

impl Broken {
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(error.into())
    }

    pub fn into_inner(self) -> Box<dyn Error + Send + Sync> {
        self.0
    }
}

impl Turn {
    /// The connection that was kept, if there is one.
    pub(super) fn take(&mut self) -> Option<TcpStream> {
        self.kept.as_mut()?.take()
    }

    async fn keep(&mut self, line: Line) {
        if let Some(kept) = &mut self.kept {
            **kept = line.into_idle().await;
        }
    }
}

impl Answer {
    pub fn status(&self) -> StatusCode {
        match &self.way {
            Way::Pooled(response) => response.status(),
            Way::Direct { head, .. } => head.status,
        }
    }

    pub fn headers(&self) -> &HeaderMap {
        match &self.way {
            Way::Pooled(response) => response.headers(),
            Way::Direct { head, .. } => &head.headers,
        }
    }

    pub fn version(&self) -> Version {
        match &self.way {
            Way::Pooled(response) => response.version(),
            Way::Direct { head, .. } => head.version,
        }
    }

    /// More of the body; `None` at its end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Broken> {
        let Self { way, turn } = self;
        match way {
            Way::Pooled(response) => response.chunk().await.map_err(Broken::new),
            Way::Direct { body, line, is_kept, .. } => {
                let Some(open) = line else { return Ok(None) };
                let chunk = open.chunk(body).await.map_err(Broken::new)?;
                if chunk.is_none()
                    && let Some(open) = line.take().filter(|_| *is_kept)
                {
                    turn.keep(*open).await;
                }
                Ok(chunk)
            }
        }
    }

    /// For another request. A short body is read, so that the connection can be kept.
    pub async fn into_turn(mut self) -> Turn {
        let mut read = 0;
        while let Ok(Some(chunk)) = self.chunk().await {
            read += chunk.len();
            if read > MAX_UNREAD {
                break;
            }
        }
        self.turn
    }

    /// The body, or `None` if it is longer than `most` bytes.
    pub async fn body(mut self, most: usize) -> Result<Option<Vec<u8>>, Broken> {
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            if body.len() + chunk.len() > most {
                return Ok(None);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Some(body))
    }
}
