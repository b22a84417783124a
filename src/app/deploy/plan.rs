//! What a rollback has to do, decided from what was read. Pure.

use serde::{Deserialize, Serialize};

use crate::io::state::{NothingToRollBack, State, rollback_target};
use crate::model::Color;

/// The deployment of a soak, as it was at its start. Its rollback touches no other deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Binding {
    /// The color it watches.
    pub active: Color,
    /// The `lastSwitch` that brought it there.
    pub last_switch: Option<i64>,
    /// The color to go back to.
    pub previous: Color,
}

impl Binding {
    /// Binds a soak to the active deployment; an error if there is no color to go back to.
    pub fn to(state: &State) -> Result<Self, NothingToRollBack> {
        let previous = rollback_target(state)?;
        Ok(Self { active: state.active(), last_switch: state.last_switch(), previous })
    }
}

/// How far an earlier attempt got, according to the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// No attempt, or one without a rollback.
    None,
    /// An intent towards this color is open.
    Open(Color),
    /// `rolled_back` is in the journal.
    Done,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Situation<'a> {
    pub state: &'a State,
    /// The color that the router shows; `None` where it cannot be read.
    pub router: Option<Color>,
    /// The deployment a soak watches; `None` for a rollback of whatever is active.
    pub binding: Option<Binding>,
    pub progress: Progress,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// Bring traffic to the target and journal `rolled_back`.
    Act(Steps),
    /// It is there already, and the journal knows.
    AlreadyBack(Color),
    Nothing(NothingToRollBack),
    /// Another process moved traffic since; touch nothing.
    Superseded,
}

/// The rest of a rollback. The state file is read again after the router moved, and written if needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Steps {
    pub target: Color,
    pub move_router: bool,
}

/// Decides, in the order of the rule that binds a rollback to its deployment: (1) our intent is open and both show the
/// target: complete it; (2) one of them does: repair the other; (3) otherwise a changed deployment is superseded; (4)
/// otherwise roll back.
pub(super) fn plan(situation: &Situation) -> Plan {
    let Situation { state, router, binding, progress } = *situation;
    let steps = |target| Steps { target, move_router: router != Some(target) };
    if let Progress::Open(intended) = progress {
        let target = binding.map_or(intended, |binding| binding.previous);
        if state.active() == target || router == Some(target) {
            return Plan::Act(steps(target));
        }
    }
    let Some(binding) = binding else {
        return plan_unbound(state, router);
    };
    let target = binding.previous;
    if progress == Progress::Done && state.active() == target && router == Some(target) {
        return Plan::AlreadyBack(target);
    }
    let ours = (state.active(), state.last_switch()) == (binding.active, binding.last_switch);
    if !ours {
        return Plan::Superseded;
    }
    Plan::Act(steps(target))
}

/// Without a soak the state file alone says what the last switch was.
fn plan_unbound(state: &State, router: Option<Color>) -> Plan {
    match rollback_target(state) {
        Ok(target) => Plan::Act(Steps { target, move_router: router != Some(target) }),
        Err(NothingToRollBack::RolledBack { active }) if router == Some(active) => Plan::AlreadyBack(active),
        // The router lost a rollback in a restart, or a switch was cut off between router and state file: traffic has
        // to go where the state file says. A missing file names no color.
        Err(_) if state.exists() && router.is_some_and(|shown| shown != state.active()) => {
            Plan::Act(Steps { target: state.active(), move_router: true })
        }
        Err(nothing) => Plan::Nothing(nothing),
    }
}

#[cfg(test)]
mod tests;
