//! From the command line to the command.

use std::time::Duration;

use crate::app::called;
use crate::app::cli::{Cli, Command, Common, HistoryCommand, Status, version};
use crate::app::monitor::Begin;
use crate::io::children;
use crate::io::descriptors;
use crate::model::Color;

use super::history::prune;
use super::rollback::dry_run;
use super::support::failure::Failure;
use super::support::output;
use super::{
    agent, attach, backtest, completions, config, ctl, demo, doctor, fleet, freeze, history, init, man, replay,
    rollback, soak, status, switch, verify,
};

/// Threads of an agent for what may wait beside its writers: they must not grow with its soaks.
const BLOCKING_THREADS: usize = 16;
/// Threads that ask instances, of all but an agent. What is done with an answer takes less time than to wake another one for it, and
/// two would wait for each other where they allocate: one takes a sixth less CPU a scrape.
const WORKERS: usize = 1;
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);

/// Runs a command and returns the program's exit code. What went wrong is printed on stderr.
pub fn main(cli: Cli) -> u8 {
    children::reap_orphans();
    // Without it fewer instances can be watched; `doctor` says how many.
    let _ = descriptors::raise();
    called::remember(cli.common.directory.as_deref(), cli.common.config.as_deref());
    if let Some(folder) = &cli.common.directory
        && let Err(error) = std::env::set_current_dir(folder)
    {
        return cli.close().fail(&Failure::usage(format!("cannot use the folder `{}`: {error}", folder.display())));
    }
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if matches!(cli.command, Command::Agent(_)) {
        runtime.max_blocking_threads(BLOCKING_THREADS);
    } else {
        runtime.worker_threads(WORKERS);
    }
    let runtime = match runtime.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return cli.close().fail(&Failure::internal(format!("cannot start: {error}")));
        }
    };
    let close = cli.close();
    close.prepare();
    let Cli { common, command } = cli;
    let done = runtime.block_on(run(&common, command));
    runtime.shutdown_timeout(SHUTDOWN_TIMEOUT);
    close.finish(&common, done)
}

async fn run(common: &Common, command: Command) -> Result<u8, Failure> {
    match command {
        Command::Demo(demo) => Box::pin(demo::run(common, demo)).await,
        Command::Switch { color, switch } => switch::run(common, color, &switch).await,
        Command::SwitchGreen(switch) => switch::run(common, Some(Color::Green), &switch).await,
        Command::SwitchBlue(switch) => switch::run(common, Some(Color::Blue), &switch).await,
        Command::Soak { resume: false, watch } => soak::run(common, Begin::Soak, &watch).await,
        Command::Soak { resume: true, watch } => soak::run(common, Begin::Resume, &watch).await,
        Command::Agent(agent) => Box::pin(agent::run(common, &agent)).await,
        Command::Attach(attach) => attach::run(common, &attach).await,
        Command::Ctl { order, .. } => ctl::run(common, &order).await,
        Command::Rollback { reason, force, keep_trying, dry_run: false, .. } => {
            let tries = if keep_trying { rollback::Tries::Endless } else { rollback::Tries::Five };
            rollback::run(common, reason, force, tries).await
        }
        Command::Rollback { force, dry_run: true, .. } => dry_run::run(common, force).await,
        Command::Fleet(asked) => Box::pin(fleet::run(common, &asked)).await,
        Command::Init(init) => Box::pin(init::run(common, &init)).await,
        Command::Doctor { json } => doctor::run(common, json).await,
        Command::Freeze { length, reason } => freeze::freeze(common, length, reason),
        Command::Unfreeze => freeze::unfreeze(common),
        Command::Status(Status { inactive: true, .. }) => status::inactive(common).await,
        Command::Status(status) => Box::pin(status::run(common, &status)).await,
        Command::History { command: None, json, limit } => history::run(common, json, limit).await,
        Command::History { command: Some(HistoryCommand::Prune { dry_run }), json: false, limit: None } => {
            prune::run(common, dry_run)
        }
        Command::History { command: Some(HistoryCommand::Soaks), json: false, limit: None } => history::soaks(common),
        Command::History { .. } => Err(Failure::usage("--json and --limit cannot be used with prune or soaks")),
        Command::Replay(replay) => replay::run(common, &replay).await,
        Command::Backtest(backtest) => backtest::run(common, &backtest),
        Command::Verify { file } => verify::run(common, file),
        Command::Config(command) => config::run(common, &command),
        Command::Completions { shell } => completions::run(shell),
        Command::Man { page, all: None } => man::page(&page),
        Command::Man { all: Some(folder), .. } => man::all(&folder),
        Command::Version => {
            output::line(&format!("switchback {}", version()));
            Ok(0)
        }
    }
}
