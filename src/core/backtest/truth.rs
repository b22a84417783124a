//! What a release really was, as far as known.

use std::fmt;

use serde::Serialize;

use crate::model::{Cause, Ending, Outcome};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Truth {
    /// A rollback is wrong.
    Good,
    /// A rollback is right.
    Bad,
    /// Not judged to the end, or the outcome does not tell.
    Unknown,
}

impl Truth {
    /// By how its recorded soak ended. A release that an operator rolled back is bad: people see more than the check.
    pub fn of(ending: Option<&Ending>) -> Self {
        let Some(ending) = ending else { return Self::Unknown };
        match (ending.outcome, ending.cause) {
            (Outcome::Retained, _) => Self::Good,
            // Rolled back by policy: nothing was found against it, and nothing for it.
            (Outcome::RolledBack, Cause::Inconclusive)
            | (
                Outcome::Aborted
                | Outcome::Inconclusive
                | Outcome::Superseded
                | Outcome::Refused
                | Outcome::SwitchFailed
                | Outcome::Switched,
                _,
            ) => Self::Unknown,
            (Outcome::RolledBack | Outcome::Held | Outcome::RollbackFailed | Outcome::RollbackUndone, _) => Self::Bad,
        }
    }
}

impl fmt::Display for Truth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Unknown => "unknown",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_soak_says_what_its_release_was() {
        for (outcome, cause, truth) in [
            (Outcome::Retained, Cause::Auto, Truth::Good),
            (Outcome::Retained, Cause::Operator, Truth::Good),
            (Outcome::RolledBack, Cause::Auto, Truth::Bad),
            (Outcome::RolledBack, Cause::Operator, Truth::Bad),
            (Outcome::RolledBack, Cause::Inconclusive, Truth::Unknown),
            (Outcome::Held, Cause::Policy, Truth::Bad),
            (Outcome::RollbackFailed, Cause::Auto, Truth::Bad),
            (Outcome::RollbackUndone, Cause::External, Truth::Bad),
            (Outcome::Aborted, Cause::Operator, Truth::Unknown),
            (Outcome::Inconclusive, Cause::Auto, Truth::Unknown),
            (Outcome::Superseded, Cause::External, Truth::Unknown),
        ] {
            let ending = Ending { outcome, cause, reason: String::new() };
            assert_eq!(Truth::of(Some(&ending)), truth, "{outcome} ({cause:?})");
        }
        assert_eq!(Truth::of(None), Truth::Unknown, "a soak that goes on, or whose monitor died");
    }
}
