//! What the machine wants done, in order.

use crate::core::soak::{Effect, Refusal};
use crate::model::{Color, Decision, Ending};

/// The effects of one event, in the order in which they are carried out.
#[derive(Default)]
pub(super) struct Outbox {
    effects: Vec<Effect>,
}

impl Outbox {
    /// All of them.
    pub fn into_effects(self) -> Vec<Effect> {
        self.effects
    }

    /// Write this down before anything that follows.
    pub fn journal(&mut self, decision: Decision) {
        self.effects.push(Effect::Journal(Box::new(decision)));
    }

    /// Show the summary in the state file.
    pub fn reflect(&mut self) {
        self.effects.push(Effect::Reflect);
    }

    /// Take a round of samples now.
    pub fn sample(&mut self) {
        self.effects.push(Effect::Sample);
    }

    /// Ask the instances of this color more than usual.
    pub fn try_counting(&mut self, color: Color) {
        self.effects.push(Effect::TryCounting { color });
    }

    /// Probe the standby now.
    pub fn probe_standby(&mut self) {
        self.effects.push(Effect::ProbeStandby);
    }

    /// Read router and state file.
    pub fn read_router(&mut self, epoch: u32) {
        self.effects.push(Effect::ReadRouter { epoch });
    }

    /// Move traffic to the watched color.
    pub fn switch(&mut self) {
        self.effects.push(Effect::Switch);
    }

    /// Move traffic back, for the so-manieth time.
    pub fn roll_back(&mut self, attempt: u32, intent: &Decision, force: bool) {
        self.effects.push(Effect::Rollback { attempt, intent: Box::new(intent.clone()), force });
    }

    /// Send a timer at this time of the run.
    pub fn schedule(&mut self, at_ms: u64) {
        self.effects.push(Effect::Schedule { at_ms });
    }

    /// The operator's order is taken.
    pub fn accept(&mut self) {
        self.effects.push(Effect::Answer { refused: None });
    }

    /// It is not, for this reason.
    pub fn refuse(&mut self, why: Refusal) {
        self.effects.push(Effect::Answer { refused: Some(why) });
    }

    /// The run is over.
    pub fn finish(&mut self, ending: Ending) {
        self.effects.push(Effect::Finish(ending));
    }
}
