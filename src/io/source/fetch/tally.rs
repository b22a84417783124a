//! Requests sent to an instance, which may count them as well.

use std::sync::atomic::{AtomicU64, Ordering};

use super::lanes::Asker;
use crate::core::detect::Requests;

#[derive(Debug, Default)]
pub struct Tally {
    sent: AtomicU64,
    answered: AtomicU64,
    /// No answer can come any more: no connection, time over.
    lost: AtomicU64,
    /// Answered with a status of 400 or more.
    refused: AtomicU64,
    _asker: Asker,
}

/// A request under way; dropped without an answer it is lost.
#[derive(Debug)]
pub struct Sent<'a> {
    tally: &'a Tally,
    is_answered: bool,
}

impl Tally {
    pub fn send(&self) -> Sent<'_> {
        self.sent.fetch_add(1, Ordering::SeqCst);
        Sent { tally: self, is_answered: false }
    }

    pub fn answered(&self) -> u64 {
        self.answered.load(Ordering::SeqCst)
    }

    /// Upper and lower bound of what the instance counted of them.
    pub fn requests(&self) -> Requests {
        let [answered, lost, refused] =
            [&self.answered, &self.lost, &self.refused].map(|count| count.load(Ordering::SeqCst));
        // Read last: what is sent meanwhile is under way.
        let sent = self.sent.load(Ordering::SeqCst);
        let under_way = sent.saturating_sub(answered).saturating_sub(lost);
        Requests { least: answered, most: sent, failed: refused.saturating_add(lost).saturating_add(under_way) }
    }
}

impl Sent<'_> {
    pub fn answer(mut self, status: u16) {
        self.is_answered = true;
        if status >= 400 {
            self.tally.refused.fetch_add(1, Ordering::SeqCst);
        }
        self.tally.answered.fetch_add(1, Ordering::SeqCst);
    }
}

impl Drop for Sent<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            self.tally.lost.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_answered_may_have_been_counted_or_not() {
        let tally = Tally::default();
        tally.send().answer(200);
        tally.send().answer(301);
        assert_eq!(tally.requests(), Requests { least: 2, most: 2, failed: 0 });
        tally.send().answer(503);
        assert_eq!(tally.requests(), Requests { least: 3, most: 3, failed: 1 });
        drop(tally.send());
        assert_eq!(tally.requests(), Requests { least: 3, most: 4, failed: 2 });
        let under_way = tally.send();
        assert_eq!(tally.requests(), Requests { least: 3, most: 5, failed: 3 });
        under_way.answer(200);
        assert_eq!(tally.requests(), Requests { least: 4, most: 5, failed: 2 });
    }
}
