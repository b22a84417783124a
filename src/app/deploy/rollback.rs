//! Rolls back: the only code that moves traffic back.

use super::deployment::Deployment;
use super::moved::{MoveFailure, MovedTraffic, told};
use super::plan::{Binding, Plan, Progress, Situation, Steps, plan};
use crate::io::state::{LockError, Move, NothingToRollBack, Release, State, StateError};
use crate::model::{Color, Decision, DecisionKind, Traffic};
use tokio::sync::oneshot;

use crate::io::journal::Intent;
use crate::io::router::{Foreign, Moved, Replace};

/// A wish to roll back.
#[derive(Clone, Debug)]
pub struct RollbackRequest {
    /// The deployment that the soak watches; `None` rolls back whatever the state file says was switched last.
    pub binding: Option<Binding>,
    /// The decision to journal as the intent: soak, actor, reason, message and numbers. Colors are filled in.
    pub intent: Decision,
    /// Whether the router may replace what was not written by Switchback.
    pub replace: Replace,
}

/// How a rollback ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rollback {
    /// Traffic is back: moved now, or found there with the intent still open.
    RolledBack(MovedTraffic),
    /// Traffic was already back in router, state file and journal. Nothing was touched.
    AlreadyBack(Color),
    /// Nothing was switched. Nothing was touched.
    NothingToRollBack(NothingToRollBack),
    /// Another process moved traffic since the soak began. Nothing was touched.
    Superseded {
        /// The color that is active now.
        active: Color,
        /// Its `lastSwitch`.
        last_switch: Option<i64>,
    },
}

/// A rollback failed. Trying again is safe.
#[derive(Debug, thiserror::Error)]
pub enum RollbackError {
    /// The lock on moving traffic is held for too long; nothing was touched.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The state file cannot be read; nothing was touched.
    #[error(transparent)]
    State(#[from] StateError),
    #[error("the rollback to {target} failed: {failure}; {traffic}")]
    Failed { target: Color, failure: MoveFailure, traffic: Traffic },
}

impl RollbackError {
    /// The foreign content of the router that prevented the move, with the step to do by hand.
    pub fn foreign(&self) -> Option<(&Foreign, &str)> {
        match self {
            Self::Failed { target, failure, .. } => {
                failure.untouched()?.foreign().map(|foreign| (foreign, foreign.by_hand(*target)))
            }
            Self::Lock(_) | Self::State(_) => None,
        }
    }

    /// Whether a retry is of no use, because a person has to change something first.
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::Lock(error) => error.is_lasting(),
            Self::State(error) => error.is_lasting(),
            Self::Failed { failure, .. } => failure.is_lasting(),
        }
    }

    /// Where users are after it, as far as known.
    pub const fn traffic(&self) -> Traffic {
        match self {
            Self::Lock(_) | Self::State(_) => Traffic::Unmoved,
            Self::Failed { traffic, .. } => *traffic,
        }
    }
}

struct Begun {
    /// Whether the intent is in the journal already.
    open: bool,
    /// Notified once it is.
    journaled: Option<oneshot::Sender<()>>,
    trouble: Option<String>,
    replace: Replace,
}

impl Deployment {
    /// Moves traffic back to the previous color, once, however often and from however many processes it is asked for.
    /// Under the deploy lock: reads state file, router and journal; journals the intent unless one is open; moves the
    /// router and reads it back; writes the state file; journals `rolled_back`. After a crash the next call finishes.
    /// One call is one attempt: the caller journals `rollback_failed` when it gives up, and `skip`. A journal that
    /// fails does not stop the rollback: users come before records.
    pub async fn rollback(&self, request: RollbackRequest) -> Result<Rollback, RollbackError> {
        self.rollback_telling(request, None).await
    }

    /// The same; `journaled` is notified once the intent is on disk, before anything moves.
    pub async fn rollback_telling(
        &self,
        request: RollbackRequest,
        journaled: Option<oneshot::Sender<()>>,
    ) -> Result<Rollback, RollbackError> {
        // An operator may give up the fence, where nobody can tell who leads.
        if request.replace == Replace::Anything && self.is_cut_off().await {
            return Box::pin(self.alone().rollback_telling(request, journaled)).await;
        }
        let RollbackRequest { binding, intent, replace } = request;
        let _lock = self.lock().await?;
        let mut trouble = None;
        let (state, progress, plan) = self.consider(intent.soak.clone(), binding, &mut trouble).await?;
        match plan {
            Plan::Act(steps) => {
                let open = matches!(progress, Progress::Open(_));
                let begun = Begun { open, journaled, trouble, replace };
                self.carry_out(steps, intent, begun).await.map(Rollback::RolledBack)
            }
            Plan::AlreadyBack(color) => self.still_back(color).await,
            Plan::Nothing(nothing) => Ok(Rollback::NothingToRollBack(nothing)),
            Plan::Superseded => Ok(Rollback::Superseded { active: state.active(), last_switch: state.last_switch() }),
        }
    }

    pub(super) async fn consider(
        &self,
        soak: Option<String>,
        binding: Option<Binding>,
        trouble: &mut Option<String>,
    ) -> Result<(State, Progress, Plan), StateError> {
        let state = self.state_file.read()?;
        let progress = self.progress(soak, &state, trouble).await;
        let router = if self.router.reads_state_file() { Some(state.active()) } else { self.router.read().await.ok() };
        let plan = plan(&Situation { state: &state, router, binding, progress });
        Ok((state, progress, plan))
    }

    /// Traffic is back in all records; with a probe, users have to be back as well.
    pub(super) async fn still_back(&self, target: Color) -> Result<Rollback, RollbackError> {
        let confirmed = self.confirm(target, self.router.reads_state_file()).await;
        confirmed.map_err(|failure| {
            let seen = if let MoveFailure::Probe(error) = &failure { error.seen() } else { None };
            let traffic = seen.map_or(Traffic::Unconfirmed(target), Traffic::On);
            RollbackError::Failed { target, failure, traffic }
        })?;
        Ok(Rollback::AlreadyBack(target))
    }

    async fn progress(&self, soak: Option<String>, state: &State, trouble: &mut Option<String>) -> Progress {
        match self.with_journal(move |journal, _| journal.intent(soak.as_deref())).await {
            Ok(Intent::None) => Progress::None,
            Ok(Intent::Done) => Progress::Done,
            Ok(Intent::Open(intent)) => Progress::Open(intent.previous_color.unwrap_or(state.active().other())),
            Err(text) => {
                trouble.get_or_insert(text);
                Progress::None
            }
        }
    }

    async fn carry_out(&self, steps: Steps, intent: Decision, begun: Begun) -> Result<MovedTraffic, RollbackError> {
        let Begun { open, journaled, mut trouble, replace } = begun;
        let (target, from) = (steps.target, steps.target.other());
        let intent = self.signed(Decision {
            decision: DecisionKind::Rollback,
            active_color: Some(from),
            previous_color: Some(target),
            ..intent
        });
        // One that is open is known to the others.
        if let Err(failure) = self.announce((!open).then_some(&intent)).await {
            return Err(RollbackError::Failed { target, failure, traffic: Traffic::Unmoved });
        }
        if !open {
            self.journal_decision(intent.clone(), &mut trouble).await;
        }
        if let Some(journaled) = journaled {
            let _ = journaled.send(());
        }
        let (moved, state, rolled_back) = match self.bring_back(steps, replace, intent).await {
            Ok(done) => done,
            Err(failure) => {
                let traffic = self.traffic_after(&failure, target).await;
                return Err(RollbackError::Failed { target, failure, traffic });
            }
        };
        self.journal_decision(rolled_back, &mut trouble).await;
        let last_switch = state.last_switch();
        Ok(MovedTraffic { color: target, from, last_switch, router: moved, journal_trouble: trouble })
    }

    /// The steps themselves, and the decision that says so. The state is written even if only the record is missing: it may lack our
    /// note.
    async fn bring_back(
        &self,
        steps: Steps,
        replace: Replace,
        intent: Decision,
    ) -> Result<(Moved, State, Decision), MoveFailure> {
        let Steps { target, move_router } = steps;
        let moved =
            if move_router { self.move_router(Move::Rollback, target, replace).await? } else { Moved::default() };
        self.confirm(target, false).await?;
        let (from, said) = (target.other(), told(&moved));
        let rolled_back = Decision {
            decision: DecisionKind::RolledBack,
            message: format!("traffic is back on {target}, away from {from}{said}"),
            active_color: Some(target),
            previous_color: Some(from),
            ..intent
        };
        let last = self.is_confirmed_last();
        let state =
            self.write_move(Move::Rollback, target, &Release::default(), (!last).then_some(&rolled_back)).await?;
        self.confirm(target, true).await?;
        if last {
            self.announce(Some(&rolled_back)).await?;
        }
        Ok((moved, state, rolled_back))
    }
}

#[cfg(test)]
mod tests;
