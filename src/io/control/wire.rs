//! The bodies that go over the socket, spelled once for both ends.

use serde::{Deserialize, Serialize};

use crate::core::soak::RefusalCode;
use crate::model::{Action, Actor, Ending};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ActionRequest {
    pub action: Action,
    /// Without it the server names the peer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Guards against a stray order to another service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Accepted {
    pub seq: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Failure {
    pub error: String,
    /// For refused orders, if a program can do something about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<RefusalCode>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Dropped {
    pub reason: String,
    /// Where a new stream continues.
    pub next: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "kebab-case")]
pub enum StreamEnd {
    Ended(Ending),
    /// Everything is saved; the soak can be resumed.
    Stopped {
        why: String,
    },
}

impl StreamEnd {
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Ended(ending) => ending.exit_code(),
            Self::Stopped { .. } => 143,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Cause, Outcome};

    #[test]
    fn both_ends_of_a_stream_survive_their_json_and_have_an_exit_code() {
        let ending = Ending { outcome: Outcome::RolledBack, cause: Cause::Auto, reason: "13%".to_owned() };
        for (end, json, code) in [
            (StreamEnd::Ended(ending), r#"{"end":"ended","outcome":"rolled-back","cause":"auto","reason":"13%"}"#, 3),
            (StreamEnd::Stopped { why: "SIGTERM".to_owned() }, r#"{"end":"stopped","why":"SIGTERM"}"#, 143),
        ] {
            assert_eq!(serde_json::to_string(&end).unwrap(), json);
            assert_eq!(serde_json::from_str::<StreamEnd>(json).unwrap(), end);
            assert_eq!(end.exit_code(), code);
        }
    }
}
