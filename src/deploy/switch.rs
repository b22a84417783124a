//! Moving traffic to the other color. Whether that color is ready is judged before, by the soak machine.

use super::deployment::{Deployment, MoveFailure, MovedTraffic, Traffic};
use super::{Color, LockError, Move, State, StateError};
use crate::soak::{Decision, DecisionKind};

/// A wish to switch.
#[derive(Clone, Debug)]
pub struct SwitchRequest {
    /// The color to move traffic to.
    pub to: Color,
    /// The decision to journal once traffic was moved: soak, actor, reason and message. Colors are filled in.
    pub decision: Decision,
}

/// How a switch ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Switch {
    /// Traffic is on the new color.
    Switched(MovedTraffic),
    /// The state file names that color already, and the router does not disagree. Nothing was touched.
    AlreadyActive(Color),
}

/// A switch failed.
#[derive(Debug, thiserror::Error)]
pub enum SwitchError {
    /// Somebody else is moving traffic for too long; nothing was touched.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The state file cannot be read; nothing was touched.
    #[error(transparent)]
    State(#[from] StateError),
    /// A step failed, and the ones before it were undone.
    #[error("the switch to {target} failed and was undone: {failure}; traffic is on {from} as before")]
    Undone {
        /// The color that was to be active.
        target: Color,
        /// The color that is active.
        from: Color,
        /// The step, and why.
        failure: MoveFailure,
    },
    /// A step failed, and so did undoing the ones before it.
    #[error("the switch to {target} failed: {failure}; undoing it failed as well: {undo}; {traffic}")]
    Stuck {
        /// The color that was to be active.
        target: Color,
        /// The step, and why.
        failure: MoveFailure,
        /// The step of undoing, and why.
        undo: MoveFailure,
        /// Where traffic is.
        traffic: Traffic,
    },
}

impl Deployment {
    /// Moves traffic to a color, confirms it and writes the state file; then journals `switch`.
    ///
    /// When a step fails, router and state file are brought back to where they were and `switch_failed` is journalled.
    pub async fn switch(&self, request: SwitchRequest) -> Result<Switch, SwitchError> {
        let SwitchRequest { to, decision } = request;
        let _lock = self.lock().await?;
        let before = self.state_file.read()?;
        let active = before.active();
        // A switch or rollback that was cut off leaves a router that is not where the state file says: it has to be moved.
        let cut_off = active == to && self.routed().await == Some(to.other());
        if active == to && !cut_off {
            return Ok(Switch::AlreadyActive(to));
        }
        let from = to.other();
        let colors = |active: Color, decision| Decision {
            active_color: Some(active),
            previous_color: Some(active.other()),
            ..decision
        };
        let mut trouble = None;
        let moved = match self.move_router(Move::Switch, to).await {
            Ok(output) if cut_off => self.write_switch(to).map(|state| (output, state)),
            Ok(output) => self.write_move(Move::Switch, to).map(|state| (output, state)),
            Err(failure) => Err(failure),
        };
        match moved {
            Ok((output, state)) => {
                let said = output.as_ref().map(|output| format!("; the router said: {output}")).unwrap_or_default();
                let message = format!("{}{said}", decision.message);
                let switched = Decision { decision: DecisionKind::Switch, message, ..decision };
                self.journal_decision(colors(to, switched), &mut trouble).await;
                let last_switch = state.last_switch();
                Ok(Switch::Switched(MovedTraffic { color: to, from, last_switch, output, journal_trouble: trouble }))
            }
            Err(failure) => {
                let error = self.undo(&before, to, failure).await;
                let failed = Decision { decision: DecisionKind::SwitchFailed, message: error.to_string(), ..decision };
                self.journal_decision(colors(from, failed), &mut trouble).await;
                Err(error)
            }
        }
    }

    /// Writes down a switch to the color that the state file names already.
    fn write_switch(&self, to: Color) -> Result<State, MoveFailure> {
        let mut state = self.state_file.read().map_err(MoveFailure::StateFile)?;
        state.record_move(Move::Switch, to, self.now_ms());
        self.state_file.write(&state).map_err(MoveFailure::StateFile)?;
        Ok(state)
    }

    async fn undo(&self, before: &State, target: Color, failure: MoveFailure) -> SwitchError {
        let from = target.other();
        let undone = match self.move_router(Move::Rollback, from).await {
            Ok(_) => self.restore(before),
            Err(undo) => Err(undo),
        };
        match undone {
            Ok(()) => SwitchError::Undone { target, from, failure },
            Err(undo) => {
                let traffic = self.traffic_after(&undo, from).await;
                SwitchError::Stuck { target, failure, undo, traffic }
            }
        }
    }

    /// Puts the traffic keys back to what they were before a move that the router's command wrote down itself.
    fn restore(&self, before: &State) -> Result<(), MoveFailure> {
        let now = self.state_file.read().map_err(MoveFailure::StateFile)?;
        let mut restored = now.clone();
        restored.restore_traffic(before);
        let traffic = |state: &State| (state.active(), state.last_switch(), state.previous(), state.transition());
        if traffic(&restored) == traffic(&now) {
            return Ok(());
        }
        self.state_file.write(&restored).map_err(MoveFailure::StateFile)
    }
}

#[cfg(test)]
mod tests;
