//! How far a decision journal goes. Kept where the journal is not, it shows that lines were cut off its end.

use serde::{Deserialize, Serialize};

/// The last decision of a journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    pub service: String,
    pub decisions: u64,
    /// Of the last one.
    #[serde(rename = "head")]
    pub hash: String,
}
