//! `switch` and `soak`: in this process, in the background, or in the background and followed from here.

use std::io::{IsTerminal as _, stdout};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{sleep, timeout};

use crate::app::cli::{Common, Watch};
use crate::app::headless::{Observer, Output, Printer, Told, conclude};
use crate::app::monitor;
use crate::app::monitor::{Begin, Finished, OnSignal, Opened, Opening};
use crate::app::tui;
use crate::config::{Config, Loaded};
use crate::io::coordination::{Finder, Member};
use crate::io::journal::Journal;
use crate::io::ports::Ports;
use crate::io::state::{SoakBlock, State, StateFile};
use crate::io::tasks::boxed;
use crate::model::{Ending, Outcome};

use super::support::background::{self, Background, Launch};
use super::support::failure::Failure;
use super::support::follow;
use super::support::responsible;
use super::support::responsible::Through;
use super::support::supervisor::Supervisor;
use super::support::{actor, ci_job, context, format, logging, output, place, screen};

/// How long a reader of stdout may take for the last lines.
const PRINT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a host that stands by may take to lead once nobody does, and how often that is looked at.
const TAKE_OVER: Duration = Duration::from_secs(1);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

pub async fn run(common: &Common, begin: Begin, watch: &Watch) -> Result<u8, Failure> {
    if watch.background {
        background::leave_session();
    }
    let loaded = configuration(common, begin, watch)?;
    if matches!(begin, Begin::Switch { .. }) {
        place::has_instances(&loaded)?;
    }
    let _log = logging::start(&loaded.config, common.log_level);
    if watch.background {
        return in_background(&loaded, begin, watch.output).await;
    }
    match responsible::begin(&loaded, begin).await? {
        Some(Through::Run(run)) => {
            return run.follow(common, watch, !watch.no_tui && !watch.supervised && attended()).await;
        }
        Some(Through::Ended { soak, ending }) => return Ok(tell_ended(&loaded, begin, watch.output, soak, ending)),
        None => {}
    }
    if watch.detach {
        let launch = Launch::new(&loaded, common, watch.output);
        return match begin_in_background(&launch, begin, &loaded.config, watch.output).await? {
            Background::Running(monitor) => {
                follow::until_it_watches(&loaded.config, watch.output, Supervisor::new(monitor, launch)).await
            }
            Background::Over(code) => Ok(code),
        };
    }
    if watch.no_tui || watch.supervised || !attended() {
        let on_signal = if watch.supervised { OnSignal::SaveOnTerm } else { OnSignal::Abort };
        return match Box::pin(self::watch(&loaded, begin, watch.output, on_signal)).await? {
            Watched::Ran(finished) => Ok(finished.exit_code()),
            Watched::Nothing(code) => Ok(code),
        };
    }
    let launch = Launch::new(&loaded, common, watch.output);
    match begin_in_background(&launch, begin, &loaded.config, watch.output).await? {
        Background::Running(monitor) => {
            let supervisor = Supervisor::new(monitor, launch);
            if watch.output == Output::Human && screen::is_possible() {
                let setup = screen::setup(&loaded.config, common, false);
                return screen::left(tui::run(setup, supervisor.link(&loaded.config)).await, &loaded.config.service);
            }
            output::line(&supervisor.describe());
            follow::run(&loaded.config, watch.output, Some(supervisor)).await
        }
        Background::Over(code) => Ok(code),
    }
}

/// A soak that is resumed must not stop over a mistyped variable.
fn configuration(common: &Common, begin: Begin, watch: &Watch) -> Result<Loaded, Failure> {
    let lenient = begin == Begin::Resume || watch.supervised;
    if watch.background {
        // The parent process has printed the warnings.
        let loaded = context::read(common)?;
        place::require(&loaded)?;
        return if lenient { Ok(loaded) } else { context::strictly(loaded) };
    }
    if lenient { context::loaded(common, place::require) } else { context::loaded_strictly(common, place::require) }
}

async fn begin_in_background(
    launch: &Launch,
    begin: Begin,
    config: &Config,
    output: Output,
) -> Result<Background, Failure> {
    background::tell_ci_job();
    let before = follow::newest(config);
    let (started, printed) = launch.start(begin).await?;
    output::note(&printed.log);
    output::data(&printed.out);
    if matches!(started, Background::Over(_)) && !printed.out.is_empty() {
        // In the form that was asked for.
        conclude();
    }
    // A run can end before it is followed, for example if the router fails at once.
    if matches!(started, Background::Over(_)) && follow::newest(config) != before {
        follow::tell_all(config, output).await;
    }
    Ok(started)
}

fn attended() -> bool {
    stdout().is_terminal() && !ci_job::in_ci()
}

pub enum Watched {
    Ran(Finished),
    /// There was nothing to do; the exit code.
    Nothing(u8),
}

/// Runs in this process with a loaded configuration, and prints. Whoever loses the lead stands by, until it leads again.
pub async fn watch(loaded: &Loaded, begin: Begin, output: Output, on_signal: OnSignal) -> Result<Watched, Failure> {
    let (mut begin, mut own) = (begin, None);
    loop {
        match Box::pin(watch_once(loaded, begin, output, on_signal, &mut own)).await? {
            Watched::Ran(Finished::StoodDown) => begin = Begin::Resume,
            watched => return Ok(watched),
        }
    }
}

/// `own` is the soak that was watched before the lead was lost.
async fn watch_once(
    loaded: &Loaded,
    begin: Begin,
    output: Output,
    on_signal: OnSignal,
    own: &mut Option<String>,
) -> Result<Watched, Failure> {
    let opened = match open(loaded, begin, output, own.as_deref()).await? {
        Ok(opened) => opened,
        Err(code) => return Ok(Watched::Nothing(code)),
    };
    own.get_or_insert_with(|| opened.settings().soak.clone());
    let form = format::of(output, opened.places.clone());
    let printer = Printer::start(form, Box::new(stdout()));
    let finished = run_beside_samplers(opened, on_signal, Some(printer.observer())).await;
    let last_lines = tokio::task::spawn_blocking(move || printer.finish());
    if timeout(PRINT_TIMEOUT, last_lines).await.is_err() {
        tracing::warn!("the last lines are not read: exiting without them");
    }
    match finished {
        Finished::CutOff => {
            output::error(
                "exited on a second signal, in the middle of a move. See where traffic is: switchback status",
            );
        }
        Finished::Saved => match successor(&loaded.config).await {
            Some(leader) => output::error(&format!("stopped; state saved. {leader} leads now, and continues the soak")),
            None => output::error(&format!(
                "stopped; state saved. The release is UNWATCHED. Resume with: switchback soak --resume --service {}",
                loaded.config.service
            )),
        },
        Finished::StoodDown => output::error("another host leads now, or may: standing by"),
        Finished::Ended(_) => {}
    }
    Ok(Watched::Ran(finished))
}

/// The host that took over from this process, which has given up the lead.
async fn successor(config: &Config) -> Option<Member> {
    let finder = Finder::of(config).ok()??;
    let leader = async {
        loop {
            let leader = finder.leader().await.ok().flatten();
            let next = leader.filter(|leader| leader.pid != std::process::id() || leader.host != Member::host_here());
            if next.is_some() {
                return next;
            }
            sleep(LOOK_AGAIN).await;
        }
    };
    timeout(TAKE_OVER, leader).await.ok().flatten()
}

/// On the threads that ask the instances: to wake another one for each answer takes longer than what is done with it.
async fn run_beside_samplers(opened: Opened, on_signal: OnSignal, observer: Option<Observer>) -> Finished {
    match tokio::spawn(boxed(monitor::run(opened, on_signal, observer))).await {
        Ok(finished) => finished,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// The background process: prints nothing.
async fn in_background(loaded: &Loaded, begin: Begin, output: Output) -> Result<u8, Failure> {
    let (mut begin, mut own) = (begin, None);
    loop {
        let opened = match open(loaded, begin, output, own.as_deref()).await? {
            Ok(opened) => opened,
            Err(code) => return Ok(code),
        };
        own.get_or_insert_with(|| opened.settings().soak.clone());
        match run_beside_samplers(opened, OnSignal::Save, None).await {
            Finished::StoodDown => begin = Begin::Resume,
            finished => return Ok(finished.exit_code()),
        }
    }
}

/// Opens a run; `Err` is the exit code if there is nothing to run, which has been printed. The end of another soak than our `own` is
/// none of ours.
async fn open(loaded: &Loaded, begin: Begin, output: Output, own: Option<&str>) -> Result<Result<Opened, u8>, Failure> {
    let ports = Ports::real();
    let opening = Box::pin(monitor::open(&ports, loaded, begin, actor::starter(), &output::warn));
    let (soak, ending) = match opening.await? {
        Opening::Ready(opened) => return Ok(Ok(*opened)),
        Opening::Ended { soak, ending } => (soak, ending),
    };
    if own.is_some() && own != soak.as_deref() {
        let superseded = Ending { outcome: Outcome::Superseded, ..ending };
        output::error("another host has ended this soak, and another one followed it: see `switchback history`");
        return Ok(Err(superseded.exit_code()));
    }
    Ok(Err(tell_ended(loaded, begin, output, soak, ending)))
}

/// Prints why there is nothing to run; returns the exit code.
fn tell_ended(loaded: &Loaded, begin: Begin, output: Output, soak: Option<String>, ending: Ending) -> u8 {
    if let Begin::Switch { to, no_rollback, .. } = begin {
        if soak.is_some() {
            output::warn(&format!("{to} is already live; nothing was moved. Printing its last outcome"));
        }
        if no_rollback {
            output::warn("--no-rollback was ignored: it applies to a switch that moves traffic");
        }
    }
    let config = &loaded.config;
    let journal = Journal::new(&config.service_dir(), &config.service).path().to_owned();
    let state = StateFile::open(&config.state_file).ok().and_then(|file| file.read().ok());
    let judged = |block: &&SoakBlock| Some(&block.id) == soak.as_ref();
    let told = Told {
        service: config.service.clone(),
        release: state
            .as_ref()
            .and_then(|state| state.soak())
            .filter(judged)
            .and_then(|block| block.known_release().map(str::to_owned)),
        active: state.as_ref().map(State::active),
        soak,
        ending,
        journal,
        at: Timestamp::now(),
    };
    if let Err(error) = told.print(output, &format::job_files(), stdout()) {
        tracing::debug!(%error, "the output is not read");
    }
    told.ending.exit_code()
}
