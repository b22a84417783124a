//! What the gateway answers: failures by their numbers, bytes as base64, whole numbers as text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::StatusCode;
use serde_json::Value;

use crate::config::InstanceUrl;
use crate::io::coordination::engine::EngineError;

/// Numbers of errors, as gRPC has them.
const INVALID_ARGUMENT: i64 = 3;
pub const NOT_FOUND: i64 = 5;
const PERMISSION_DENIED: i64 = 7;
const RESOURCE_EXHAUSTED: i64 = 8;
const FAILED_PRECONDITION: i64 = 9;
pub const UNAUTHENTICATED: i64 = 16;

/// A failure, and whether another endpoint may do better.
pub struct Failed {
    pub error: EngineError,
    pub code: i64,
}

impl Failed {
    pub const fn new(error: EngineError, code: i64) -> Self {
        Self { error, code }
    }

    /// What etcd says of its failure.
    pub fn told(answer: &Value, endpoint: &InstanceUrl, status: StatusCode) -> Self {
        let (code, why) = (int(&answer["code"]), answer["message"].as_str().unwrap_or_default());
        let why = format!("{endpoint}: {}", if why.is_empty() { status.as_str() } else { why });
        let error = match code {
            // The same number says that there are too many requests.
            RESOURCE_EXHAUSTED if why.contains("space") => EngineError::Full(why),
            // A wrong password, and a missing one, are invalid arguments.
            PERMISSION_DENIED | UNAUTHENTICATED | FAILED_PRECONDITION => EngineError::Denied(why),
            INVALID_ARGUMENT if ["password", "user name", "authentication"].iter().any(|word| why.contains(word)) => {
                EngineError::Denied(why)
            }
            INVALID_ARGUMENT | NOT_FOUND => EngineError::Unexpected(why),
            // Without a leader of its own, or on its way down: another member may do better.
            _ => EngineError::OutOfReach(why),
        };
        Self { error, code }
    }
}

pub fn strange(endpoint: &InstanceUrl, status: StatusCode) -> Failed {
    let what = format!("{endpoint} answered {status}, and not as etcd does: see coordination.endpoints");
    Failed::new(EngineError::Unexpected(what), 0)
}

pub fn decoded(text: &Value) -> Vec<u8> {
    STANDARD.decode(text.as_str().unwrap_or_default()).unwrap_or_default()
}

/// A whole number, which is text on this gateway; missing where it is 0.
pub fn int(value: &Value) -> i64 {
    value.as_i64().or_else(|| value.as_str()?.parse().ok()).unwrap_or(0)
}

/// The first key behind all that begin with `prefix`.
pub fn after(prefix: &str) -> Vec<u8> {
    let mut end = prefix.as_bytes().to_vec();
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    end
}
