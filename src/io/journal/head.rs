//! How far a decision journal goes. Kept where the journal is not, it shows that lines were cut off its end.

use serde::{Deserialize, Serialize};

/// The last decision of a journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// The service it belongs to.
    pub service: String,
    /// How many decisions there are.
    pub decisions: u64,
    /// Of the last one.
    #[serde(rename = "head")]
    pub hash: String,
}
