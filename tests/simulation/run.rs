//! One simulated deployment from its first process to the last.

use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use switchback::app::deploy::{Deployment, SwitchRequest};
use switchback::app::monitor;
use switchback::app::monitor::{Begin, Finished, OnSignal, Opening};
use switchback::config::{Inputs, Loaded, load};
use switchback::io::ports::Ports;
use switchback::io::router::Replace;
use switchback::io::state::{Release, StateFile};
use switchback::model::{Action, Actor, Color, Decision, DecisionKind, Ending, Outcome};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tokio::time::{sleep, timeout};

use super::judge::judge;
use super::mistakes::Mistake;
use super::plan::{Fault, Meddle, Plan};
use super::world::{Crash, EPOCH_MS, Sim, Site};

/// `lastSwitch` of the deployment that is watched.
pub const SWITCHED_MS: i64 = EPOCH_MS - 1_000;

/// So many processes may run one after the other, and each for so long, before a run counts as endless.
const PROCESSES: u32 = 12;
const PROCESS_TIMEOUT: Duration = Duration::from_hours(1);

/// `rollback.give_up`.
pub const GIVE_UP_S: u64 = 60;

/// How a process came to its end.
enum Gone {
    Ended(Ending),
    Saved,
    Crashed,
    /// It could not begin.
    Refused(String),
    Endless,
}

/// What came of a plan.
#[derive(Debug, PartialEq, Eq)]
pub struct Report {
    /// What went wrong that must not.
    pub violations: Vec<String>,
    /// Everything that was decided, a line each.
    pub decisions: Vec<String>,
    /// How it ended.
    pub outcome: Option<Outcome>,
}

/// Simulates a plan.
pub fn simulate(plan: &Plan, mistake: Option<Mistake>) -> Report {
    let folder = folder();
    let root = folder.path().to_owned();
    let state = format!(
        r#"{{"activeColor":"green","lastSwitch":{SWITCHED_MS},"previousColor":"blue","transition":{{"kind":"switch","at":{SWITCHED_MS}}}}}"#
    );
    std::fs::write(root.join("state.json"), state).unwrap();
    let (faults, of_site) = plan.faults.iter().copied().partition(Fault::is_of_machine);
    let site = Site::new("shop", Plan { faults: of_site, ..plan.clone() }, &root, Color::Green);
    let sim = Sim::new(plan.seed, faults, vec![site]);
    let loaded = configuration(plan, &root);
    let mut ending = None;
    let (mut last, mut again_ms) = (String::new(), 5_000);
    for process in 0..PROCESSES {
        let begin = if process == 0 { Begin::Soak } else { Begin::Resume };
        match one_process(&sim, mistake, &loaded, begin) {
            Gone::Ended(how) => {
                ending = Some(how);
                break;
            }
            Gone::Saved => sim.pass(500),
            Gone::Crashed => {
                let crash = sim.state().crashed;
                let Some(Fault::Crash { power, away_ms, .. }) = crash else { unreachable!("only crashes crash") };
                sim.pass(away_ms);
                sim.state().away_ms += away_ms;
                if power {
                    sim.power_cut();
                }
            }
            Gone::Refused(why) => {
                last = why;
                // Whoever starts it again waits longer each time: a disk may be full for minutes.
                sim.pass(again_ms);
                sim.state().away_ms += again_ms;
                again_ms *= 2;
            }
            Gone::Endless => {
                "it never ends".clone_into(&mut last);
                break;
            }
        }
    }
    let outcome = ending.as_ref().map(|ending| ending.outcome);
    match ending {
        Some(ending) => judge(&sim, plan, &ending),
        None => sim.state().violations.push(format!("no outcome: {last}")),
    }
    let violations = std::mem::take(&mut sim.state().violations);
    Report { violations, decisions: decided(&sim.state().sites[0], &root), outcome }
}

/// Everything that was decided for a deployment, a line each.
pub fn decided(site: &Site, root: &Path) -> Vec<String> {
    let history = site.journal().history(usize::MAX).unwrap_or_default();
    let decisions = history.iter().map(|entry| {
        let made = &entry.decision;
        let message = made.message.replace(&root.display().to_string(), "");
        format!("{:.3} {} by {}: {message}", entry.ts, made.decision, made.actor)
    });
    decisions.collect()
}

/// Where a run has its files: in memory, if that is possible.
pub fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

fn configuration(plan: &Plan, root: &Path) -> Loaded {
    let flags = settings(plan, "shop", root).map(|(key, value)| (key.to_owned(), value)).to_vec();
    load(Inputs { flags, folder: root.to_owned(), ..Inputs::default() }).unwrap()
}

/// The keys of a deployment in this folder.
pub fn settings(plan: &Plan, service: &str, folder: &Path) -> [(&'static str, String); 13] {
    let path = |name: &str| folder.join(name).display().to_string();
    let green: Vec<String> = (1..=plan.instances).map(|port| format!("http://green:{port}")).collect();
    [
        ("service", service.to_owned()),
        ("state_file", path("state.json")),
        ("data_dir", path("data")),
        ("colors.blue.instances", "http://blue:1".to_owned()),
        ("colors.green.instances", green.join(",")),
        ("soak.window", format!("{}s", plan.window_s)),
        ("soak.interval", "1s".to_owned()),
        ("soak.warmup", "1s".to_owned()),
        ("soak.grace", format!("{}s", plan.grace_s)),
        ("soak.on_inconclusive", plan.on_inconclusive.to_owned()),
        ("soak.max_extension", "10s".to_owned()),
        ("soak.verify_window", "3s".to_owned()),
        ("rollback.give_up", format!("{GIVE_UP_S}s")),
    ]
}

pub fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

/// The deployment for others than the monitor.
pub fn deployment(sim: &Sim, site: usize) -> Deployment {
    let (path, journal, name) = {
        let site = &sim.state().sites[site];
        (site.state_path(), site.journal(), site.name.clone())
    };
    let state_file = StateFile::open(&path).unwrap();
    let router = sim.router_of(site, &state_file, true);
    Deployment::new(state_file, router, journal, &name, Duration::from_mins(1)).within(&sim.ports())
}

fn one_process(sim: &Sim, mistake: Option<Mistake>, loaded: &Loaded, begin: Begin) -> Gone {
    let ports = mistake.map_or_else(|| sim.ports(), |mistake| mistake.ports(sim));
    let runtime = runtime();
    runtime.block_on(async {
        sim.begin();
        let background = sim.state().sites[0].plan.background;
        let save =
            background || sim.state().faults.iter().any(|fault| matches!(fault, Fault::Signal { save: true, .. }));
        let on_signal = if save { OnSignal::Save } else { OnSignal::Abort };
        let watched = async {
            tokio::select! {
                biased;
                () = sim.crash() => Gone::Crashed,
                gone = monitor(sim, &ports, loaded, begin, on_signal) => gone,
                () = sim.crash_by_time() => Gone::Crashed,
            }
        };
        let gone = timeout(PROCESS_TIMEOUT, CatchCrash::of(Box::pin(watched), || Gone::Crashed))
            .await
            .unwrap_or(Gone::Endless);
        sim.end();
        if sim.state().crashed.is_some() { Gone::Crashed } else { gone }
    })
}

/// A crash at the disk unwinds to here; in the program nothing stops it.
pub struct CatchCrash<F: Future> {
    process: Pin<Box<F>>,
    crashed: fn() -> F::Output,
}

impl<F: Future> CatchCrash<F> {
    pub const fn of(process: Pin<Box<F>>, crashed: fn() -> F::Output) -> Self {
        Self { process, crashed }
    }
}

impl<F: Future> Future for CatchCrash<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let polled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.process.as_mut().poll(cx)));
        match polled {
            Ok(polled) => polled,
            Err(panic) if panic.is::<Crash>() => Poll::Ready((self.crashed)()),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

async fn monitor(sim: &Sim, ports: &Ports, loaded: &Loaded, begin: Begin, on_signal: OnSignal) -> Gone {
    let actor = Actor::Operator("ann@host".to_owned());
    let opened = match monitor::open(ports, loaded, begin, actor, &|_| ()).await {
        Ok(Opening::Ready(opened)) => opened,
        Ok(Opening::Ended { ending, .. }) => return Gone::Ended(ending),
        Err(error) => return Gone::Refused(error.to_string()),
    };
    let settings = opened.settings();
    sim.state().sites[0].soak = Some((settings.soak.clone(), settings.color, settings.last_switch));
    let hub = opened.hub();
    let faults = sim.state().sites[0].plan.faults.clone();
    for fault in faults {
        match fault {
            Fault::Order { at_ms, action } if at_ms >= sim.now_ms() => {
                let (sim, hub) = (sim.clone(), hub.clone());
                tokio::spawn(async move {
                    sleep(Duration::from_millis(at_ms.saturating_sub(sim.now_ms()))).await;
                    let answer = hub.order(action, Actor::Operator("bob@host".to_owned()), None).await;
                    let mut state = sim.state();
                    if action == Action::Abort && answer.is_ok() && state.crashed.is_none() {
                        state.sites[0].aborted = true;
                    }
                });
            }
            Fault::Others { when, to } if !matches!(when, Meddle::At { ms } if ms < sim.now_ms()) => {
                let sim = sim.clone();
                tokio::spawn(async move {
                    while !is_time_to_meddle(&sim, when) {
                        sleep(Duration::from_millis(10)).await;
                    }
                    move_as_others(&sim, to).await;
                });
            }
            Fault::Undone { after_ms } if sim.state().sites[0].undone_ms.is_none() => {
                tokio::spawn(undo(sim.clone(), after_ms));
            }
            _ => {}
        }
    }
    match monitor::run(*opened, on_signal, None).await {
        Finished::Ended(ending) => Gone::Ended(ending),
        Finished::Saved | Finished::StoodDown | Finished::CutOff => Gone::Saved,
    }
}

fn is_time_to_meddle(sim: &Sim, when: Meddle) -> bool {
    let state = sim.state();
    state.sites[0].is_time_to_meddle(when, state.now_ms())
}

/// Somebody moves traffic to blue and on to green, or to blue alone, under the deploy lock.
async fn move_as_others(sim: &Sim, to: Color) {
    let deployment = deployment(sim, 0);
    let actor = || Actor::Operator("eve@elsewhere".to_owned());
    for to in [Color::Blue, to] {
        let decision = Decision::new(DecisionKind::Switch, actor(), format!("eve moves traffic to {to}"));
        let replace = Replace::Ours;
        let _ = deployment.switch(SwitchRequest { to, release: Release::default(), replace, decision }).await;
    }
}

/// A controller that wants green: it moves the router alone, so long after it finds traffic on blue.
async fn undo(sim: Sim, after_ms: u64) {
    while !sim.state().sites[0].is_back() {
        sleep(Duration::from_millis(10)).await;
    }
    sleep(Duration::from_millis(after_ms)).await;
    let mut state = sim.state();
    if state.sites[0].is_back() && state.crashed.is_none() {
        let now_ms = state.now_ms();
        let site = &mut state.sites[0];
        (site.router, site.undone_ms) = (Color::Green, Some(now_ms));
    }
}
