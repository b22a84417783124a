//! What a breach leads to: what there is to act on, and what holds that back.

use crate::core::soak::{Frozen, Observation};
use crate::model::Cause;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Trigger {
    pub cause: Cause,
    pub observation: Observation,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Automatic {
    #[default]
    AsConfigured,
    Paused,
    /// Turned on, although the configuration holds it back.
    Released,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Response {
    trigger: Option<Trigger>,
    automatic: Automatic,
    frozen: Option<Frozen>,
    is_grace_served: bool,
}

impl Response {
    pub const fn trigger(&self) -> Option<&Trigger> {
        self.trigger.as_ref()
    }

    pub fn breach(&self) -> Option<&Observation> {
        self.trigger.as_ref().filter(|trigger| trigger.cause == Cause::Auto).map(|trigger| &trigger.observation)
    }

    pub fn act_on(&mut self, cause: Cause, observation: Observation) {
        self.trigger = Some(Trigger { cause, observation });
    }

    pub fn is_paused(&self) -> bool {
        self.automatic == Automatic::Paused
    }

    pub fn is_released(&self) -> bool {
        self.automatic == Automatic::Released
    }

    pub const fn pause(&mut self) {
        self.automatic = Automatic::Paused;
    }

    /// An operator takes back a pause: before any breach the configuration is in charge again, else it is overruled.
    pub fn resume(&mut self, is_held: bool) {
        self.automatic = if self.is_paused() && !is_held { Automatic::AsConfigured } else { Automatic::Released };
    }

    pub const fn frozen(&self) -> Option<&Frozen> {
        self.frozen.as_ref()
    }

    /// Whether that is new.
    pub fn freeze(&mut self, frozen: Option<Frozen>) -> bool {
        let is_new = self.frozen != frozen;
        self.frozen = frozen;
        is_new
    }

    pub const fn is_grace_served(&self) -> bool {
        self.is_grace_served
    }

    pub const fn serve_grace(&mut self) {
        self.is_grace_served = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_that_is_taken_back_before_a_breach_leaves_the_configuration_in_charge() {
        let mut response = Response::default();
        response.pause();
        response.resume(false);
        assert!(!response.is_paused() && !response.is_released());
        response.pause();
        response.resume(true);
        assert!(response.is_released(), "what was held is overruled");
    }

    #[test]
    fn a_freeze_is_news_once() {
        let frozen = Frozen { by: "operator:ana@host".to_owned(), reason: None, until_ms: None };
        let mut response = Response::default();
        assert!(!response.freeze(None));
        assert!(response.freeze(Some(frozen.clone())) && !response.freeze(Some(frozen)));
        assert!(response.freeze(None) && response.frozen().is_none());
    }
}
