//! `switch` and `soak`: in this process, in the background, or in the background and followed from here.

use std::io::{IsTerminal as _, stdout};
use std::time::Duration;

use tokio::time::timeout;

use crate::cli::{Common, Watch};
use crate::config::Loaded;
use crate::headless::{Output, Printer};
use crate::monitor::{self, Begin, Finished, OnSignal, Opened, Opening};
use crate::soak::Ending;
use crate::tui;

use super::background::{self, Background, Launch};
use super::failure::Failure;
use super::follow;
use super::keeper::Keeper;
use super::{actor, context, form, logging, say, screen};

/// How long the last lines may take to be read by whoever reads stdout.
const PRINT_LIMIT: Duration = Duration::from_secs(5);

/// Loads the configuration and runs.
pub async fn run(common: &Common, begin: Begin, watch: &Watch) -> Result<u8, Failure> {
    if watch.background {
        background::leave_session();
    }
    let loaded = context::loaded(common)?;
    let _log = logging::start(&loaded.config, common.log_level);
    if watch.background {
        return in_background(&loaded, begin).await;
    }
    if watch.detach {
        return Ok(match begin_in_background(&Launch::new(&loaded, common), begin).await? {
            Background::Running(monitor) => {
                say::line(&monitor.describe(&loaded.config.service));
                0
            }
            Background::Over(code) => code,
        });
    }
    if watch.no_tui || watch.supervised || !attended() {
        let on_signal = if watch.supervised { OnSignal::SaveOnTerm } else { OnSignal::Abort };
        return match self::watch(&loaded, begin, watch.output, on_signal).await? {
            Watched::Ran(finished) => Ok(finished.exit_code()),
            Watched::Nothing(code) => Ok(code),
        };
    }
    let launch = Launch::new(&loaded, common);
    match begin_in_background(&launch, begin).await? {
        Background::Running(monitor) => {
            let keeper = Keeper::new(monitor, launch);
            if watch.output == Output::Human && screen::is_possible() {
                let setup = screen::setup(&loaded.config, common, false);
                return screen::left(tui::run(setup, keeper.link(&loaded.config)).await, &loaded.config.service);
            }
            say::line(&keeper.describe());
            follow::run(&loaded.config, watch.output, Some(keeper)).await
        }
        Background::Over(code) => Ok(code),
    }
}

async fn begin_in_background(launch: &Launch, begin: Begin) -> Result<Background, Failure> {
    let (started, printed) = launch.start(begin).await?;
    say::note(&printed);
    Ok(started)
}

/// Whether a person sits at a terminal.
fn attended() -> bool {
    let in_ci = std::env::var_os("CI").is_some_and(|ci| !ci.is_empty() && ci != "false");
    stdout().is_terminal() && !in_ci
}

/// What came of watching in this process.
pub enum Watched {
    /// A run, and how it ended.
    Ran(Finished),
    /// There was nothing to do; the exit code.
    Nothing(u8),
}

/// Runs in this process with a loaded configuration, and prints.
pub async fn watch(loaded: &Loaded, begin: Begin, output: Output, on_signal: OnSignal) -> Result<Watched, Failure> {
    let opened = match open(loaded, begin).await? {
        Ok(opened) => opened,
        Err(code) => return Ok(Watched::Nothing(code)),
    };
    let form = form::of(output, opened.places.clone());
    let printer = Printer::start(form, opened.view(), Box::new(stdout()));
    let finished = monitor::run(opened, on_signal, vec![printer.events()]).await;
    let last_lines = tokio::task::spawn_blocking(move || printer.finish());
    if timeout(PRINT_LIMIT, last_lines).await.is_err() {
        tracing::warn!("nobody reads the last lines: leaving without them");
    }
    match finished {
        Finished::CutOff => say::error(
            "left at once on a second signal, in the middle of a move. See where traffic is: switchback status",
        ),
        Finished::Saved => say::error(&format!(
            "stopped, and saved as it is: nobody watches now. Go on with: switchback soak --resume --service {}",
            loaded.config.service
        )),
        Finished::Ended(_) => {}
    }
    Ok(Watched::Ran(finished))
}

/// The process in the background: nothing is printed, who wants to see attaches.
async fn in_background(loaded: &Loaded, begin: Begin) -> Result<u8, Failure> {
    match open(loaded, begin).await? {
        Ok(opened) => Ok(monitor::run(opened, OnSignal::Save, Vec::new()).await.exit_code()),
        Err(code) => Ok(code),
    }
}

/// Opens a run; `Err` is the exit code where there is nothing to run, which is said.
async fn open(loaded: &Loaded, begin: Begin) -> Result<Result<Opened, u8>, Failure> {
    match monitor::open(loaded, begin, actor::operator(), say::warn).await? {
        Opening::Ready(opened) => Ok(Ok(*opened)),
        Opening::AlreadyActive(color) => {
            let unmarked = if matches!(begin, Begin::Switch { no_way_back: true, .. }) {
                ", and --no-way-back, which belongs to a switch, was not noted"
            } else {
                ""
            };
            say::line(&format!("{color} is active already: nothing was moved{unmarked}. To watch it: switchback soak"));
            Ok(Err(0))
        }
        Opening::Ended { soak, ending } => {
            let Ending { outcome, cause, reason } = &ending;
            say::line(&format!("soak {soak} has ended: {outcome} (cause {}): {reason}", cause.name()));
            Ok(Err(ending.exit_code()))
        }
    }
}
