//! A freeze of automatic rollback, as the machine knows it.

use serde::{Deserialize, Serialize};

use crate::model::number::span;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    pub by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it ends by itself, Unix milliseconds; without it, never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<i64>,
}

impl Frozen {
    /// `frozen by operator:ana@host for 2h more: migration`, at this wall clock.
    pub fn describe(&self, wall_ms: i64) -> String {
        let left = self.until_ms.map(|until| u64::try_from(until.saturating_sub(wall_ms)).unwrap_or(0));
        let left = left.map(|ms| format!(" for {} more", span(ms / 1000 * 1000))).unwrap_or_default();
        let reason = self.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        format!("frozen by {}{left}{reason}", self.by)
    }
}
