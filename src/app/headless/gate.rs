//! Reports a waiting gate: nothing else would be printed before traffic moves.

use crate::core::view::View;
use crate::model::Phase;

/// A gate that opens sooner is not reported.
const SOON_MS: u64 = 1_000;
/// Time between two lines.
const EVERY_MS: u64 = 10_000;

#[derive(Debug)]
pub(super) struct Gate {
    next_ms: u64,
}

impl Gate {
    pub(super) const fn new() -> Self {
        Self { next_ms: SOON_MS }
    }

    pub(super) fn is_due(&mut self, view: &View) -> bool {
        if view.machine().phase() != Phase::Gating || view.at_ms() < self.next_ms {
            return false;
        }
        self.next_ms = view.at_ms().saturating_add(EVERY_MS);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::soak::testing::settings;
    use crate::core::soak::{Envelope, Event, Origin, Readiness, Settings};

    #[test]
    fn a_gate_that_waits_is_told_of_after_a_second_and_every_ten() {
        let origin = Origin::Switch { gate_ms: 60_000, soak: true };
        let mut view = View::new(Settings { origin, ..settings() });
        let mut gate = Gate::new();
        let mut told = Vec::new();
        view.apply(&Envelope { seq: 1, at_ms: 0, wall_ms: 0, event: Event::Started });
        for seq in 1..=60 {
            let answer = Readiness::NotReady("503".to_owned());
            let event = Event::Probed { instance: 0, answer };
            view.apply(&Envelope { seq: seq + 1, at_ms: seq * 500, wall_ms: 0, event });
            if gate.is_due(&view) {
                told.push(seq * 500);
            }
        }
        assert_eq!(told, [1_000, 11_000, 21_000]);
    }
}
