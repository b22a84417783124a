//! The decisions of a run, bounded.

use std::collections::VecDeque;

use crate::model::Decision;

/// Decisions that are kept, the newest ones.
const MAX_DECISIONS: usize = 4_000;

/// A decision with its place in the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Decided {
    /// Its number, from 1; never used twice in a run.
    pub number: u64,
    /// Milliseconds since the run began.
    pub at_ms: u64,
    /// Wall clock, Unix milliseconds.
    pub wall_ms: i64,
    pub decision: Decision,
}

impl Decided {
    /// Whether its kind, actor, reason, check or sentence contains the text, whatever the case. An empty text is in all.
    pub fn contains(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let Decision { decision, actor, reason, message, check, .. } = &self.decision;
        let has = |field: &str| field.to_lowercase().contains(&text);
        has(decision.name())
            || has(message)
            || has(&actor.to_string())
            || reason.as_ref().is_some_and(|reason| has(reason.as_str()))
            || check.as_ref().is_some_and(|check| has(check.as_str()))
    }
}

/// The decisions of a run, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct DecisionLog {
    entries: VecDeque<Decided>,
    made: u64,
}

impl DecisionLog {
    pub(super) fn push(&mut self, at_ms: u64, wall_ms: i64, decision: Decision) {
        if self.entries.len() == MAX_DECISIONS {
            self.entries.pop_front();
        }
        self.made += 1;
        self.entries.push_back(Decided { number: self.made, at_ms, wall_ms, decision });
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Decided> + ExactSizeIterator {
        self.entries.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Actor, DecisionKind};

    fn breach() -> Decision {
        let mut decision = Decision::new(DecisionKind::Breach, Actor::Auto, "36 of 322 requests FAILED");
        decision.check = Some("error-rate".into());
        decision
    }

    #[test]
    fn old_decisions_make_room_and_numbers_are_never_used_twice() {
        let mut log = DecisionLog::default();
        for at in 0..5_000 {
            log.push(at, 0, breach());
        }
        assert_eq!(log.iter().len(), MAX_DECISIONS);
        assert_eq!(log.iter().next().map(|decided| decided.number), Some(1_001));
        assert_eq!(log.iter().next_back().map(|decided| decided.number), Some(5_000));
    }

    #[test]
    fn a_text_is_found_in_every_word_whatever_its_case() {
        let mut log = DecisionLog::default();
        log.push(0, 0, breach());
        let decided = log.iter().next().unwrap();
        for (text, found) in
            [("", true), ("BREACH", true), ("failed", true), ("auto", true), ("error-r", true), ("pause", false)]
        {
            assert_eq!(decided.contains(text), found, "{text}");
        }
    }
}
