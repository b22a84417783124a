//! What the router was seen doing.

use crate::core::soak::{ForeignSeen, ReadError};
use crate::model::Color;

/// So many readings in a row must show the router elsewhere before it counts as moved: a reading may fall into a move.
const ELSEWHERE: u32 = 2;
/// So many readings in a row must show the watched color before a held rollback goes ahead: one may fall into a change.
const OURS_AGAIN: u32 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Routed<'a> {
    On(Color),
    Foreign(&'a ForeignSeen),
    Unread,
}

impl<'a> Routed<'a> {
    pub const fn of(router: &Result<Color, ReadError>, foreign: Option<&'a ForeignSeen>) -> Self {
        match (router, foreign) {
            (Ok(color), _) => Self::On(*color),
            (Err(_), Some(foreign)) => Self::Foreign(foreign),
            (Err(_), None) => Self::Unread,
        }
    }

    pub const fn foreign(self) -> Option<&'a ForeignSeen> {
        match self {
            Self::Foreign(foreign) => Some(foreign),
            Self::On(_) | Self::Unread => None,
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct RouterSeen {
    /// Counts the moves: an answer to a question from before the last one says nothing about now.
    epoch: u32,
    last: Option<Result<Color, ReadError>>,
    /// Readings in a row that show another color, and the watched one.
    elsewhere: u32,
    ours: u32,
    foreign: Option<ForeignSeen>,
}

impl RouterSeen {
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Traffic moves, or may have moved: what is asked from here on is another question.
    pub const fn begin_epoch(&mut self) {
        self.epoch += 1;
    }

    pub const fn count_anew(&mut self) {
        (self.elsewhere, self.ours) = (0, 0);
    }

    /// Nothing is known any more: another process goes on.
    pub fn forget(&mut self) {
        *self = Self { epoch: self.epoch + 1, ..Self::default() };
    }

    pub const fn last(&self) -> Option<&Result<Color, ReadError>> {
        self.last.as_ref()
    }

    pub fn read(&mut self, router: &Result<Color, ReadError>) {
        self.last = Some(router.clone());
    }

    pub fn is_elsewhere(&mut self, router: Routed<'_>, watched: Color) -> bool {
        let elsewhere = matches!(router, Routed::On(color) if color != watched);
        self.elsewhere = if elsewhere { self.elsewhere + 1 } else { 0 };
        self.elsewhere >= ELSEWHERE
    }

    pub fn is_ours_again(&mut self, router: Routed<'_>, watched: Color) -> bool {
        let ours = router == Routed::On(watched);
        self.ours = if ours { self.ours.saturating_add(1) } else { 0 };
        self.ours >= OURS_AGAIN
    }

    pub const fn foreign(&self) -> Option<&ForeignSeen> {
        self.foreign.as_ref()
    }

    pub fn holds(&mut self, foreign: Option<&ForeignSeen>) {
        self.foreign = foreign.cloned();
    }

    /// A rollback found it in other hands: traffic was not moved, and readings count from here on.
    pub fn refused(&mut self, foreign: &ForeignSeen) {
        self.holds(Some(foreign));
        self.ours = 0;
        self.begin_epoch();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_reading_may_fall_into_a_move_and_two_do_not() {
        let (blue, green): (Routed<'_>, Routed<'_>) = (Routed::On(Color::Blue), Routed::On(Color::Green));
        let mut seen = RouterSeen::default();
        assert!(!seen.is_elsewhere(blue, Color::Green));
        assert!(!seen.is_elsewhere(green, Color::Green));
        assert!(!seen.is_elsewhere(blue, Color::Green));
        assert!(seen.is_elsewhere(blue, Color::Green));
        assert!(!seen.is_ours_again(green, Color::Green));
        assert!(!seen.is_ours_again(Routed::Unread, Color::Green));
        assert!(!seen.is_ours_again(green, Color::Green) && seen.is_ours_again(green, Color::Green));
    }

    #[test]
    fn another_process_knows_nothing_and_asks_in_an_epoch_of_its_own() {
        let mut seen = RouterSeen::default();
        seen.read(&Ok(Color::Blue));
        seen.refused(&ForeignSeen { what: "a maintenance page".to_owned(), by_hand: "put it back".to_owned() });
        assert_eq!((seen.epoch(), seen.foreign().is_some()), (1, true));
        seen.forget();
        assert_eq!((seen.epoch(), seen.foreign(), seen.last()), (2, None, None));
    }
}
