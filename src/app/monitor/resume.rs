//! Which earlier run a monitor resumes.

use crate::app::deploy::{Binding, Deployment};
use crate::config::Config;
use crate::io::journal::{Intent, SoakId, recording_path, recordings};
use crate::io::ports::{Disk, on_thread};
use crate::io::state::{Move, SoakBlock, State};
use crate::model::{Cause, Decision, DecisionKind, Ending, Outcome, Phase};

use super::effect_runner::{block_of, block_of_run};
use super::error::OpenError;
use super::recovered_run::RecoveredRun;

pub enum Earlier {
    Nothing,
    Unfinished(Box<RecoveredRun>),
    /// Its outcome: nothing to run.
    Ended {
        /// The soak with that outcome; `None` without one.
        soak: Option<String>,
        ending: Ending,
    },
    /// A soak that cannot be resumed, and why.
    Lost(String),
}

/// Finds a run to resume; `explicitly` also one that moved no traffic yet, and the outcome of one that has ended.
pub fn find(deployment: &Deployment, config: &Config, explicitly: bool) -> Result<Earlier, OpenError> {
    let state = deployment.state_file().read()?;
    let block = state.soak();
    if let Some(block) = block.filter(|block| block.phase != Phase::Finished.name()) {
        return of_the_state_file(deployment, config, &state, block);
    }
    if let Some(recovered) = newest(deployment, config, &state) {
        if is_unfinished(&recovered, &state, explicitly) || rolled_back(deployment, &recovered, &state)? {
            return Ok(Earlier::Unfinished(Box::new(recovered)));
        }
        if let Some(ending) = recovered.machine.ending().filter(|_| explicitly && was_tried_last(&recovered, &state)) {
            return Ok(Earlier::Ended { ending: ending.clone(), soak: Some(recovered.header.settings.soak) });
        }
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
    let lost = |why: &dyn std::fmt::Display| Earlier::Lost(format!("soak {} cannot be resumed: {why}", block.id));
    let id: SoakId = match block.id.parse() {
        Ok(id) => id,
        Err(error) => return Ok(lost(&error)),
    };
    let recovered = match RecoveredRun::read(&recording_path(&config.service_dir(), &id)) {
        Ok(recovered) => recovered,
        Err(error) => return Ok(lost(&error)),
    };
    if recovered.seq == 0 {
        return Ok(lost(&"its recording has no event"));
    }
    let intended = deployment.journal().intent(Some(&block.id))? != Intent::None;
    if intended || recovered.machine.ending().is_some() || watches(&recovered, state) {
        Ok(Earlier::Unfinished(Box::new(recovered)))
    } else {
        Ok(lost(&"another deployment is active now"))
    }
}

/// [`find`] on a thread: a recording can be long.
pub async fn find_on_thread(
    disk: &dyn Disk,
    deployment: &Deployment,
    config: &Config,
    explicitly: bool,
) -> Result<Earlier, OpenError> {
    let (of, config) = (deployment.clone(), Box::new(config.clone()));
    on_thread(disk, move || find(&of, &config, explicitly)).await.map_err(OpenError::broke("read the recording"))?
}

fn watches(recovered: &RecoveredRun, state: &State) -> bool {
    let settings = recovered.machine.settings();
    (settings.color, settings.last_switch) == (state.active(), state.last_switch())
}

/// The run after the soak in the state file, if any: it ended before its own soak, or died before that was shown.
pub fn newest(deployment: &Deployment, config: &Config, state: &State) -> Option<RecoveredRun> {
    let id = recordings(&config.service_dir()).ok()?.pop()?;
    if state.soak().is_some_and(|block| block.id.as_str() >= id.as_str()) {
        return None;
    }
    let path = recording_path(&config.service_dir(), &id);
    let recovered =
        RecoveredRun::read(&path).inspect_err(|error| tracing::warn!(%error, "a recording is left alone")).ok()?;
    let is_same_file = |(key, value): &(String, String)| {
        key == "state_file" && std::path::Path::new(value) == deployment.state_file().path()
    };
    // Of several hosts each has a file of its own.
    let is_ours = deployment.leadership().is_some() || recovered.header.config.iter().any(is_same_file);
    is_ours.then_some(recovered)
}

/// The state of the run that began after the soak in the state file, if there is one.
pub fn newest_run(deployment: &Deployment, config: &Config) -> Option<SoakBlock> {
    let state = deployment.state_file().read().ok()?;
    let recovered = newest(deployment, config, &state)?;
    Some(block_of_run(&recovered.machine, recovered.wall_ms))
}

/// Whether there is a run to resume: `Some(Ok)` with its soak, `Some(Err)` for one that cannot be, and why.
pub fn unfinished(deployment: &Deployment, config: &Config) -> Result<Option<Result<String, String>>, OpenError> {
    Ok(match find(deployment, config, true)? {
        Earlier::Unfinished(recovered) => Some(Ok(recovered.header.settings.soak)),
        Earlier::Lost(why) => Some(Err(why)),
        Earlier::Nothing | Earlier::Ended { .. } => None,
    })
}

/// How a recorded run ended, if it has.
pub fn ending_of_run(config: &Config, soak: &str) -> Option<Ending> {
    let path = recording_path(&config.service_dir(), &soak.parse().ok()?);
    RecoveredRun::read(&path).ok()?.machine.ending().cloned()
}

/// Whether a run that the state file does not show was cut off: in the gate, in the switch, or right at the beginning.
fn is_unfinished(recovered: &RecoveredRun, state: &State, explicitly: bool) -> bool {
    match recovered.machine.phase() {
        Phase::Finished => false,
        // Cut off before its first event was on disk: it did nothing, and its times are unknown.
        _ if recovered.seq == 0 => false,
        // Nothing was moved. An expired gate refuses the switch as soon as it is resumed.
        Phase::Gating | Phase::Baseline => explicitly && nothing_moved_since(recovered, state),
        Phase::Switching => true,
        _ => watches(recovered, state),
    }
}

/// Whether the last move was the rollback of a run that the state file does not show: on a full disk intent, traffic and
/// `rolled_back` have reserved space, the soak's block has none.
fn rolled_back(deployment: &Deployment, recovered: &RecoveredRun, state: &State) -> Result<bool, OpenError> {
    let settings = recovered.machine.settings();
    if recovered.seq == 0 || state.active() != settings.color.other() {
        return Ok(false);
    }
    Ok(match deployment.journal().intent(Some(&settings.soak))? {
        Intent::None => false,
        // Traffic may be back without our note of it.
        Intent::Open(_) => !state.last_move_is(Move::Switch),
        Intent::Done => state.is_rolled_back(),
    })
}

/// Whether the last thing that was tried with this deployment is a run that ended before its soak began.
fn was_tried_last(recovered: &RecoveredRun, state: &State) -> bool {
    let switched = recovered.machine.ending().is_some_and(|ending| ending.outcome == Outcome::Switched);
    !switched && nothing_moved_since(recovered, state)
}

fn nothing_moved_since(recovered: &RecoveredRun, state: &State) -> bool {
    recovered.machine.settings().last_switch == state.last_switch()
}

/// The ended soak of the active deployment, or of one that was rolled back with none after it.
fn ended(state: &State, block: &SoakBlock) -> Option<Earlier> {
    let same = block.last_switch == state.last_switch() || Binding::to(state).is_err();
    let ending = ending_of(block)?;
    same.then(|| Earlier::Ended { soak: Some(block.id.clone()), ending })
}

pub fn ending_of(block: &SoakBlock) -> Option<Ending> {
    let word = |word: &Option<String>| Some(serde_json::Value::String(word.clone()?));
    Some(Ending {
        outcome: serde_json::from_value(word(&block.outcome)?).ok()?,
        cause: word(&block.cause).and_then(|cause| serde_json::from_value(cause).ok()).unwrap_or(Cause::Auto),
        reason: block.reason.clone().unwrap_or_default(),
    })
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

pub fn complete_journal(deployment: &Deployment, recovered: &RecoveredRun) -> Result<(), OpenError> {
    let entries = deployment.journal().of_soak(&recovered.machine.settings().soak)?;
    let journaled: Vec<Decision> = entries.into_iter().map(|entry| entry.decision).collect();
    for decision in recovered.not_journaled(&journaled) {
        deployment.journal().append(decision, deployment.now())?;
    }
    Ok(())
}

/// Writes the end of a run to the state file that lacks it.
pub async fn show_end(deployment: &Deployment, recovered: &RecoveredRun) {
    let settings = recovered.machine.settings();
    if let Some(summary) = recovered.machine.summary()
        && let Err(error) = deployment.record_soak(block_of(summary, settings)).await
    {
        tracing::error!(%error, "the state file does not show the end of the soak");
    }
}

#[cfg(test)]
mod tests;
