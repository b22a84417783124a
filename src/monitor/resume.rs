//! Which earlier run a monitor goes on with.

use crate::config::Config;
use crate::deploy::{Binding, Deployment, SoakBlock, State};
use crate::journal::{Intent, SoakId, recording_path, recordings};
use crate::soak::{Cause, Decision, DecisionKind, Ending, Origin, Phase};

use super::open::OpenError;
use super::past::Past;

/// What there is of an earlier run. Only asked under the monitor's lock, so whoever ran it is gone.
pub enum Earlier {
    /// Nothing to go on with.
    Nothing,
    /// A run to go on with.
    Unfinished(Box<Past>),
    /// The soak of this deployment has ended.
    Ended {
        /// Its ID.
        soak: String,
        /// How.
        ending: Ending,
    },
    /// A soak that cannot be gone on with, and why.
    Lost(String),
}

/// Looks for a run to go on with. `explicitly` asked for, also one that moved no traffic yet, and the outcome of one that has
/// ended.
pub fn find(deployment: &Deployment, config: &Config, explicitly: bool) -> Result<Earlier, OpenError> {
    let state = deployment.state_file().read()?;
    let block = state.soak();
    if let Some(block) = block.filter(|block| block.phase != Phase::Finished.name()) {
        return of_the_state_file(deployment, config, &state, block);
    }
    if let Some(past) = without_a_trace(deployment, config, &state, explicitly) {
        return Ok(Earlier::Unfinished(Box::new(past)));
    }
    Ok(block.filter(|_| explicitly).and_then(|block| ended(&state, block)).unwrap_or(Earlier::Nothing))
}

/// The soak that the state file shows as unfinished, if it watches what is active, or was on its way back from it.
fn of_the_state_file(
    deployment: &Deployment,
    config: &Config,
    state: &State,
    block: &SoakBlock,
) -> Result<Earlier, OpenError> {
    let lost = |why: &dyn std::fmt::Display| Earlier::Lost(format!("soak {} cannot be gone on with: {why}", block.id));
    let id: SoakId = match block.id.parse() {
        Ok(id) => id,
        Err(error) => return Ok(lost(&error)),
    };
    let past = match Past::read(&recording_path(&config.service_dir(), &id)) {
        Ok(past) => past,
        Err(error) => return Ok(lost(&error)),
    };
    let intended = deployment.journal().intent(Some(&block.id))? != Intent::None;
    if intended || past.machine.ending().is_some() || watches(&past, state) {
        Ok(Earlier::Unfinished(Box::new(past)))
    } else {
        Ok(lost(&"another deployment is active now"))
    }
}

fn watches(past: &Past, state: &State) -> bool {
    let settings = past.machine.settings();
    (settings.color, settings.last_switch) == (state.active(), state.last_switch())
}

/// A run that died before the state file showed anything of it: in the gate, in the switch, or right at the beginning.
fn without_a_trace(deployment: &Deployment, config: &Config, state: &State, explicitly: bool) -> Option<Past> {
    let id = recordings(&config.service_dir()).ok()?.pop()?;
    if state.soak().is_some_and(|block| block.id.as_str() >= id.as_str()) {
        return None;
    }
    let path = recording_path(&config.service_dir(), &id);
    let past = Past::read(&path).inspect_err(|error| tracing::warn!(%error, "a recording is left alone")).ok()?;
    let same_file = past
        .header
        .config
        .iter()
        .any(|(key, value)| key == "state_file" && std::path::Path::new(value) == deployment.state_file().path());
    let worth_it = match past.machine.phase() {
        Phase::Finished => false,
        // Nothing was moved. Whoever asks much later to watch does not ask for a switch.
        Phase::Gating | Phase::Baseline => explicitly && in_time(&past),
        Phase::Switching => true,
        _ => watches(&past, state),
    };
    (same_file && worth_it).then_some(past)
}

/// Whether the gate of a run would still be waiting.
fn in_time(past: &Past) -> bool {
    let Origin::Switch { gate_ms, .. } = past.header.settings.origin else { return false };
    past.clock().at_ms() < past.at_ms.saturating_add(gate_ms)
}

/// The ended soak of the deployment that is active, or that was rolled back and followed by none.
fn ended(state: &State, block: &SoakBlock) -> Option<Earlier> {
    let same = block.last_switch == state.last_switch() || Binding::to(state).is_err();
    let word = |word: &Option<String>| Some(serde_json::Value::String(word.clone()?));
    let ending = Ending {
        outcome: serde_json::from_value(word(&block.outcome)?).ok()?,
        cause: word(&block.cause).and_then(|cause| serde_json::from_value(cause).ok()).unwrap_or(Cause::Auto),
        reason: block.reason.clone().unwrap_or_default(),
    };
    same.then(|| Earlier::Ended { soak: block.id.clone(), ending })
}

/// The intent to roll back that the journal holds for a soak, carried out or not.
pub fn intent_of(deployment: &Deployment, soak: &str) -> Result<Option<Decision>, OpenError> {
    match deployment.journal().intent(Some(soak))? {
        Intent::None => Ok(None),
        Intent::Open(intent) => Ok(Some(*intent)),
        Intent::Done => {
            let entries = deployment.journal().of_soak(soak)?;
            Ok(entries.into_iter().map(|entry| entry.decision).rfind(|made| made.decision == DecisionKind::Rollback))
        }
    }
}

/// Writes the decisions down that were made and did not reach the journal.
pub fn complete_journal(deployment: &Deployment, past: &Past) -> Result<(), OpenError> {
    let entries = deployment.journal().of_soak(&past.machine.settings().soak)?;
    let journalled: Vec<Decision> = entries.into_iter().map(|entry| entry.decision).collect();
    for decision in past.not_journalled(&journalled) {
        deployment.journal().append(decision, crate::seam::now())?;
    }
    Ok(())
}

/// A run that had ended, but not for the state file: shows it there.
pub async fn show_end(deployment: &Deployment, past: &Past) {
    let settings = past.machine.settings();
    if let Some(summary) = past.machine.summary()
        && let Err(error) = deployment.record_soak(super::hands::block_of(summary, settings.last_switch)).await
    {
        tracing::error!(%error, "the state file does not show how the soak ended");
    }
}
