//! What the records of a deployment say of what was before. A recording can be long: it is read in turn, on a thread.

use std::sync::Arc;

use super::Keeper;
use crate::app::agent::breached::last_soak_of;
use crate::app::deploy::Deployment;
use crate::app::headless::Happened;
use crate::app::monitor;
use crate::app::monitor::OpenError;
use crate::config::{Config, Loaded};
use crate::io::journal::Entry;
use crate::io::ports::on_thread;
use crate::io::state::State;
use crate::model::{Color, Decision, DecisionKind};

/// Decisions that are looked through for the last soak of a color.
const HISTORY: usize = 4_000;

/// What the state file does not say.
pub struct Records {
    /// A soak to go on with; or why one cannot be.
    pub unfinished: Option<Result<String, String>>,
    /// Whether the soak of an earlier switch, which the state file still shows, was rolled back or watched the color that is active now.
    pub moved_on: bool,
    /// Whether the switch was made with `--no-soak`.
    pub unwatched: bool,
}

impl Keeper {
    pub(super) async fn records(
        &self,
        deployment: &Deployment,
        loaded: &Arc<Loaded>,
        state: &State,
    ) -> Result<Records, String> {
        let (of, with, state) = (deployment.clone(), Arc::clone(loaded), state.clone());
        let unfinished = self.doubtful || state.soak().is_some_and(|block| block.phase != "finished");
        let first = self.seen.is_none();
        let read = move || -> Result<Records, OpenError> {
            Ok(Records {
                unfinished: if unfinished { monitor::unfinished(&of, &with.config)? } else { None },
                moved_on: has_moved_on(&of, &state),
                unwatched: first && was_not_to_be_watched(&of, &with.config, &state),
            })
        };
        let read = on_thread(&*self.shared.ports.disk, read);
        self.shared.turns.during(read).await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
    }

    /// The setting that keeps a soak from rolling back by itself onto a color whose last soak ended breached.
    pub(super) async fn caution(&self, deployment: &Deployment, onto: Color) -> Option<(String, String)> {
        let soak = self.breached(deployment, onto).await?;
        self.tell(Happened::Note, format!("automatic rollback is off: soak {soak} of {onto} ended breached"));
        Some(("soak.auto_rollback".to_owned(), "false".to_owned()))
    }

    pub(super) async fn breached(&self, deployment: &Deployment, color: Color) -> Option<String> {
        let journal = deployment.journal().clone();
        let read = on_thread(&*self.shared.ports.disk, move || journal.history(HISTORY)).await.ok()?;
        let decisions: Vec<Decision> = read.ok()?.into_iter().map(|Entry { decision, .. }| decision).collect();
        last_soak_of(color, &decisions).map(str::to_owned)
    }
}

fn was_not_to_be_watched(deployment: &Deployment, config: &Config, state: &State) -> bool {
    let Some(run) = monitor::newest_run(deployment, config) else { return false };
    let ended = run.finished_at.as_deref().and_then(|at| at.parse::<jiff::Timestamp>().ok());
    run.outcome.as_deref() == Some("switched") && ended.map(jiff::Timestamp::as_millisecond) >= state.last_switch()
}

fn has_moved_on(deployment: &Deployment, state: &State) -> bool {
    let Some(block) = state.soak().filter(|block| block.last_switch != state.last_switch()) else { return false };
    let made: Vec<Decision> = match deployment.journal().of_soak(&block.id) {
        Ok(entries) => entries.into_iter().map(|entry| entry.decision).collect(),
        Err(_) => return false,
    };
    // What comes before that, such as the intent to switch, speaks of the color of before.
    let watched = made.iter().find(|made| made.decision == DecisionKind::SoakStart).and_then(|made| made.active_color);
    watched == Some(state.active()) || made.iter().any(|made| made.decision == DecisionKind::RolledBack)
}
