//! When to draw: on change, but not more often than an eye can follow.

/// Least time between two frames: ten a second.
const BETWEEN_MS: u64 = 100;
/// How long the first frame of a run waits for what comes with its first word.
const FIRST_MS: u64 = 10;
/// Time between two frames while nothing changes but the clock.
const CLOCK_MS: u64 = 1_000;

/// Decides when the next frame is due. Times are milliseconds of a clock that never goes back.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    drawn_ms: Option<u64>,
    changed: bool,
}

impl Pace {
    pub const fn changed(&mut self) {
        self.changed = true;
    }

    pub const fn drawn(&mut self, now_ms: u64) {
        (self.drawn_ms, self.changed) = (Some(now_ms), false);
    }

    /// There is a run to show, where there was none: it is not to wait as long as the next frame of what is shown already.
    pub const fn began(&mut self, now_ms: u64) {
        self.drawn_ms = now_ms.checked_sub(BETWEEN_MS - FIRST_MS);
        self.changed = true;
    }

    /// Milliseconds until the next frame, 0 for now; none while nothing changes. `moving`: time alone changes what is seen.
    pub fn wait(&self, now_ms: u64, moving: bool) -> Option<u64> {
        let after = match (self.changed, moving) {
            (true, _) => BETWEEN_MS,
            (false, true) => CLOCK_MS,
            (false, false) => return None,
        };
        Some(self.drawn_ms.map_or(0, |drawn| drawn.saturating_add(after).saturating_sub(now_ms)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_follow_changes_at_most_ten_a_second() {
        let mut pace = Pace::default();
        pace.changed();
        assert_eq!(pace.wait(5, false), Some(0), "the first at once");
        pace.drawn(5);
        pace.changed();
        assert_eq!(pace.wait(25, true), Some(80));
        assert_eq!(pace.wait(105, true), Some(0));
    }

    #[test]
    fn the_first_word_of_a_run_is_shown_soon() {
        let mut pace = Pace::default();
        pace.drawn(500);
        pace.began(503);
        assert_eq!(pace.wait(503, true), Some(10));
        pace.began(7);
        assert_eq!(pace.wait(7, true), Some(0), "there was no time for a frame before");
    }

    #[test]
    fn a_clock_moves_once_a_second() {
        let mut pace = Pace::default();
        pace.drawn(1_000);
        assert_eq!(pace.wait(1_400, true), Some(600));
        assert_eq!(pace.wait(2_300, true), Some(0));
    }

    #[test]
    fn nothing_is_drawn_while_nothing_changes() {
        let mut pace = Pace::default();
        pace.drawn(0);
        assert_eq!(pace.wait(1_000_000, false), None);
    }
}
