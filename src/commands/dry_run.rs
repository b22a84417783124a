//! `rollback --dry-run`: what a rollback would do now. Nothing is moved, nothing is written.

use std::time::Duration;

use tokio::time::timeout;

use super::failure::Failure;
use super::{context, rollback, say};
use crate::cli::Common;
use crate::control::Client;
use crate::deploy::{Binding, Color, Deployment, Foreseen, MonitorState, State, monitor_state, mover};

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
        Foreseen::Moves { target, router } => move_to(&deployment, &state, target, router).await,
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

async fn move_to(deployment: &Deployment, state: &State, target: Color, moves_router: bool) -> Result<u8, Failure> {
    if let Some(who) = mover(deployment.state_file()).map_err(Failure::usage)? {
        say::line(&format!("it would wait for the move that is under way, by {who}"));
    }
    say::line(&format!("traffic would be moved to {target}, away from {}", target.other()));
    let router = deployment.router();
    if moves_router {
        let lines = router.try_out(target).await.map_err(|error| {
            Failure::new(7, format!("the rollback would fail: the router {} cannot be moved: {error}", router.kind()))
        })?;
        for line in lines {
            say::line(&format!("  router {}: {line}", router.kind()));
        }
    } else {
        say::line(&format!("  router {}: is there already", router.kind()));
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
