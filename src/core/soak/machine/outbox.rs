//! What the machine wants done, in order.

use crate::core::soak::{Effect, Refusal};
use crate::model::{Color, Decision, Ending};

#[derive(Default)]
pub(super) struct Outbox {
    effects: Vec<Effect>,
}

impl Outbox {
    pub fn into_effects(self) -> Vec<Effect> {
        self.effects
    }

    pub fn journal(&mut self, decision: Decision) {
        self.effects.push(Effect::Journal(Box::new(decision)));
    }

    pub fn reflect(&mut self) {
        self.effects.push(Effect::Reflect);
    }

    pub fn sample(&mut self) {
        self.effects.push(Effect::Sample);
    }

    pub fn try_counting(&mut self, color: Color) {
        self.effects.push(Effect::TryCounting { color });
    }

    pub fn probe_standby(&mut self) {
        self.effects.push(Effect::ProbeStandby);
    }

    pub fn read_router(&mut self, epoch: u32) {
        self.effects.push(Effect::ReadRouter { epoch });
    }

    pub fn switch(&mut self) {
        self.effects.push(Effect::Switch);
    }

    pub fn roll_back(&mut self, attempt: u32, intent: &Decision, force: bool) {
        self.effects.push(Effect::Rollback { attempt, intent: Box::new(intent.clone()), force });
    }

    pub fn schedule(&mut self, at_ms: u64) {
        self.effects.push(Effect::Schedule { at_ms });
    }

    pub fn accept(&mut self) {
        self.effects.push(Effect::Answer { refused: None });
    }

    pub fn refuse(&mut self, why: Refusal) {
        self.effects.push(Effect::Answer { refused: Some(why) });
    }

    pub fn finish(&mut self, ending: Ending) {
        self.effects.push(Effect::Finish(ending));
    }
}
