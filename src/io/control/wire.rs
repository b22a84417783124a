//! The bodies that go over the socket, spelled once for both ends.

use serde::{Deserialize, Serialize};

use crate::core::soak::RefusalCode;
use crate::model::{Action, Actor, Ending};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ActionRequest {
    pub action: Action,
    /// Who orders it; without it the server names the peer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The service that is meant, so that an order that went astray moves no other one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Accepted {
    /// The place of its event in the order of events.
    pub seq: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Failure {
    pub error: String,
    /// Of an order that was refused, where a program can do something about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<RefusalCode>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Dropped {
    pub reason: String,
    /// Where a new stream goes on.
    pub next: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "kebab-case")]
pub enum StreamEnd {
    Ended(Ending),
    /// The monitor was asked to stop: everything is saved, and the soak can be resumed.
    Stopped {
        why: String,
    },
}

impl StreamEnd {
    /// The program's exit code, as the contract lists them.
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
