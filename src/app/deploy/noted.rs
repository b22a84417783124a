//! A switch that somebody made at the router alone, noted in the state file.

use super::deployment::{Deployment, RecordError};
use crate::io::state::Move;
use crate::model::{Actor, Color, Decision, DecisionKind};

impl Deployment {
    /// Notes that traffic is on this color, if the router still says so and the state file does not. Waits for a move in
    /// progress. Whether it was noted; a deployment without a state file is left alone.
    pub async fn note_switch(&self, to: Color) -> Result<bool, RecordError> {
        let lock = self.lock().await?;
        let mut state = self.state_file.read()?;
        let from = state.active();
        if !state.exists() || from == to || self.routed().await != Some(to) {
            return Ok(false);
        }
        state.record_move(Move::Switch, to, self.now_ms());
        self.note_journal(&mut state);
        if self.share_state(&state, None).await.is_err() {
            return Ok(false);
        }
        self.state_file.write(&state)?;
        drop(lock);
        let message = format!("the router sends traffic to {to}, the state file said {from}: noted as a switch");
        let mut decision = Decision::new(DecisionKind::Observe, Actor::Auto, message);
        (decision.active_color, decision.previous_color) = (Some(to), Some(from));
        self.journal_decision(self.signed(decision), &mut None).await;
        Ok(true)
    }
}
