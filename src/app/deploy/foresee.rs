//! What a rollback would do, found by the rollback's own code without changing anything.

use super::deployment::Deployment;
use super::moved::MoveFailure;
use super::plan::{Plan, Steps};
use super::rollback::RollbackError;
use crate::io::journal::could_append;
use crate::io::router::Replace;
use crate::io::state::{Lock, Move, NothingToRollBack};
use crate::model::{Color, Traffic};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Foreseen {
    Moves(Preview),
    AlreadyBack(Color),
    Nothing(NothingToRollBack),
}

/// The steps of a rollback, checked as far as possible without taking them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    pub target: Color,
    /// What the router would do, in lines; `None` if it is there already.
    pub router: Option<Vec<String>>,
    pub writes_state: bool,
    /// Why the rollback could not be journaled, which would not stop it.
    pub journal_trouble: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// This process: its file permissions count.
    ThisProcess,
    /// The running monitor, with its own permissions.
    Monitor,
}

impl Deployment {
    /// What [`Deployment::rollback`] would do now for the last switch or the unfinished soak `soak`, with its errors.
    /// Waits for a move in progress; writes nothing and keeps no lock.
    pub async fn foresee_rollback(
        &self,
        soak: Option<String>,
        replace: Replace,
        by: By,
    ) -> Result<Foreseen, RollbackError> {
        if by == By::ThisProcess {
            Lock::could_be_taken(&self.state_file, self.lock_wait()).await?;
        }
        let mut trouble = None;
        let (state, _, plan) = self.consider(soak, None, &mut trouble).await?;
        let Steps { target, move_router } = match plan {
            Plan::Act(steps) => steps,
            Plan::AlreadyBack(color) => {
                self.still_back(color).await?;
                return Ok(Foreseen::AlreadyBack(color));
            }
            Plan::Nothing(nothing) => return Ok(Foreseen::Nothing(nothing)),
            Plan::Superseded => return Ok(Foreseen::AlreadyBack(state.active())),
        };
        let would_fail = |failure| RollbackError::Failed { target, failure, traffic: Traffic::Unmoved };
        let router = if move_router {
            let tried = self.router.try_out(target, replace).await;
            Some(tried.map_err(|error| would_fail(MoveFailure::Router(error)))?)
        } else {
            None
        };
        let writes_state = state.active() != target || !state.last_move_is(Move::Rollback);
        if writes_state && by == By::ThisProcess {
            self.state_file.could_be_written().map_err(|error| would_fail(MoveFailure::StateFile(error)))?;
        }
        let journaled = could_append(self.journal.path()).map_err(|error| error.to_string());
        let journal_trouble = trouble.or(journaled.err()).filter(|_| by == By::ThisProcess);
        Ok(Foreseen::Moves(Preview { target, router, writes_state, journal_trouble }))
    }
}
