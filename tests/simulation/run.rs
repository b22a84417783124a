//! One simulated deployment from its first process to the last.

use std::path::Path;
use std::time::Duration;

use switchback::app::deploy::{Deployment, SwitchRequest};
use switchback::app::monitor;
use switchback::app::monitor::{Begin, Finished, OnSignal, Opening};
use switchback::config::{Inputs, Loaded, load};
use switchback::io::journal::Journal;
use switchback::io::ports::Ports;
use switchback::io::router::Replace;
use switchback::io::state::{Release, StateFile};
use switchback::model::{Action, Actor, Color, Decision, DecisionKind, Ending, Outcome};
use tokio::runtime::{Builder, Runtime};
use tokio::time::{sleep, timeout};

use super::judge::judge;
use super::mistakes::Mistake;
use super::plan::{Fault, Meddle, Plan};
use super::world::{Crash, EPOCH_MS, Sim};

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
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
    let root = folder.path().to_owned();
    let state = format!(
        r#"{{"activeColor":"green","lastSwitch":{SWITCHED_MS},"previousColor":"blue","transition":{{"kind":"switch","at":{SWITCHED_MS}}}}}"#
    );
    std::fs::write(root.join("state.json"), state).unwrap();
    let sim = Sim::new(plan.clone(), root.clone());
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
    let history = Journal::new(&root.join("data/shop"), "shop").history(usize::MAX).unwrap_or_default();
    let decisions = history.iter().map(|entry| {
        let made = &entry.decision;
        let message = made.message.replace(&root.display().to_string(), "");
        format!("{:.3} {} by {}: {message}", entry.ts, made.decision, made.actor)
    });
    Report { violations, decisions: decisions.collect(), outcome }
}

fn configuration(plan: &Plan, root: &Path) -> Loaded {
    let path = |name: &str| root.join(name).display().to_string();
    let green: Vec<String> = (1..=plan.instances).map(|port| format!("http://green:{port}")).collect();
    let flags = [
        ("service", "shop".to_owned()),
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
    ];
    let flags = flags.map(|(key, value)| (key.to_owned(), value)).to_vec();
    load(Inputs { flags, folder: root.to_owned(), ..Inputs::default() }).unwrap()
}

pub fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

pub fn deployment(sim: &Sim, root: &Path) -> Deployment {
    let state_file = StateFile::open(&root.join("state.json")).unwrap();
    let router = sim.router_of(&state_file, true);
    let journal = Journal::new(&root.join("data/shop"), "shop");
    Deployment::new(state_file, router, journal, "shop", Duration::from_mins(1)).within(&sim.ports())
}

fn one_process(sim: &Sim, mistake: Option<Mistake>, loaded: &Loaded, begin: Begin) -> Gone {
    let ports = mistake.map_or_else(|| sim.ports(), |mistake| mistake.ports(sim));
    let runtime = runtime();
    runtime.block_on(async {
        sim.begin();
        let background = sim.state().plan.background;
        let save =
            background || sim.state().plan.faults.iter().any(|fault| matches!(fault, Fault::Signal { save: true, .. }));
        let on_signal = if save { OnSignal::Save } else { OnSignal::Abort };
        let watched = async {
            tokio::select! {
                biased;
                () = sim.crash() => Gone::Crashed,
                gone = monitor(sim, &ports, loaded, begin, on_signal) => gone,
                () = sim.crash_by_time() => Gone::Crashed,
            }
        };
        let gone = timeout(PROCESS_TIMEOUT, CatchCrash(Box::pin(watched))).await.unwrap_or(Gone::Endless);
        sim.end();
        if sim.state().crashed.is_some() { Gone::Crashed } else { gone }
    })
}

/// A crash at the disk unwinds to here; in the program nothing stops it.
struct CatchCrash<F>(std::pin::Pin<Box<F>>);

impl<F: Future<Output = Gone>> Future for CatchCrash<F> {
    type Output = Gone;

    fn poll(mut self: std::pin::Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> std::task::Poll<Gone> {
        let polled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.0.as_mut().poll(cx)));
        match polled {
            Ok(polled) => polled,
            Err(panic) if panic.is::<Crash>() => std::task::Poll::Ready(Gone::Crashed),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

async fn monitor(sim: &Sim, ports: &Ports, loaded: &Loaded, begin: Begin, on_signal: OnSignal) -> Gone {
    let actor = Actor::Operator("ann@host".to_owned());
    let opened = match monitor::open(ports, loaded, begin, actor, |_| ()).await {
        Ok(Opening::Ready(opened)) => opened,
        Ok(Opening::Ended { ending, .. }) => return Gone::Ended(ending),
        Err(error) => return Gone::Refused(error.to_string()),
    };
    let settings = opened.settings();
    sim.state().soak = Some((settings.soak.clone(), settings.color, settings.last_switch));
    let hub = opened.hub();
    let faults = sim.state().plan.faults.clone();
    for fault in faults {
        match fault {
            Fault::Order { at_ms, action } if at_ms >= sim.now_ms() => {
                let (sim, hub) = (sim.clone(), hub.clone());
                tokio::spawn(async move {
                    sleep(Duration::from_millis(at_ms.saturating_sub(sim.now_ms()))).await;
                    let answer = hub.order(action, Actor::Operator("bob@host".to_owned()), None).await;
                    let mut state = sim.state();
                    if action == Action::Abort && answer.is_ok() && state.crashed.is_none() {
                        state.aborted = true;
                    }
                });
            }
            Fault::Others { when, to } if !matches!(when, Meddle::At { ms } if ms < sim.now_ms()) => {
                let sim = sim.clone();
                tokio::spawn(async move {
                    while !sim.state().is_time_to_meddle(when) {
                        sleep(Duration::from_millis(10)).await;
                    }
                    move_as_others(&sim, to).await;
                });
            }
            Fault::Undone { after_ms } if sim.state().undone_ms.is_none() => {
                tokio::spawn(undo(sim.clone(), after_ms));
            }
            _ => {}
        }
    }
    match monitor::run(*opened, on_signal, Vec::new()).await {
        Finished::Ended(ending) => Gone::Ended(ending),
        Finished::Saved | Finished::CutOff => Gone::Saved,
    }
}

/// Somebody moves traffic to blue and on to green, or to blue alone, under the deploy lock.
async fn move_as_others(sim: &Sim, to: Color) {
    let root = sim.state().folder.clone();
    let deployment = deployment(sim, &root);
    let actor = || Actor::Operator("eve@elsewhere".to_owned());
    for to in [Color::Blue, to] {
        let decision = Decision::new(DecisionKind::Switch, actor(), format!("eve moves traffic to {to}"));
        let replace = Replace::Ours;
        let _ = deployment.switch(SwitchRequest { to, release: Release::default(), replace, decision }).await;
    }
}

/// A controller that wants green: it moves the router alone, so long after it finds traffic on blue.
async fn undo(sim: Sim, after_ms: u64) {
    while !sim.state().is_back() {
        sleep(Duration::from_millis(10)).await;
    }
    sleep(Duration::from_millis(after_ms)).await;
    let mut state = sim.state();
    if state.is_back() && state.crashed.is_none() {
        (state.router, state.undone_ms) = (Color::Green, Some(state.now_ms()));
    }
}
