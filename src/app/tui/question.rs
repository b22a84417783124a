//! What is asked of the terminal, and how long its answer may be on its way.

use std::time::{Duration, Instant};

/// Which color is your background? (OSC 11, xterm.) It ends in BEL: rxvt-unicode garbles the other ending in its answer.
pub const GROUND: &[u8] = b"\x1b]11;?\x07";
/// Most terminals answer in a millisecond, and over a network in a round trip.
const ON_ITS_WAY: Duration = Duration::from_millis(300);

/// A question that is asked once.
#[derive(Clone, Copy, Debug, Default)]
pub struct Question {
    asked: Option<Instant>,
    answered: bool,
}

impl Question {
    pub const fn is_asked(&self) -> bool {
        self.asked.is_some()
    }

    pub const fn asked(&mut self, now: Instant) {
        self.asked = Some(now);
    }

    pub const fn answered(&mut self) {
        self.answered = true;
    }

    /// How long the answer may still be on its way: none before the question and after the answer.
    pub fn rest(&self, now: Instant) -> Option<Duration> {
        let since = now.saturating_duration_since(self.asked.filter(|_| !self.answered)?);
        ON_ITS_WAY.checked_sub(since).filter(|rest| !rest.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_on_its_way_between_the_question_and_the_answer_and_not_for_long() {
        let now = Instant::now();
        let mut question = Question::default();
        assert_eq!((question.is_asked(), question.rest(now)), (false, None));
        question.asked(now);
        assert_eq!((question.is_asked(), question.rest(now)), (true, Some(ON_ITS_WAY)));
        assert_eq!(question.rest(now + ON_ITS_WAY), None);
        question.answered();
        assert_eq!((question.is_asked(), question.rest(now)), (true, None));
    }
}
