//! `rollback --dry-run`: what a rollback would do now. Nothing is moved, nothing is written.

use std::time::Duration;

use tokio::time::timeout;

use crate::app::cli::Common;
use crate::app::commands::rollback;
use crate::app::commands::support::failure::Failure;
use crate::app::commands::support::{context, output, place};
use crate::app::deploy::{Binding, By, Deployment, Foreseen, MoveFailure, Preview, RollbackError};
use crate::config::Config;
use crate::io::control::Client;
use crate::io::router::{TrafficProbe, TrafficProbeError};
use crate::io::state::{MonitorState, State, monitor_state, mover};
use crate::model::number::duration_exact;

const MONITOR_TIMEOUT: Duration = Duration::from_secs(2);

/// Prints what would happen, as far as that can be checked; the exit code is that of the rollback.
pub async fn run(common: &Common, force: bool) -> Result<u8, Failure> {
    let loaded = context::loaded_anywhere(common, place::require)?;
    if let Some(url) = &loaded.config.control.url {
        return Err(Failure::usage(format!(
            "state file and router are on the machine of {url}: run the dry run there"
        )));
    }
    let config = &loaded.config;
    let deployment = Deployment::open(config)?;
    let state = deployment.state_file().read()?;
    output::line("dry run: nothing is moved, nothing is written");
    let by = who(config, &deployment, &state, force).await?;
    let orphan = rollback::cleared(config, &deployment, &state, force).await?.map(|block| block.id);
    tell_move_under_way(&deployment);
    let foreseen =
        rollback::patiently(rollback::Tries::Five, || deployment.foresee_rollback(orphan.clone(), force.into(), by))
            .await;
    match foreseen {
        Ok(Foreseen::Moves(preview)) => tell(&deployment, &state, &preview).await,
        Ok(Foreseen::AlreadyBack(color)) => {
            output::line(&format!("{color} is already active: nothing would be rolled back"));
            Ok(0)
        }
        Ok(Foreseen::Nothing(nothing)) => {
            output::line(&format!("nothing would be moved: {}", rollback::why_nothing(&deployment, &state, nothing)));
            match deployment.routed().await.filter(|routed| *routed != state.active()) {
                None => Ok(0),
                Some(routed) => Err(rollback::elsewhere(routed)),
            }
        }
        Err(error) => Err(would_fail(&deployment, &error)),
    }
}

fn would_fail(deployment: &Deployment, error: &RollbackError) -> Failure {
    let why = match error {
        RollbackError::Failed { failure: MoveFailure::Router(error), target, .. } => {
            let step =
                error.foreign().map(|foreign| super::steps_by_hand(foreign.by_hand(*target))).unwrap_or_default();
            format!("the router {} cannot be moved: {error}{step}", deployment.router().kind())
        }
        RollbackError::Failed { failure, .. } => failure.to_string(),
        RollbackError::Lock(_) | RollbackError::State(_) => error.to_string(),
    };
    Failure::new(7, format!("the rollback would fail: {why}"))
}

/// Where users arrive now. A probe without any answer could not confirm a move.
async fn users(probe: &TrafficProbe) -> Result<String, Failure> {
    match Box::pin(probe.look()).await {
        Ok(color) => Ok(format!("they reach {color} now, according to {}; the move is confirmed there", probe.url())),
        Err(error @ TrafficProbeError::NoAnswer { .. }) => {
            Err(Failure::new(7, format!("the rollback could not be confirmed: {error}")))
        }
        Err(error) => Ok(format!("not known now ({error}); the move is confirmed there")),
    }
}

/// Whoever leads gets the order, on whichever host; this process would act where none answers, and no other host leads.
async fn who(config: &Config, deployment: &Deployment, state: &State, force: bool) -> Result<By, Failure> {
    let running = monitor_state(deployment.state_file()).map_err(Failure::usage)? != MonitorState::NotRunning;
    let client = Client::of(config);
    let is_asked = (running || client.follows_the_leader()) && Binding::to(state).is_ok();
    if is_asked && matches!(timeout(MONITOR_TIMEOUT, client.status()).await, Ok(Ok(_))) {
        output::line("the running monitor would get the order, and end its soak");
        return Ok(By::Monitor);
    }
    if let Some(why) = deployment.kept_from_moving(force).await {
        return Err(Failure::new(7, format!("the rollback would fail: {why}")));
    }
    if is_asked && running {
        output::line(
            "a monitor is running but does not answer: this command would act on its own, and the soak would end superseded",
        );
    }
    Ok(By::ThisProcess)
}

fn tell_move_under_way(deployment: &Deployment) {
    if let Ok(Some(who)) = mover(deployment.state_file()) {
        let wait = duration_exact(deployment.lock_wait());
        output::line(&format!("a move is under way, by {who}: waiting for it like the rollback, up to {wait}"));
    }
}

async fn tell(deployment: &Deployment, state: &State, preview: &Preview) -> Result<u8, Failure> {
    let Preview { target, router, writes_state, journal_trouble } = preview;
    output::line(&format!("traffic would be moved to {target}, away from {}", target.other()));
    let kind = deployment.router().kind();
    for line in router.as_deref().unwrap_or(&["already there".to_owned()]) {
        output::line(&format!("  router {kind}: {line}"));
    }
    if let Some(probe) = deployment.probe() {
        output::line(&format!("  users: {}", users(probe).await?));
    }
    let file = deployment.state_file().path().display();
    if state.active() != *target {
        output::line(&format!("  state file `{file}`: activeColor {target}, previousColor {}", target.other()));
    } else if *writes_state {
        output::line(&format!("  state file `{file}`: marked as a rollback"));
    } else {
        output::line(&format!("  state file `{file}`: already up to date"));
    }
    let journal = deployment.journal().path().display();
    match journal_trouble {
        None => output::line(&format!("  journal `{journal}`: rollback, rolled_back")),
        Some(why) => output::warn(&format!("the rollback would not be in the journal `{journal}`: {why}")),
    }
    Ok(0)
}
