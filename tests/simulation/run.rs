//! One simulated deployment from its first process to the last.

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use switchback::app::deploy::{Binding, Deployment, Rollback, RollbackRequest, SwitchRequest};
use switchback::app::monitor;
use switchback::app::monitor::{Begin, Finished, OnSignal, Opening};
use switchback::config::{Inputs, Loaded, load};
use switchback::core::soak::{Action, Actor, Cause, Decision, DecisionKind, Ending, Outcome};
use switchback::io::journal::{Journal, verify};
use switchback::io::router::{self, Replace};
use switchback::io::seam;
use switchback::io::state::{Release, StateFile};
use switchback::model::Color;
use switchback::model::mutation::Mutation;
use tokio::runtime::{Builder, Runtime};
use tokio::time::{sleep, timeout};

use super::plan::{Fault, Meddle, Plan, Weather};
use super::world::{Crash, EPOCH_MS, Sim};

/// `lastSwitch` of the deployment that is watched.
const SWITCHED_MS: i64 = EPOCH_MS - 1_000;

/// A release that has been failing for so long is seen to fail.
const MOST_UNSEEN_MS: u64 = 3_000;

/// So many processes may run one after the other, and each for so long, before a run counts as endless.
const PROCESSES: u32 = 12;
const PROCESS_LIMIT: Duration = Duration::from_hours(1);

/// `rollback.give_up`, and how much longer than that a watch in the foreground may take to end: a tick and a move.
const GIVE_UP_S: u64 = 60;
const MOST_LATE_MS: u64 = 5_000;

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
pub fn simulate(plan: &Plan, mutation: Option<Mutation>) -> Report {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
    let root = folder.path().to_owned();
    let state = format!(
        r#"{{"activeColor":"green","lastSwitch":{SWITCHED_MS},"previousColor":"blue","transition":{{"kind":"switch","at":{SWITCHED_MS}}}}}"#
    );
    std::fs::write(root.join("state.json"), state).unwrap();
    let sim = Sim::new(plan.clone(), mutation, root.clone());
    let world = sim.clone();
    let entered = (seam::enter(Rc::new(sim.clone())), router::simulate(move |state_file| world.router(state_file)));
    let loaded = configuration(plan, &root);
    let mut ending = None;
    let (mut last, mut again_ms) = (String::new(), 5_000);
    for process in 0..PROCESSES {
        let begin = if process == 0 { Begin::Soak } else { Begin::Resume };
        match one_process(&sim, &loaded, begin) {
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
    drop(entered);
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
    let flags = [
        ("service", "shop".to_owned()),
        ("state_file", path("state.json")),
        ("data_dir", path("data")),
        ("colors.blue.instances", "http://blue:1".to_owned()),
        ("colors.green.instances", "http://green:1".to_owned()),
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

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

fn deployment(sim: &Sim, root: &Path) -> Deployment {
    let state_file = StateFile::open(&root.join("state.json")).unwrap();
    let router: Arc<dyn router::Router> =
        if sim.state().plan.router_speaks { sim.router_of(true) } else { sim.router(&state_file) };
    let journal = Journal::new(&root.join("data/shop"), "shop");
    Deployment::new(state_file, router, journal, "shop", Duration::from_mins(1))
}

fn one_process(sim: &Sim, loaded: &Loaded, begin: Begin) -> Gone {
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
                gone = monitor(sim, loaded, begin, on_signal) => gone,
                () = sim.crash_by_time() => Gone::Crashed,
            }
        };
        let gone = timeout(PROCESS_LIMIT, CatchCrash(Box::pin(watched))).await.unwrap_or(Gone::Endless);
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

async fn monitor(sim: &Sim, loaded: &Loaded, begin: Begin, on_signal: OnSignal) -> Gone {
    let actor = Actor::Operator("ann@host".to_owned());
    let opened = match monitor::open(loaded, begin, actor, |_| ()).await {
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

/// What has to hold where a controller may have undone the rollback.
fn judge_undone(sim: &Sim, ending: &Ending, recovered: bool) -> Option<String> {
    let now_ms = sim.now_ms();
    let state = sim.state();
    let Some(undone_ms) = state.undone_ms else {
        return (ending.outcome == Outcome::RollbackUndone).then(|| "undone, they say, and nobody undid it".to_owned());
    };
    // The answer that ends a verification is read in the last moments of it.
    let long_before = state.crashes == 0 && now_ms > undone_ms + 500;
    let unnoticed = recovered && (state.undone_seen > 0 || long_before);
    unnoticed.then(|| format!("recovered at {now_ms}, and traffic is on the new color again since {undone_ms}"))
}

/// In the foreground a rollback that fails is given up in time, however often the monitor was another one meanwhile.
fn too_long(sim: &Sim, plan: &Plan, ending: &Ending, no_record: bool) -> Option<String> {
    let now_ms = sim.now_ms();
    let state = sim.state();
    let saves = plan.background || plan.faults.iter().any(|fault| matches!(fault, Fault::Signal { save: true, .. }));
    // In another boot only the wall clock tells how long nobody was there.
    let jumps = plan.faults.iter().any(|fault| matches!(fault, Fault::WallJump { .. }));
    if ending.outcome != Outcome::RollbackFailed || saves || no_record || jumps {
        return None;
    }
    let lasted_ms = now_ms.saturating_sub(state.first_try_ms?);
    let most_ms = GIVE_UP_S * 1_000 + MOST_LATE_MS + state.away_ms;
    (lasted_ms > most_ms)
        .then(|| format!("a rollback was tried for {lasted_ms} ms, with {} ms of nobody", state.away_ms))
}

/// What has to hold once everything is quiet.
fn judge(sim: &Sim, plan: &Plan, ending: &Ending) {
    let (root, soak) = {
        let state = sim.state();
        (state.folder.clone(), state.soak.clone())
    };
    let mut found = Vec::new();
    let state_file = StateFile::open(&root.join("state.json")).unwrap();
    let state = match state_file.read() {
        Ok(state) => state,
        Err(error) => {
            sim.state().violations.push(format!("the state file does not read back: {error}"));
            return;
        }
    };
    let journal = Journal::new(&root.join("data/shop"), "shop");
    if let Err(error) = verify(journal.path(), state.journal()) {
        found.push(format!("the journal does not verify: {error}"));
    }
    let touched_by = |is: fn(&Fault) -> bool| plan.faults.iter().any(is);
    let others = touched_by(|fault| matches!(fault, Fault::Others { .. }));
    let loud = matches!(ending.outcome, Outcome::RollbackFailed | Outcome::RollbackUndone | Outcome::SwitchFailed);
    let undone = sim.state().undone_ms.is_some();
    // Killed while its disk was full, a monitor leaves no record of the traffic it moved: the next one can only see that.
    let no_record = sim.state().disk_failed && sim.state().crashes > 0;
    // Nobody resumes what somebody else left half done.
    let half_done = others
        && touched_by(|fault| {
            matches!(
                fault,
                Fault::Crash { .. }
                    | Fault::Router { .. }
                    | Fault::RouterDown { .. }
                    | Fault::RouterUnread { .. }
                    | Fault::DiskFull { .. }
            )
        });
    if plan.router_speaks && !loud && !undone && !half_done && !no_record && sim.state().router != state.active() {
        found.push(format!(
            "after {} the router is on {}, the state file on {}",
            ending.outcome,
            sim.state().router,
            state.active()
        ));
    }
    let soak_id = soak.as_ref().map(|(id, ..)| id.clone()).unwrap_or_default();
    let kinds: Vec<DecisionKind> = match journal.of_soak(&soak_id) {
        Ok(entries) => entries.into_iter().map(|entry| entry.decision.decision).collect(),
        Err(error) => {
            found.push(format!("the journal does not read back: {error}"));
            Vec::new()
        }
    };
    let count = |kind| kinds.iter().filter(|made| **made == kind).count();
    if !half_done {
        found.extend(judge_undone(sim, ending, count(DecisionKind::Recovered) > 0));
    }
    if count(DecisionKind::RolledBack) > 1 {
        found.push(format!("{} times rolled_back for one deployment", count(DecisionKind::RolledBack)));
    }
    // Where the end of one that was given up could not be recorded, the next monitor tries once more, and says so.
    let given_up = if no_record { count(DecisionKind::RollbackFailed) } else { 0 };
    if count(DecisionKind::Rollback) > 1 + given_up {
        found.push(format!("{} intents for one rollback", count(DecisionKind::Rollback)));
    }
    let (disk_failed, aborted) = {
        let state = sim.state();
        (state.disk_failed, state.aborted)
    };
    found.extend(too_long(sim, plan, ending, no_record));
    if aborted && !disk_failed && ending.outcome != Outcome::Aborted {
        found.push(format!("an abort was answered, and the soak ended {}", ending.outcome));
    }
    // After a move by somebody else a process that begins again watches what they moved to.
    let green = soak.as_ref().is_some_and(|(_, color, _)| *color == Color::Green);
    let by_itself = green && ending.outcome == Outcome::Retained && ending.cause == Cause::Auto;
    // In another boot only the wall clock tells how long nobody watched. One that was set ahead ends the window early, while
    // the release may still be healthy.
    let rebooted = touched_by(|fault| matches!(fault, Fault::Crash { power: true, .. }));
    let ahead = touched_by(|fault| matches!(fault, Fault::WallJump { by_ms, .. } if *by_ms > 0));
    let early = rebooted && ahead && sim.now_ms() < plan.window_s * 1000;
    match plan.weather {
        Weather::Failing { from_ms } if by_itself && early && sim.now_ms() < from_ms + MOST_UNSEEN_MS => {}
        Weather::Failing { .. } if by_itself => found.push("a failing release was retained".to_owned()),
        Weather::Blind { from_ms } if by_itself && from_ms + 11_000 < plan.window_s * 1000 => {
            found.push("a release was retained that nobody could see".to_owned());
        }
        _ => {}
    }
    if ending.outcome == Outcome::RolledBack {
        if !others && state.active() != Color::Blue {
            found.push("rolled back, and the state file says green".to_owned());
        }
        if !disk_failed && count(DecisionKind::RolledBack) != 1 {
            found.push("rolled back, and the journal does not say so".to_owned());
        }
        found.extend((!others).then(|| once_more(sim, &root, &soak_id)).flatten());
    }
    let harmless = |fault: &Fault| {
        matches!(fault, Fault::Crash { away_ms: 0..=3_000, .. } | Fault::WallJump { .. } | Fault::DiskFull { .. })
    };
    // On a full disk no state file can be written, so the rollback is not complete; users are on the previous color all the same.
    let moved = !plan.router_speaks || sim.state().router == Color::Blue;
    let safe = ending.outcome == Outcome::RolledBack || (disk_failed && moved);
    if matches!(plan.weather, Weather::Failing { from_ms: 0..=3_000 }) && plan.faults.iter().all(harmless) && !safe {
        found.push(format!("a breach that went on ended {}: {}", ending.outcome, ending.reason));
    }
    sim.state().violations.extend(found);
}

/// A rollback that was made is asked for again: nothing may happen.
fn once_more(sim: &Sim, root: &Path, soak: &str) -> Option<String> {
    sim.pass(60_000);
    sim.state().plan.faults.clear();
    runtime().block_on(async {
        sim.begin();
        let before = (sim.state().router, std::fs::read(root.join("state.json")).unwrap());
        let mut intent = Decision::new(DecisionKind::Rollback, Actor::Operator("ann@host".to_owned()), "once more");
        intent.soak = Some(soak.to_owned());
        let deployment = deployment(sim, root);
        let binding = Binding { active: Color::Green, last_switch: Some(SWITCHED_MS), previous: Color::Blue };
        let disk_failed = sim.state().disk_failed;
        let again =
            deployment.rollback(RollbackRequest { binding: Some(binding), intent, replace: Replace::Ours }).await;
        let after = (sim.state().router, std::fs::read(root.join("state.json")).unwrap());
        match again {
            Ok(Rollback::AlreadyBack(Color::Blue)) if before == after => None,
            // Whoever undid it is not fought.
            Ok(Rollback::Superseded { .. }) if before == after && before.0 == Color::Green => None,
            // A journal that lost its lines to a full disk knows nothing of the first.
            Ok(_) if disk_failed => None,
            other => Some(format!("a second rollback ended {other:?} ")),
        }
    })
}
