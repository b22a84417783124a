//! A request to begin a run, as a command gives it to the agent that is responsible for the deployment.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde::{Deserialize, Serialize};

use crate::io::control::{Client, ClientError};
use crate::io::http;
use crate::model::{Actor, Color, Ending};

/// A run begins within this: it may read a recording of a day first.
const TIMEOUT: Duration = Duration::from_secs(90);
const MAX_ANSWER: usize = 1 << 20;

/// What to begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "begin", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum What {
    Switch { to: Color, soak: bool, no_rollback: bool, force: bool },
    Soak,
    Resume,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BeginRequest {
    #[serde(flatten)]
    pub what: What,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// Keys that were given on the command line, which win over the file. From this machine only: some name commands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// Where relative paths of these settings start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
}

/// The answer, once it runs or there is nothing to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Begun {
    /// Warnings and remarks on the way, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soak: Option<String>,
    /// The control socket of the run; `None` if there is nothing to run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socket: Option<PathBuf>,
    /// The earlier outcome, or why there is nothing to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
}

/// Why it did not begin. Nothing was moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NotBegun {
    pub error: String,
    /// That of the command.
    pub exit_code: u8,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<String>,
}

impl Client {
    /// Has an agent begin a run of this service.
    pub async fn begin(&self, service: &str, wish: &BeginRequest) -> Result<Result<Begun, NotBegun>, ClientError> {
        let body = serde_json::to_vec(wish).unwrap_or_default();
        let request = self.request(Method::POST, &format!("/v1/services/{service}/begin"))?;
        let request = request.timeout(TIMEOUT).header("content-type", "application/json").body(body);
        let response = request.send().await.map_err(|error| self.broken(error))?;
        let status = response.status();
        let body = http::body(response, MAX_ANSWER).await.map_err(|error| ClientError::Io(http::root(&error)))?;
        let body = body.ok_or_else(|| ClientError::Protocol(format!("more than {MAX_ANSWER} bytes")))?;
        let unclear = |error: serde_json::Error| match status {
            StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => {
                ClientError::Forbidden(String::from_utf8_lossy(&body).into_owned())
            }
            _ => ClientError::Protocol(format!("{status}: {error}")),
        };
        if status.is_success() {
            return serde_json::from_slice(&body).map(Ok).map_err(unclear);
        }
        serde_json::from_slice(&body).map(Err).map_err(unclear)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_reads_as_it_was_written_and_needs_only_what_to_begin() {
        let what = What::Switch { to: Color::Green, soak: true, no_rollback: false, force: false };
        let wish = BeginRequest {
            what,
            actor: Some(Actor::Operator("ana@deploy-1".to_owned())),
            settings: vec![("soak.window".to_owned(), "5m".to_owned())],
            release: Some("v2".to_owned()),
            folder: None,
        };
        let json = serde_json::to_string(&wish).unwrap();
        assert!(json.starts_with(r#"{"begin":"switch","to":"green","soak":true,"noRollback":false,"force":false,"#));
        assert_eq!(serde_json::from_str::<BeginRequest>(&json).unwrap(), wish);
        let short: BeginRequest = serde_json::from_str(r#"{"begin":"soak"}"#).unwrap();
        assert_eq!((short.what, short.actor), (What::Soak, None));
    }
}
