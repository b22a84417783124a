//! Finishes the soak of a dead monitor.

use crate::app::deploy::{Binding, Deployment, Rollback, RollbackRequest};
use crate::io::journal::{Intent, rfc3339_ms};
use crate::io::router::Replace;
use crate::io::state::SoakBlock;
use crate::model::{Actor, Cause, Decision, DecisionKind, Outcome, Phase};

use super::error::OpenError;

/// Finishes the soak of a dead monitor, under its lock: carries an open rollback through, ends any other `superseded`;
/// returns what was done. Touches only the deployment that the soak watched, not a later switch.
pub async fn settle(deployment: &Deployment) -> Result<Option<String>, OpenError> {
    let state = deployment.state_file().read()?;
    let Some(block) = state.soak().filter(|block| block.phase != Phase::Finished.name()).cloned() else {
        return Ok(None);
    };
    let (outcome, why) = match deployment.journal().intent(Some(&block.id))? {
        Intent::Open(intent) => match finish_rollback(deployment, &block, *intent).await? {
            Outcome::RolledBack => {
                (Outcome::RolledBack, "its monitor died during the rollback, which is completed now")
            }
            other => (other, "its monitor died during the rollback, and another process moved traffic since"),
        },
        Intent::Done => {
            (Outcome::RolledBack, "its monitor died after the rollback: recovery was not verified to the end")
        }
        Intent::None => (Outcome::Superseded, "its monitor died, and another run took over"),
    };
    let id = block.id.clone();
    end(deployment, block, outcome, why)?.await;
    Ok(Some(format!("soak {id} was left unfinished: {why}")))
}

async fn finish_rollback(deployment: &Deployment, block: &SoakBlock, intent: Decision) -> Result<Outcome, OpenError> {
    let binding = intent.previous_color.map(|previous| Binding {
        active: previous.other(),
        last_switch: block.last_switch,
        previous,
    });
    let request =
        RollbackRequest { binding, intent: Decision { actor: Actor::Resume, ..intent }, replace: Replace::Ours };
    match deployment.rollback(request).await {
        Ok(Rollback::RolledBack(_) | Rollback::AlreadyBack(_)) => Ok(Outcome::RolledBack),
        Ok(Rollback::NothingToRollBack(_) | Rollback::Superseded { .. }) => Ok(Outcome::Superseded),
        Err(source) => Err(OpenError::Unfinished { soak: block.id.clone(), source: Box::new(source) }),
    }
}

const fn cause(outcome: Outcome) -> Cause {
    if matches!(outcome, Outcome::RolledBack) { Cause::Auto } else { Cause::External }
}

/// Journals how it ended and shows it in the state file.
fn end(
    deployment: &Deployment,
    block: SoakBlock,
    outcome: Outcome,
    why: &str,
) -> Result<impl Future<Output = ()>, crate::io::journal::JournalError> {
    let now = deployment.now();
    let reason = why.to_owned();
    if outcome == Outcome::Superseded {
        let mut decision = Decision::new(DecisionKind::Superseded, Actor::Resume, reason.clone());
        decision.soak = Some(block.id.clone());
        deployment.journal().append(&decision, now)?;
    }
    let ended = SoakBlock {
        phase: Phase::Finished.name().to_owned(),
        outcome: Some(outcome.name().to_owned()),
        cause: block.cause.clone().or_else(|| Some(cause(outcome).name().to_owned())),
        reason: Some(block.reason.as_ref().map_or_else(|| reason.clone(), |known| format!("{known}; {reason}"))),
        finished_at: Some(rfc3339_ms(now)),
        ..block
    };
    let deployment = deployment.clone();
    Ok(async move {
        if let Err(error) = deployment.record_soak(ended).await {
            tracing::error!(%error, "the state file does not show how the earlier soak ended");
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::deploy::testing::{Harness, SOAK, intent};
    use crate::model::Color;

    /// Green, switched to at 10, was being rolled back when the monitor died; `state` is what the file says now.
    fn died_in_its_rollback(state: &str) -> Harness {
        let harness = Harness::switched();
        let open = Decision { active_color: Some(Color::Green), previous_color: Some(Color::Blue), ..intent() };
        harness.journal(&open);
        let soak = format!(r#""soak":{{"id":"{SOAK}","phase":"watching","lastSwitch":10}}"#);
        harness.write_state(&format!("{{{state},{soak}}}"));
        harness
    }

    fn outcome(harness: &Harness) -> String {
        harness.state().soak().unwrap().outcome.clone().unwrap()
    }

    #[tokio::test]
    async fn an_open_rollback_of_a_dead_monitor_is_carried_through_and_told() {
        let harness = died_in_its_rollback(r#""activeColor":"green","lastSwitch":10,"previousColor":"blue""#);
        let told = settle(&harness.deployment).await.unwrap().unwrap();
        assert!(told.ends_with("its monitor died during the rollback, which is completed now"), "{told}");
        harness.assert_back();
        assert_eq!(outcome(&harness), "rolled-back");
        assert_eq!(settle(&harness.deployment).await.unwrap(), None, "once");
    }

    #[tokio::test]
    async fn a_monitor_that_died_after_its_rollback_leaves_nothing_to_move() {
        let harness = died_in_its_rollback(r#""activeColor":"blue","lastSwitch":20,"previousColor":"green""#);
        harness.journal(&Decision { decision: DecisionKind::RolledBack, ..intent() });
        let told = settle(&harness.deployment).await.unwrap().unwrap();
        assert!(told.ends_with("recovery was not verified to the end"), "{told}");
        assert_eq!((outcome(&harness).as_str(), harness.router.moves()), ("rolled-back", vec![]));
    }

    #[tokio::test]
    async fn what_was_switched_since_is_not_rolled_back_by_the_intent_of_a_dead_monitor() {
        let harness = died_in_its_rollback(r#""activeColor":"green","lastSwitch":30,"previousColor":"blue""#);
        let told = settle(&harness.deployment).await.unwrap().unwrap();
        assert!(told.ends_with("another process moved traffic since"), "{told}");
        assert_eq!((harness.state().active(), harness.router.active()), (Color::Green, Color::Green));
        assert_eq!(harness.router.moves(), []);
        assert_eq!(outcome(&harness), "superseded");
    }
}
