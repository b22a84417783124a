//! `rollback --dry-run`: what a rollback would do now. Nothing is moved, nothing is written.

use std::time::Duration;

use tokio::time::timeout;

use super::failure::Failure;
use super::{context, rollback, say};
use crate::cli::Common;
use crate::control::Client;
use crate::deploy::{Binding, Color, Deployment, Foreseen, MonitorState, State, monitor_state, mover};
use crate::router::{Replace, TrafficProbe, TrafficProbeError};

/// How long a monitor may take to answer.
const MONITOR_LIMIT: Duration = Duration::from_secs(2);

/// Says what would happen, as far as it can be looked into; the exit code is the one that the rollback would have.
pub async fn run(common: &Common, force: bool) -> Result<u8, Failure> {
    let loaded = context::loaded_anywhere(common)?;
    if let Some(url) = &loaded.config.control.url {
        return Err(Failure::usage(format!(
            "state file and router are those of the machine of {url}: make the dry run there"
        )));
    }
    let config = &loaded.config;
    let deployment = Deployment::open(config)?;
    let state = deployment.state_file().read()?;
    say::line("dry run: nothing is moved, nothing is written");
    if monitor_state(deployment.state_file()).map_err(Failure::usage)? != MonitorState::NotRunning
        && Binding::to(&state).is_ok()
    {
        let answers = matches!(timeout(MONITOR_LIMIT, Client::new(&config.control.socket).status()).await, Ok(Ok(_)));
        say::line(if answers {
            "the monitor that is running would be given the order, and its soak would end with it"
        } else {
            "a monitor is running and does not answer: this command would act beside it, and its soak would end superseded"
        });
    }
    if !force {
        rollback::refuse_without_a_way_back(&state)?;
        rollback::refuse_dead_standby(config, &state).await?;
    }
    let orphan = rollback::orphaned_soak(&deployment, &state)?;
    let foreseen = deployment.foresee_rollback(orphan.map(|block| block.id)).await?;
    match foreseen {
        Foreseen::Moves { target, router } => move_to(&deployment, &state, target, router, force.into()).await,
        Foreseen::AlreadyBack(color) => {
            say::line(&format!("{color} is active already: there would be nothing to roll back"));
            Ok(0)
        }
        Foreseen::Nothing(nothing) => {
            say::line(&format!("nothing would be moved: {nothing}"));
            match deployment.routed().await.filter(|routed| *routed != state.active()) {
                None => Ok(0),
                Some(routed) => Err(rollback::elsewhere(routed)),
            }
        }
    }
}

/// What to do where the router holds what is not ours.
pub fn by_hand(step: &str) -> String {
    let again = "switchback rollback";
    format!(". By hand: {step}, then: {again}. Or: {again} --force, which keeps a copy of what it replaces")
}

/// Where users arrive now. A page that gives no answer at all could confirm no move.
async fn users(probe: &TrafficProbe) -> Result<String, Failure> {
    match Box::pin(probe.look()).await {
        Ok(color) => Ok(format!("they reach {color} now, by {}; the move is confirmed there", probe.url())),
        Err(error @ TrafficProbeError::NoAnswer { .. }) => {
            Err(Failure::new(7, format!("the rollback could not be confirmed: {error}")))
        }
        Err(error) => Ok(format!("not known now ({error}); the move is confirmed there")),
    }
}

async fn move_to(
    deployment: &Deployment,
    state: &State,
    target: Color,
    moves_router: bool,
    replace: Replace,
) -> Result<u8, Failure> {
    if let Some(who) = mover(deployment.state_file()).map_err(Failure::usage)? {
        say::line(&format!("it would wait for the move that is under way, by {who}"));
    }
    say::line(&format!("traffic would be moved to {target}, away from {}", target.other()));
    let router = deployment.router();
    if moves_router {
        let lines = router.try_out(target, replace).await.map_err(|error| {
            let step = error.foreign().map(|foreign| by_hand(foreign.by_hand(target))).unwrap_or_default();
            let kind = router.kind();
            Failure::new(7, format!("the rollback would fail: the router {kind} cannot be moved: {error}{step}"))
        })?;
        for line in lines {
            say::line(&format!("  router {}: {line}", router.kind()));
        }
    } else {
        say::line(&format!("  router {}: is there already", router.kind()));
    }
    if let Some(probe) = deployment.probe() {
        say::line(&format!("  users: {}", users(probe).await?));
    }
    let file = deployment.state_file().path().display();
    if state.active() == target {
        say::line(&format!("  state file `{file}`: says so already"));
    } else {
        say::line(&format!("  state file `{file}`: activeColor {target}, previousColor {}", target.other()));
    }
    say::line(&format!("  journal `{}`: rollback, rolled_back", deployment.journal().path().display()));
    Ok(0)
}
