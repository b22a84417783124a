//! Moving traffic to the other color. Whether that color is ready is judged before, by the soak machine.

use super::deployment::Deployment;
use super::moved::{MoveFailure, MovedTraffic, told};
use crate::io::journal::SwitchProgress;
use crate::io::router::{Foreign, Moved, Replace};
use crate::io::state::{LockError, Move, Release, State, StateError};
use crate::model::{Color, Decision, DecisionKind, Traffic};

/// A wish to switch.
#[derive(Clone, Debug)]
pub struct SwitchRequest {
    /// The color to move traffic to.
    pub to: Color,
    /// The release to switch to.
    pub release: Release,
    /// Whether the router may replace what was not written by Switchback.
    pub replace: Replace,
    /// The decision to journal once traffic was moved: soak, actor, reason and message. Colors are filled in.
    pub decision: Decision,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Switch {
    Switched(MovedTraffic),
    /// The state file names that color already, and the router agrees or is unknown. Nothing was touched.
    AlreadyActive(Color),
}

#[derive(Debug, thiserror::Error)]
pub enum SwitchError {
    /// The lock on moving traffic is held for too long; nothing was touched.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The state file cannot be read; nothing was touched.
    #[error(transparent)]
    State(#[from] StateError),
    /// The router holds what was not written by Switchback, could not be read, or put everything back: nothing was moved.
    #[error("the switch to {target} was not made: {failure}; nothing was moved{}", by_hand(failure, *target))]
    NotMade { target: Color, failure: MoveFailure },
    #[error("the switch to {target} failed and was undone: {failure}; traffic is on {from} as before")]
    Undone { target: Color, from: Color, failure: MoveFailure },
    #[error("the switch to {target} failed: {failure}; undoing it failed as well: {undo}; {traffic}")]
    Stuck { target: Color, failure: MoveFailure, undo: MoveFailure, traffic: Traffic },
}

fn by_hand(failure: &MoveFailure, target: Color) -> String {
    let foreign = failure.untouched().and_then(|error| error.foreign());
    let step = |foreign: &Foreign| {
        let step = foreign.by_hand(target);
        format!(". By hand: {step}. Or: switchback switch {target} --force, which keeps a copy of what it replaces")
    };
    foreign.map(step).unwrap_or_default()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Steps {
    Move,
    /// The state file names the color already, the router does not follow.
    MoveRouter,
    /// Traffic is there; the state file may lack our note.
    Note,
}

/// A decision with this color as the active one.
fn during(active: Color, decision: Decision) -> Decision {
    Decision { active_color: Some(active), previous_color: Some(active.other()), ..decision }
}

impl Deployment {
    /// Journals `switching`, moves and confirms traffic, writes the state file, journals `switch`. A switch that was
    /// cut off is completed once; a failed step restores router and state file and journals `switch_failed`.
    pub async fn switch(&self, request: SwitchRequest) -> Result<Switch, SwitchError> {
        let SwitchRequest { to, release, replace, decision } = request;
        let _lock = self.lock().await?;
        let decision = self.signed(decision);
        let before = self.state_file.read()?;
        let mut trouble = None;
        let progress = self.switch_progress(decision.soak.clone(), &mut trouble).await;
        let steps = match (before.active() == to, progress) {
            (false, _) => Steps::Move,
            // A move that was cut off leaves a router that is not where the state file says: it has to be moved.
            (true, _) if self.leads_elsewhere(to, replace).await => Steps::MoveRouter,
            (true, SwitchProgress::Open) => Steps::Note,
            // The caller was cut off after its switch was made.
            (true, SwitchProgress::Done) if before.last_move_is(Move::Switch) => {
                return Ok(Switch::Switched(MovedTraffic {
                    color: to,
                    from: to.other(),
                    last_switch: before.last_switch(),
                    router: Moved::default(),
                    journal_trouble: trouble,
                }));
            }
            (true, SwitchProgress::Done | SwitchProgress::None) => return Ok(Switch::AlreadyActive(to)),
        };
        if progress != SwitchProgress::Open {
            let message = format!("traffic moves from {} to {to}", to.other());
            let intent = Decision { decision: DecisionKind::Switching, message, ..decision.clone() };
            let intent = during(to.other(), intent);
            if let Err(failure) = self.announce(Some(&intent)).await {
                return Err(SwitchError::NotMade { target: to, failure });
            }
            self.journal_decision(intent, &mut trouble).await;
        }
        match self.bring_to(steps, to, &release, replace, &decision).await {
            Ok((moved, state, switched)) => {
                self.journal_decision(switched, &mut trouble).await;
                let (from, last_switch) = (to.other(), state.last_switch());
                Ok(Switch::Switched(MovedTraffic {
                    color: to,
                    from,
                    last_switch,
                    router: moved,
                    journal_trouble: trouble,
                }))
            }
            Err(failure) => {
                let error = if failure.untouched().is_some() {
                    SwitchError::NotMade { target: to, failure }
                } else {
                    self.undo(&before, to, failure).await
                };
                let failed = Decision { decision: DecisionKind::SwitchFailed, message: error.to_string(), ..decision };
                self.journal_decision(during(to.other(), failed), &mut trouble).await;
                Err(error)
            }
        }
    }

    async fn switch_progress(&self, soak: Option<String>, trouble: &mut Option<String>) -> SwitchProgress {
        let Some(soak) = soak else { return SwitchProgress::None };
        let progress = self.with_journal(move |journal, _| journal.switch_progress(&soak)).await;
        progress.unwrap_or_else(|text| {
            trouble.get_or_insert(text);
            SwitchProgress::None
        })
    }

    async fn bring_to(
        &self,
        steps: Steps,
        to: Color,
        release: &Release,
        replace: Replace,
        decision: &Decision,
    ) -> Result<(Moved, State, Decision), MoveFailure> {
        let moved =
            if steps == Steps::Note { Moved::default() } else { self.move_router(Move::Switch, to, replace).await? };
        self.confirm(to, false).await?;
        let message = format!("{}{}", decision.message, told(&moved));
        let switched = during(to, Decision { decision: DecisionKind::Switch, message, ..decision.clone() });
        let last = self.is_confirmed_last();
        let known = (!last).then_some(&switched);
        let state = if steps == Steps::MoveRouter {
            self.write_switch(to, release, known).await?
        } else {
            self.write_move(Move::Switch, to, release, known).await?
        };
        self.confirm(to, true).await?;
        if last {
            self.announce(Some(&switched)).await?;
        }
        Ok((moved, state, switched))
    }

    /// Journals a switch to the color that the state file names already.
    async fn write_switch(
        &self,
        to: Color,
        release: &Release,
        decision: Option<&Decision>,
    ) -> Result<State, MoveFailure> {
        let mut state = self.state_file.read().map_err(MoveFailure::StateFile)?;
        state.record_move(Move::Switch, to, self.now_ms());
        state.describe_release(release);
        self.note_journal(&mut state);
        self.put_state(&state, decision).await?;
        Ok(state)
    }

    async fn undo(&self, before: &State, target: Color, failure: MoveFailure) -> SwitchError {
        let from = target.other();
        if let Some(leadership) = self.leadership() {
            leadership.regain().await;
        }
        let undone = match self.move_router(Move::Rollback, from, Replace::Ours).await {
            Ok(_) => self.restore(before).await,
            Err(undo) => Err(undo),
        };
        let undone = match undone {
            Ok(()) => self.confirm(from, self.router.reads_state_file()).await,
            failed => failed,
        };
        match undone {
            Ok(()) => SwitchError::Undone { target, from, failure },
            Err(undo) => {
                let traffic = self.traffic_after(&undo, from).await;
                SwitchError::Stuck { target, failure, undo, traffic }
            }
        }
    }

    /// Restores the traffic keys from before a move that the router's command wrote itself.
    async fn restore(&self, before: &State) -> Result<(), MoveFailure> {
        let now = self.state_file.read().map_err(MoveFailure::StateFile)?;
        let mut restored = now.clone();
        restored.restore_traffic(before);
        let traffic =
            |state: &State| (state.active(), state.last_switch(), state.previous(), state.transition().cloned());
        if traffic(&restored) == traffic(&now) {
            return Ok(());
        }
        self.put_state(&restored, None).await
    }
}

#[cfg(test)]
mod tests;
