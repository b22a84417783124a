//! `rollback`: back to the previous color, safe to run twice.
//!
//! | file | holds |
//! | --- | --- |
//! | `dry_run` | `rollback --dry-run` |
//! | `stays` | whether traffic stays where it was brought |

pub mod dry_run;
mod stays;

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{sleep, timeout};

use crate::app::cli::Common;
use crate::app::deploy::{Binding, Deployment, Rollback, RollbackError, RollbackRequest};
use crate::config::{Config, Loaded, StandbyPolicy};
use crate::core::soak::RefusalCode;
use crate::io::control::{Client, ClientError};
use crate::io::journal::rfc3339_ms;
use crate::io::state::{MonitorState, NothingToRollBack, SoakBlock, State, StateError, monitor_state};
use crate::model::number::duration_exact;
use crate::model::{Action, Cause, Color, Decision, DecisionKind, Outcome, Phase, Reason};

use super::ctl::{self, OrderError};
use super::support::failure::Failure;
use super::support::{actor, context, logging, others, output, place, standby};
use stays::Stay;

/// How long a monitor may take to answer before this process acts itself.
const MONITOR_TIMEOUT: Duration = Duration::from_secs(2);

/// How often a rollback that fails is tried, and the wait after the first time; it doubles up to the cap.
const ATTEMPTS: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_millis(200);
const MAX_WAIT: Duration = Duration::from_secs(10);

pub async fn run(common: &Common, reason: Option<String>, force: bool, tries: Tries) -> Result<u8, Failure> {
    let loaded = context::loaded_anywhere(common, place::require)?;
    let _log = logging::start(&loaded.config, common.log_level);
    if loaded.config.control.url.is_some() {
        // State file and router are on the monitor's machine: this process cannot roll back instead.
        return ctl::give(&loaded, Action::Rollback { force }, reason.as_deref()).await;
    }
    let deployment = Deployment::open(&loaded.config)?;
    let state = match deployment.state_file().read() {
        Err(error) if others::is_denied(&error) => {
            return for_a_member(&loaded, &error, reason.as_deref(), force).await;
        }
        state => state?,
    };
    let running = monitor_state(deployment.state_file()).map_err(Failure::usage)? != MonitorState::NotRunning;
    let client = Client::of(&loaded.config);
    if (running || client.follows_the_leader())
        && Binding::to(&state).is_ok()
        && let Some(code) = by_the_monitor(client, reason.as_deref(), force).await?
        && (code != 7 || tries == Tries::Five)
    {
        return Ok(code);
    }
    let done = here(&loaded, &deployment, state, running, reason, force, tries).await;
    // The next command, on any host, does not wait until the lease of this process has ended.
    deployment.resign().await;
    done
}

/// By this process.
async fn here(
    loaded: &Loaded,
    deployment: &Deployment,
    state: State,
    running: bool,
    reason: Option<String>,
    force: bool,
    tries: Tries,
) -> Result<u8, Failure> {
    // A monitor that failed has journaled its attempt.
    let state = if running { deployment.state_file().read()? } else { state };
    let orphan = cleared(&loaded.config, deployment, &state, force).await?;
    let intent = intent(&state, orphan.as_ref(), reason.as_deref());
    let request = RollbackRequest { binding: None, intent: intent.clone(), replace: force.into() };
    let done = patiently(tries, || deployment.rollback(request.clone())).await;
    match done {
        Ok(Rollback::RolledBack(moved)) => {
            output::line(&format!("rolled back: traffic is on {}, away from {}", moved.color, moved.from));
            for note in &moved.router.notes {
                output::line(note);
            }
            if let Some(kept) = &moved.router.kept {
                output::line(&format!("the replaced content was copied to {}", kept.display()));
            }
            if let Some(trouble) = &moved.journal_trouble {
                output::warn(trouble);
            }
            if deployment.leadership().is_some_and(|leadership| leadership.token().is_none()) {
                output::warn(
                    "the other hosts do not know of it. Once etcd can be used again, tell them: switchback rollback",
                );
            }
            finish_orphan(deployment, orphan).await;
            let window = loaded.config.soak.verify_window;
            let stay = stays::look(deployment, moved.color, moved.last_switch, window).await;
            if let Stay::Undone(elsewhere) = &stay {
                let again = || format!("the router sends traffic to {} again", moved.from);
                let away = elsewhere.clone().unwrap_or_else(again);
                let message = format!("after the rollback {away}");
                journal(deployment, &Decision { decision: DecisionKind::RollbackUndone, message, ..intent });
            }
            stays::tell(stay, moved.color, deployment.service())
        }
        Ok(Rollback::AlreadyBack(color)) => {
            Ok(skip(deployment, intent, &format!("{color} is already active: nothing to roll back")))
        }
        Ok(Rollback::NothingToRollBack(nothing)) => {
            let skipped = skip(deployment, intent, &why_nothing(deployment, &state, nothing));
            match deployment.routed().await.filter(|routed| *routed != state.active()) {
                None => Ok(skipped),
                Some(routed) => Err(elsewhere(routed)),
            }
        }
        Ok(Rollback::Superseded { active, .. }) => {
            Ok(skip(deployment, intent, &format!("another process moved traffic to {active}; nothing was touched")))
        }
        Err(error) => {
            let failed = Decision { decision: DecisionKind::RollbackFailed, message: error.to_string(), ..intent };
            journal(deployment, &failed);
            Err(failure(&error, deployment.service()))
        }
    }
}

/// Members of `control.group` can ask the monitor to roll back without access to the files.
async fn for_a_member(loaded: &Loaded, error: &StateError, reason: Option<&str>, force: bool) -> Result<u8, Failure> {
    let client = Client::new(&loaded.config.control.socket);
    match timeout(MONITOR_TIMEOUT, client.status()).await {
        Ok(Ok(_)) => ctl::give(loaded, Action::Rollback { force }, reason).await,
        _ => Err(others::unreadable(&loaded.config, error, "rollback")),
    }
}

/// Whether a rollback may be made at all, and the soak that it ends, where its monitor died.
pub async fn cleared(
    config: &Config,
    deployment: &Deployment,
    state: &State,
    force: bool,
) -> Result<Option<SoakBlock>, Failure> {
    if !force {
        refuse_without_force(state)?;
        refuse_dead_standby(config, state).await?;
    }
    orphaned_soak(deployment, state)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tries {
    /// Five times within seconds.
    Five,
    /// Until it succeeds or is interrupted.
    Endless,
}

/// Retries what may pass (full disk, no connection, time limit), and reads everything again; else fails at once.
pub async fn patiently<T, F>(tries: Tries, attempt: impl Fn() -> F) -> Result<T, RollbackError>
where
    F: Future<Output = Result<T, RollbackError>>,
{
    let (mut wait, mut failures) = (FIRST_WAIT, 0_u32);
    loop {
        let error = match attempt().await {
            Err(error) if may_pass(&error, tries) => error,
            done => return done,
        };
        failures = failures.saturating_add(1);
        if tries == Tries::Five && failures >= ATTEMPTS {
            return Err(error);
        }
        tracing::warn!(%error, failures, "trying again");
        // The first ones at once, later ones once a minute or so.
        if failures <= 3 || failures.is_multiple_of(6) {
            let wait = duration_exact(wait);
            output::warn(&format!("NOT ROLLED BACK YET, attempt {failures} failed, retrying in {wait}: {error}"));
        }
        sleep(wait).await;
        wait = (wait * 2).min(MAX_WAIT);
    }
}

/// Waiting for the lock took longer than any attempt: no retry.
fn may_pass(error: &RollbackError, tries: Tries) -> bool {
    let busy = matches!(error, RollbackError::Lock(_));
    !error.is_lasting() && (tries == Tries::Endless || !busy)
}

fn failure(error: &RollbackError, service: &str) -> Failure {
    let Some((foreign, by_hand)) = error.foreign() else {
        let again = format!("switchback rollback --service {service}");
        let patient = if error.is_lasting() {
            String::new()
        } else {
            format!("; or retry until it works: switchback rollback --keep-trying --service {service}")
        };
        return Failure::new(7, format!("ROLLBACK FAILED: {error}\nnext: fix the cause, then: {again}{patient}"));
    };
    Failure::new(7, format!("not rolled back, nothing was moved: {foreign}{}", steps_by_hand(by_hand)))
}

/// The next step if the router holds foreign content.
fn steps_by_hand(step: &str) -> String {
    let again = "switchback rollback";
    format!(". By hand: {step}, then: {again}. Or: {again} --force, which keeps a copy of what it replaces")
}

/// Asks the running monitor to roll back; `None` without an answer in time: then this process acts itself.
async fn by_the_monitor(client: Client, reason: Option<&str>, force: bool) -> Result<Option<u8>, Failure> {
    // Whether it is alive is found out first: an order may take longer to be journaled.
    if !matches!(timeout(MONITOR_TIMEOUT, client.status()).await, Ok(Ok(_))) {
        return Ok(None);
    }
    let done = match ctl::order(&client, Action::Rollback { force }, &actor::starter(), reason).await {
        Ok(done) => done,
        Err(OrderError::Client(ClientError::Refused { why, code })) => match ctl::rollback_under_way(&client).await {
            Ok(Some(done)) => done,
            _ => match code {
                Some(RefusalCode::RouterForeign) => return Err(Failure::new(7, format!("not rolled back: {why}"))),
                Some(RefusalCode::NeedsForce) => return Err(Failure::new(9, why)),
                Some(RefusalCode::NoSoak | RefusalCode::Unknown) | None => return Ok(None),
            },
        },
        Err(error @ OrderError::Unfinished) => return Err(Failure::new(7, error)),
        Err(OrderError::Client(_)) => return Ok(None),
    };
    for line in &done.lines {
        output::line(line);
    }
    Ok(Some(done.exit_code))
}

/// Why there is nothing to roll back. A missing state file is named, because it may have been lost.
pub fn why_nothing(deployment: &Deployment, state: &State, nothing: NothingToRollBack) -> String {
    if state.exists() {
        return nothing.to_string();
    }
    let path = deployment.state_file().path().display();
    format!("there is no state file `{path}`: {nothing}")
}

/// The state file has nothing to roll back, but the router sends traffic to the other color.
pub fn elsewhere(routed: Color) -> Failure {
    let to = routed.other();
    Failure::new(7, format!("the router sends traffic to {routed} anyway; to move it to {to}: switchback switch {to}"))
}

fn refuse_without_force(state: &State) -> Result<(), Failure> {
    if Binding::to(state).is_err() || !state.no_rollback() {
        return Ok(());
    }
    let told = "the release was switched to with --no-rollback, nothing was moved; to roll back anyway: \
                switchback rollback --force";
    Err(Failure::new(9, told))
}

/// A rollback to a color that cannot take traffic would not help. One that is a no-op anyway is not refused.
async fn refuse_dead_standby(config: &Config, state: &State) -> Result<(), Failure> {
    let Ok(binding) = Binding::to(state) else { return Ok(()) };
    if config.soak.standby == StandbyPolicy::Ignore {
        return Ok(());
    }
    let target = binding.previous;
    standby::probe(config, target).await.map_err(|why| {
        Failure::new(
            9,
            format!(
                "{target} is not ready, nothing was moved ({why})\n\
                 next: start {target}, then: switchback rollback --service {service}; with --force traffic moves to {target} \
                 as it is, and users may get no answer: switchback rollback --force --service {service}",
                service = config.service
            ),
        )
    })
}

fn orphaned_soak(deployment: &Deployment, state: &State) -> Result<Option<SoakBlock>, Failure> {
    let running = monitor_state(deployment.state_file()).map_err(Failure::usage)? != MonitorState::NotRunning;
    let unfinished = state.soak().filter(|block| block.phase != Phase::Finished.name());
    Ok(unfinished.filter(|_| !running).cloned())
}

fn intent(state: &State, orphan: Option<&SoakBlock>, reason: Option<&str>) -> Decision {
    let (from, actor) = (state.active(), actor::starter());
    let message = format!("rolling back from {from} to {} by order of {actor}", from.other());
    let mut intent = Decision::new(DecisionKind::Rollback, actor, message);
    intent.soak = orphan.map(|block| block.id.clone());
    intent.reason = reason.map(Reason::from);
    intent
}

async fn finish_orphan(deployment: &Deployment, orphan: Option<SoakBlock>) {
    let Some(block) = orphan else { return };
    let ended = SoakBlock {
        phase: Phase::Finished.name().to_owned(),
        outcome: Some(Outcome::RolledBack.name().to_owned()),
        cause: Some(Cause::Operator.name().to_owned()),
        finished_at: Some(rfc3339_ms(Timestamp::now())),
        ..block
    };
    if let Err(error) = deployment.record_soak(ended).await {
        output::warn(&format!("the state file does not show the end of the soak: {error}"));
    }
}

fn skip(deployment: &Deployment, intent: Decision, message: &str) -> u8 {
    output::line(message);
    let skipped = Decision { soak: None, decision: DecisionKind::Skip, message: message.to_owned(), ..intent };
    journal(deployment, &skipped);
    0
}

fn journal(deployment: &Deployment, decision: &Decision) {
    if let Err(error) = deployment.journal().append(decision, Timestamp::now()) {
        output::warn(&error.to_string());
    }
}
