//! What a monitor that died left behind.

use jiff::Timestamp;

use crate::deploy::{Deployment, Rollback, RollbackRequest, SoakBlock};
use crate::journal::{Intent, rfc3339_ms};
use crate::soak::{Actor, Decision, DecisionKind, Outcome, Phase};

use super::open::OpenError;

/// Finishes what the soak in the state file left unfinished: an open rollback is carried through, any other soak ends
/// `superseded`. Only called under the monitor's lock, so whoever ran that soak is dead.
pub async fn settle(deployment: &Deployment) -> Result<(), OpenError> {
    let state = deployment.state_file().read()?;
    let Some(block) = state.soak().filter(|block| block.phase != Phase::Finished.name()).cloned() else {
        return Ok(());
    };
    let outcome = match deployment.journal().intent(Some(&block.id))? {
        Intent::Open(intent) => finish_rollback(deployment, *intent).await?,
        Intent::Done => Outcome::RolledBack,
        Intent::None => Outcome::Superseded,
    };
    end(deployment, block, outcome)?.await;
    Ok(())
}

async fn finish_rollback(deployment: &Deployment, intent: Decision) -> Result<Outcome, OpenError> {
    let soak = intent.soak.clone().unwrap_or_default();
    let request = RollbackRequest { binding: None, intent: Decision { actor: Actor::Resume, ..intent } };
    match deployment.rollback(request).await {
        Ok(Rollback::RolledBack(_) | Rollback::AlreadyBack(_)) => Ok(Outcome::RolledBack),
        Ok(Rollback::NothingToRollBack(_) | Rollback::Superseded { .. }) => Ok(Outcome::Superseded),
        Err(source) => Err(OpenError::Unfinished { soak, source }),
    }
}

/// Journals how it ended and shows it in the state file.
fn end(
    deployment: &Deployment,
    block: SoakBlock,
    outcome: Outcome,
) -> Result<impl Future<Output = ()>, crate::journal::JournalError> {
    let now = Timestamp::now();
    let reason = match outcome {
        Outcome::RolledBack => "its monitor died during the rollback, which is finished now".to_owned(),
        _ => "its monitor died, and another run took over".to_owned(),
    };
    if outcome == Outcome::Superseded {
        let mut decision = Decision::new(DecisionKind::Superseded, Actor::Resume, reason.clone());
        decision.soak = Some(block.id.clone());
        deployment.journal().append(&decision, now)?;
    }
    let ended = SoakBlock {
        phase: Phase::Finished.name().to_owned(),
        outcome: Some(outcome.name().to_owned()),
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
