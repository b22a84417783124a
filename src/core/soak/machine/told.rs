//! What was told already and is not told again.

use std::collections::BTreeSet;

use crate::model::Color;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fact {
    Optional,
    Blind,
    /// Of several hosts this one may not act.
    LeadLost,
    Worse,
    Unjudged,
    Judged,
    /// The readiness of this color cannot be asked as often as it is.
    Unsaid(Color),
    /// Several processes answer behind the URL of this instance, and their counters may be of no use.
    Several {
        instance: usize,
        is_mixed: bool,
    },
}

#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    facts: BTreeSet<Fact>,
    counting: BTreeSet<String>,
    releases: BTreeSet<String>,
}

impl Told {
    pub fn first(&mut self, fact: Fact) -> bool {
        self.facts.insert(fact)
    }

    pub fn knows(&self, fact: &Fact) -> bool {
        self.facts.contains(fact)
    }

    /// Told again if it comes back. Says whether it was told.
    pub fn forget(&mut self, fact: &Fact) -> bool {
        self.facts.remove(fact)
    }

    /// Whether this counter is news; nothing is after `most` of them: a page may lose its counter and get it back all the time.
    pub fn is_new_counter(&mut self, counter: String, most: usize) -> bool {
        self.counting.len() < most && self.counting.insert(counter)
    }

    pub fn is_new_release(&mut self, message: &str, most: usize) -> bool {
        self.releases.len() < most && self.releases.insert(message.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_is_told_again_only_after_it_was_not_so() {
        let mut told = Told::default();
        assert!(told.first(Fact::Unsaid(Color::Blue)) && told.first(Fact::Unsaid(Color::Green)));
        assert!(told.first(Fact::Blind) && !told.first(Fact::Blind) && told.knows(&Fact::Blind));
        assert!(told.forget(&Fact::Blind) && !told.forget(&Fact::Blind));
        assert!(told.first(Fact::Blind));
    }

    #[test]
    fn a_page_that_changes_all_the_time_is_not_told_for_ever() {
        let mut told = Told::default();
        assert!(told.is_new_counter("a".to_owned(), 2) && !told.is_new_counter("a".to_owned(), 2));
        assert!(told.is_new_counter("b".to_owned(), 2) && !told.is_new_counter("c".to_owned(), 2));
    }
}
