//! The tasks that move traffic, read the router and write the state file. Their answers come back as events.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::app::deploy::{Binding, Deployment, MovedTraffic, Rollback, RollbackRequest, Switch, SwitchRequest};
use crate::core::soak::{
    DeploymentSeen, Event, ForeignSeen, Machine, ReadError, RollbackFailure, RollbackResult, Settings, Summary,
    SwitchResult,
};
use crate::io::descriptors;
use crate::io::journal::rfc3339_ms;
use crate::io::router::{Foreign, RouterError};
use crate::io::state::{BaselineBlock, FreezeFile, Release, SoakBlock};
use crate::io::tasks::boxed;
use crate::model::{Color, Decision, DecisionKind, Phase};

use super::looks::Looks;
use super::sharing::Sharing;

/// How long the end of a run waits for its block to reach the state file.
const REFLECT_TIMEOUT: Duration = Duration::from_secs(10);

pub struct EffectRunner {
    deployment: Deployment,
    block: watch::Sender<Option<SoakBlock>>,
    reflecting: JoinHandle<()>,
    looks: Looks,
}

impl EffectRunner {
    /// Ready to move, and keeping the state file's `soak` block current.
    pub fn new(deployment: Deployment, events: mpsc::Sender<Event>) -> Self {
        let (block, blocks) = watch::channel(None);
        let reflecting = tokio::spawn(boxed(reflect_all(deployment.clone(), blocks, events)));
        Self { deployment, block, reflecting, looks: Looks::default() }
    }

    /// Queues a summary for the state file; only the newest one is written.
    pub fn reflect(&self, summary: Option<Summary>, settings: &Settings) {
        if let Some(summary) = summary {
            self.block.send_replace(Some(block_of(summary, settings)));
        }
    }

    pub const fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    pub fn freeze_file(&self) -> FreezeFile {
        self.deployment.freeze_file()
    }

    /// Whether reading the router is reading the state file, and so costs nothing.
    pub fn reads_state_file(&self) -> bool {
        self.deployment.router().reads_state_file() && self.deployment.probe().is_none()
    }

    pub fn read_router(&self, epoch: u32, standby: Color, events: mpsc::Sender<Event>) {
        let (deployment, looks) = (self.deployment.clone(), self.looks.clone());
        let is_state_file = self.reads_state_file();
        tokio::spawn(boxed(async move {
            let router = match (deployment.router().read().await, deployment.probe()) {
                (Ok(shown), Some(probe)) => Ok(looks.behind(probe, shown).await),
                (read, _) => read,
            };
            let foreign = router.as_ref().err().and_then(RouterError::foreign);
            let foreign = foreign.map(|foreign| seen(foreign, foreign.by_hand(standby)));
            let router = router.map_err(|error| ReadError(error.to_string()));
            let state = match deployment.state_file().read() {
                Ok(state) => Ok(DeploymentSeen { active: state.active(), last_switch: state.last_switch() }),
                Err(error) => Err(ReadError(error.to_string())),
            };
            // One file that was read twice, and may have been written in between.
            let router = match (router, &state) {
                (Ok(_), Ok(seen)) if is_state_file => Ok(seen.active),
                (router, _) => router,
            };
            let _ = events.send(Event::RouterObserved { epoch, router, state, foreign }).await;
        }));
    }

    pub fn switch(&self, settings: Settings, events: mpsc::Sender<Event>, sharing: Option<&Sharing>) {
        let deployment = self.deployment.clone();
        let shared = sharing.map(Sharing::caught_up);
        tokio::spawn(boxed(async move {
            if let Some(shared) = shared {
                shared.await;
            }
            let known = settings.known_release().map(str::to_owned);
            let (to, actor) = (settings.color, settings.actor);
            let replace = settings.force.into();
            // The state file names the release only as it was given on the command line, not as a metrics page names
            // it.
            let release = Release { name: settings.release, no_rollback: settings.no_rollback };
            let named = known.as_ref().map(|name| format!(" with release {name}")).unwrap_or_default();
            let mark = if release.no_rollback { "; no rollback" } else { "" };
            let message = format!("{} → {to}{named} by {actor}{mark}", to.other());
            let mut decision = Decision::new(DecisionKind::Switch, actor, message);
            (decision.soak, decision.release) = (Some(settings.soak), known);
            let mut kept = None;
            let result = match deployment.switch(SwitchRequest { to, release, replace, decision }).await {
                Ok(Switch::Switched(moved)) => {
                    kept = moved.router.kept.as_ref().map(|kept| kept.display().to_string());
                    tell_trouble(&events, &moved).await;
                    SwitchResult::Switched { last_switch: moved.last_switch }
                }
                Ok(Switch::AlreadyActive(color)) => {
                    SwitchResult::Failed(format!("another process moved traffic to {color} first; nothing was touched"))
                }
                Err(error) => SwitchResult::Failed(error.to_string()),
            };
            let _ = events.send(Event::SwitchDone { result, kept }).await;
        }));
    }

    /// Makes one attempt to move traffic back; `journaled` is sent when the intent is on disk.
    pub fn rollback(
        &self,
        attempt: u32,
        intent: Decision,
        force: bool,
        settings: &Settings,
        events: mpsc::Sender<Event>,
        journaled: Option<oneshot::Sender<()>>,
    ) {
        let released = descriptors::release();
        let deployment = self.deployment.clone();
        let (active, last_switch) = (settings.color, settings.last_switch);
        let binding = Some(Binding { active, last_switch, previous: active.other() });
        tokio::spawn(boxed(async move {
            let request = RollbackRequest { binding, intent, replace: force.into() };
            let (mut kept, mut last_switch) = (None, None);
            let result = match deployment.rollback_telling(request, journaled).await {
                Ok(Rollback::RolledBack(moved)) => {
                    kept = moved.router.kept.as_ref().map(|kept| kept.display().to_string());
                    last_switch = moved.last_switch;
                    tell_trouble(&events, &moved).await;
                    RollbackResult::Back
                }
                Ok(Rollback::AlreadyBack(_)) => RollbackResult::Back,
                Ok(Rollback::NothingToRollBack(nothing)) => RollbackResult::Superseded(nothing.to_string()),
                Ok(Rollback::Superseded { active, last_switch }) => {
                    let seen = DeploymentSeen { active, last_switch };
                    RollbackResult::Superseded(format!("the state file now says {seen} is active"))
                }
                Err(error) => match error.foreign() {
                    Some((foreign, by_hand)) => RollbackResult::Foreign(seen(foreign, by_hand)),
                    None => RollbackResult::NotDone(RollbackFailure {
                        why: error.to_string(),
                        traffic: error.traffic(),
                        lasting: error.is_lasting(),
                    }),
                },
            };
            drop(released);
            let _ = events.send(Event::RollbackDone { attempt, result, last_switch, kept }).await;
        }));
    }

    /// Waits, within bounds, until the last summary is in the state file.
    pub async fn finish(&mut self) {
        drop(std::mem::replace(&mut self.block, watch::Sender::new(None)));
        if timeout(REFLECT_TIMEOUT, &mut self.reflecting).await.is_err() {
            tracing::error!("the state file's soak block is still not written: leaving without waiting for it");
        }
    }
}

fn seen(foreign: &Foreign, by_hand: &str) -> ForeignSeen {
    ForeignSeen { what: foreign.to_string(), by_hand: by_hand.to_owned() }
}

/// What a reading of router and state file that failed says of where traffic is.
pub(super) fn told_of_router(why: &ReadError, foreign: Option<&ForeignSeen>) -> String {
    foreign.map_or_else(|| format!("cannot tell where traffic is: {why}"), |foreign| foreign.what.clone())
}

/// Remarks of the router and the journal about a move.
async fn tell_trouble(events: &mpsc::Sender<Event>, moved: &MovedTraffic) {
    for what in moved.router.notes.iter().chain(&moved.journal_trouble) {
        let _ = events.send(Event::Trouble { what: what.clone() }).await;
    }
}

async fn reflect_all(
    deployment: Deployment,
    mut blocks: watch::Receiver<Option<SoakBlock>>,
    events: mpsc::Sender<Event>,
) {
    while blocks.changed().await.is_ok() {
        let Some(block) = blocks.borrow_and_update().clone() else { continue };
        if let Err(error) = deployment.record_soak(block).await {
            tracing::error!(%error, "the state file does not show the state of the soak");
            let what = format!("the state file does not show the state of the soak: {error}");
            let _ = events.try_send(Event::Trouble { what });
        }
    }
}

fn time(ms: i64) -> Option<String> {
    Timestamp::from_millisecond(ms).ok().map(rfc3339_ms)
}

/// A run as `status` shows it, also without a soak; `wall_ms` is the time of its last event.
pub fn block_of_run(machine: &Machine, wall_ms: i64) -> SoakBlock {
    let settings = machine.settings();
    if let Some(summary) = machine.summary() {
        return block_of(summary, settings);
    }
    let ending = machine.ending();
    let waits_for = machine.target_failure().filter(|_| machine.phase() == Phase::Gating);
    SoakBlock {
        id: settings.soak.clone(),
        phase: machine.phase().to_string(),
        release: settings.release.clone(),
        builds: settings.builds.clone(),
        outcome: ending.map(|ending| ending.outcome.to_string()),
        cause: ending.map(|ending| ending.cause.name().to_owned()),
        reason: ending.map(|ending| ending.reason.clone()).or(waits_for),
        finished_at: ending.and_then(|_| time(wall_ms)),
        ..SoakBlock::default()
    }
}

pub fn block_of(summary: Summary, settings: &Settings) -> SoakBlock {
    SoakBlock {
        id: summary.id,
        phase: summary.phase.to_string(),
        last_switch: settings.last_switch,
        release: settings.release.clone(),
        builds: settings.builds.clone(),
        verdict: Some(summary.verdict.to_string()),
        outcome: summary.outcome.map(|outcome| outcome.to_string()),
        cause: summary.cause.map(|cause| cause.name().to_owned()),
        check: summary.check.as_ref().map(ToString::to_string),
        reason: summary.reason,
        baseline: summary.baseline.map(|old| BaselineBlock {
            requests: old.counts.requests,
            errors: old.counts.errors,
            measured_ms: old.measured_ms,
        }),
        recovered: summary.recovered,
        overdue: summary.overdue,
        started_at: time(summary.started_ms),
        ends_at: time(summary.ends_ms),
        finished_at: summary.finished_ms.and_then(time),
    }
}
