//! Asks an instance whether it is ready.

#[cfg(test)]
mod tests;

use reqwest::header::HeaderMap;
use reqwest::{Response, StatusCode};

use super::fetch::{Access, ClientError, FetchError, Fetcher};
use crate::config::{HealthConfig, InstanceUrl};

/// So much of a probe's body is read, so that the connection can be kept; a longer one costs the connection.
const MAX_BODY: usize = 64 << 10;

/// Why an instance is not ready. URLs are without credentials.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// There was no answer.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// It says so.
    #[error("{url} answered {status}")]
    Status {
        /// What was asked for.
        url: String,
        /// Another status than 2xx.
        status: StatusCode,
    },
}

/// Probes one instance's readiness. A clone shares the connection.
#[derive(Clone, Debug)]
pub struct Probe {
    fetcher: Fetcher,
}

impl Probe {
    /// A probe of `instance`, with the credentials of its URL where it has them.
    pub fn new(instance: &InstanceUrl, health: &HealthConfig) -> Result<Self, ClientError> {
        let fetcher = Fetcher::new(instance, &health.path, health.timeout, HeaderMap::new(), Access::default())?;
        Ok(Self { fetcher })
    }

    /// Asks once: ready is any status 2xx within the limit, whatever the body.
    pub async fn probe(&self) -> Result<(), ProbeError> {
        let url = self.fetcher.url().as_str();
        self.fetcher.get(|answer| judge(url, answer)).await
    }
}

async fn judge(url: &str, mut answer: Response) -> Result<(), ProbeError> {
    let status = answer.status();
    if !status.is_success() {
        return Err(ProbeError::Status { url: url.to_owned(), status });
    }
    let mut read = 0;
    while let Ok(Some(chunk)) = answer.chunk().await {
        read += chunk.len();
        if read > MAX_BODY {
            break;
        }
    }
    Ok(())
}
