//! A router that holds what Switchback did not write: a rollback is held until it is ours again, or the operator forces it.

use crate::core::soak::{ForeignSeen, Machine};
use crate::model::{Actor, DecisionKind, ReasonCode};

use super::outbox::Outbox;
use super::router::Routed;
use super::stage::{HoldCause, Stage};

impl Machine {
    /// What the router was last seen holding that is neither color's and was not written by Switchback.
    pub const fn foreign(&self) -> Option<&ForeignSeen> {
        self.router.foreign()
    }

    pub(super) fn foreign_reason(&self) -> String {
        let what =
            self.router.foreign().map_or("the router holds what Switchback did not write", |foreign| &foreign.what);
        format!("{what}; it was left alone")
    }

    /// A held rollback goes ahead once the router shows the watched color again: what was there is gone.
    pub(super) fn note_foreign(&mut self, reading: Routed<'_>, out: &mut Outbox) {
        // While a rollback is held for it, a reading that fails says nothing new.
        if reading != Routed::Unread || self.stage != Stage::Held(HoldCause::RouterForeign) {
            self.router.holds(reading.foreign());
        }
        let is_ours = self.router.is_ours_again(reading, self.settings.color);
        if is_ours && self.stage == Stage::Held(HoldCause::RouterForeign) {
            self.act(1, out);
        }
    }

    /// Nothing was moved: a breach is held; what the operator ordered without one goes back to the watch.
    pub(super) fn rollback_held(&mut self, foreign: &ForeignSeen, out: &mut Outbox) {
        self.router.refused(foreign);
        self.stage = Stage::Watching;
        if self.response.trigger().is_some() {
            self.hold(HoldCause::RouterForeign, out);
        } else {
            if self.time.at() < self.window.start() {
                self.stage = Stage::Warmup;
            }
            let message = format!("not rolled back: {}. By hand: {}", self.foreign_reason(), foreign.by_hand);
            let decision = self.decision(DecisionKind::Hold, Actor::Auto, message);
            out.journal(decision.because(ReasonCode::RouterForeign));
            out.reflect();
            out.schedule(self.window.start());
            out.schedule(self.window.end());
        }
        if let Some((actor, signal)) = self.stop.take() {
            self.interrupted(&signal, &actor, out);
        }
    }
}
