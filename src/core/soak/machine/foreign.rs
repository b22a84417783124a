//! A router that holds what Switchback did not write: a rollback is held until it is ours again, or the operator forces it.

use crate::core::soak::{ForeignSeen, Machine};
use crate::model::{Actor, Color, DecisionKind, ReasonCode};

use super::core::{HoldCause, Stage};
use super::outbox::Outbox;

/// So many readings in a row must show the watched color before a held rollback goes ahead: one may fall into a change that
/// is being made.
const OURS_AGAIN: u32 = 2;

impl Machine {
    /// What the router holds that is neither color's and was not written by Switchback, as last seen.
    pub const fn foreign(&self) -> Option<&ForeignSeen> {
        self.foreign.as_ref()
    }

    pub(super) fn foreign_reason(&self) -> String {
        let what = self.foreign.as_ref().map_or("the router holds what is not ours", |foreign| &foreign.what);
        format!("{what}; it was left alone")
    }

    /// Notes what a reading of the router says of it. A rollback that was held goes ahead once the router shows the watched
    /// color again: whoever put something else there took it away.
    pub(super) fn note_foreign(
        &mut self,
        router: &Result<Color, String>,
        foreign: Option<&ForeignSeen>,
        out: &mut Outbox,
    ) {
        let ours = matches!(router, Ok(color) if *color == self.settings.color);
        // While a rollback is held for it, a reading that fails says nothing new.
        if foreign.is_some() || router.is_ok() || self.stage != Stage::Held(HoldCause::RouterForeign) {
            self.foreign = foreign.cloned();
        }
        self.router_ours = if ours { self.router_ours.saturating_add(1) } else { 0 };
        if self.stage == Stage::Held(HoldCause::RouterForeign) && self.router_ours >= OURS_AGAIN {
            self.act(1, out);
        }
    }

    /// A rollback found the router in other hands. Nothing was moved: a breach is held, and what the operator ordered without
    /// one goes back to the watch.
    pub(super) fn rollback_held(&mut self, foreign: &ForeignSeen, out: &mut Outbox) {
        self.foreign = Some(foreign.clone());
        self.router_ours = 0;
        self.epoch += 1;
        self.stage = Stage::Watching;
        if self.trigger.is_some() {
            self.hold(HoldCause::RouterForeign, out);
        } else {
            if self.at < self.window_start {
                self.stage = Stage::Warmup;
            }
            let message = format!("not rolled back: {}. By hand: {}", self.foreign_reason(), foreign.by_hand);
            let decision = self.decision(DecisionKind::Hold, Actor::Auto, message);
            out.journal(decision.because(ReasonCode::RouterForeign));
            out.reflect();
            out.schedule(self.window_start);
            out.schedule(self.window_end);
        }
        if let Some((actor, signal)) = self.stop.take() {
            self.interrupted(&signal, &actor, out);
        }
    }
}
