//! The world a simulated monitor lives in.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use switchback::core::detect::Reading;
use switchback::core::soak::{Readiness, Sample};
use switchback::io::journal::{Intent, Journal};
use switchback::io::router::{
    CommandError, Moved, ProcessError, Replace, Router, RouterError, RouterFuture, StateFileRouter,
};
use switchback::io::seam::{Later, Step, World};
use switchback::io::state::StateFile;
use switchback::model::Color;
use switchback::model::mutation::Mutation;
use tokio::sync::Notify;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep};

use super::plan::{Dice, Fails, Fault, Meddle, Plan, Weather, When};

/// Wall clock at the beginning, Unix milliseconds: 2026-11-23T14:00:00Z.
pub const EPOCH_MS: i64 = 1_795_442_400_000;

/// What unwinds from the disk when the process dies there.
#[derive(Debug)]
pub struct Crash;

/// Everything outside the program, shared by all its tasks.
#[derive(Clone, Debug)]
pub struct Sim(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    crash: Notify,
}

#[derive(Debug)]
pub struct State {
    pub plan: Plan,
    pub mutation: Option<Mutation>,
    pub folder: PathBuf,
    dice: Dice,
    /// Simulated milliseconds before the process that runs now, and when that began.
    before_ms: u64,
    began: Option<Instant>,
    boots: u32,
    booted_ms: u64,
    pub router: Color,
    moves: u32,
    /// Moves under way: the deploy lock is there so that there is one at most.
    under_way: u32,
    disk_steps: u32,
    /// The crash that is happening: nothing has an effect any more.
    pub crashed: Option<Fault>,
    /// Durable length of files that only grow.
    durable: BTreeMap<PathBuf, u64>,
    /// What stands in a file again if power fails before its folder is durable.
    undo: BTreeMap<PathBuf, Option<Vec<u8>>>,
    pub disk_failed: bool,
    /// Writes that find room on a full disk, for it was kept.
    pub released: u32,
    pub crashes: u32,
    /// The monitor's own calls to move traffic back, and when the first of them came.
    pub rollbacks: u32,
    pub first_try_ms: Option<u64>,
    /// So long there was no process.
    pub away_ms: u64,
    /// The soak that runs, and the deployment it watches, as its settings say.
    pub soak: Option<(String, Color, Option<i64>)>,
    pub aborted: bool,
    /// When a controller undid the rollback, and the monitor's readings that showed it.
    pub undone_ms: Option<u64>,
    pub undone_seen: u32,
    pub violations: Vec<String>,
}

impl Sim {
    pub fn new(plan: Plan, mutation: Option<Mutation>, folder: PathBuf) -> Self {
        let dice = Dice::new(plan.seed ^ 0x5157_4348);
        let state = State {
            plan,
            mutation,
            folder,
            dice,
            before_ms: 0,
            began: None,
            boots: 1,
            booted_ms: 0,
            router: Color::Green,
            moves: 0,
            under_way: 0,
            disk_steps: 0,
            crashed: None,
            durable: BTreeMap::new(),
            undo: BTreeMap::new(),
            disk_failed: false,
            released: 0,
            crashes: 0,
            rollbacks: 0,
            first_try_ms: None,
            away_ms: 0,
            soak: None,
            aborted: false,
            undone_ms: None,
            undone_seen: 0,
            violations: Vec::new(),
        };
        Self(Arc::new(Shared { state: Mutex::new(state), crash: Notify::new() }))
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub async fn crash(&self) {
        while self.state().crashed.is_none() {
            self.0.crash.notified().await;
        }
    }

    /// A process begins, on a clock of its own.
    pub fn begin(&self) {
        let mut state = self.state();
        state.began = Some(Instant::now());
        (state.disk_steps, state.under_way, state.crashed) = (0, 0, None);
    }

    /// The process is over; its clock can still be read.
    pub fn end(&self) {
        let mut state = self.state();
        state.before_ms = state.now_ms();
        state.began = None;
    }

    /// So long there is no process.
    pub fn pass(&self, ms: u64) {
        self.state().before_ms += ms;
    }

    pub fn now_ms(&self) -> u64 {
        self.state().now_ms()
    }

    /// Dies here, like a process that is killed: nothing is printed and nothing unwinds that could still have an effect.
    fn die(&self, crash: Fault) {
        let mut state = self.state();
        if state.crashed.is_none() {
            state.crashed = Some(crash);
            state.crashes += 1;
            state.plan.faults.retain(|fault| *fault != crash);
        }
        drop(state);
        self.0.crash.notify_one();
    }

    fn crash_due(&self, due: impl Fn(&State, When) -> bool) -> bool {
        let state = self.state();
        let crash = state.plan.faults.iter().copied().find(|fault| match fault {
            Fault::Crash { when, .. } => due(&state, *when),
            _ => false,
        });
        drop(state);
        crash.inspect(|crash| self.die(*crash)).is_some()
    }

    /// Waits for a crash that comes with the time.
    pub async fn crash_by_time(&self) {
        loop {
            let next = self.state().next_crash();
            let Some((ms, turns)) = next else { return std::future::pending().await };
            sleep(Duration::from_millis(ms.saturating_sub(self.now_ms()))).await;
            for _ in 0..turns {
                yield_now().await;
            }
            if self.crash_due(|_, when| when == When::At { ms, turns }) {
                return;
            }
        }
    }

    /// Power is gone: what was not durable yet is lost, in part or altogether.
    pub fn power_cut(&self) {
        let mut state = self.state();
        for (path, content) in std::mem::take(&mut state.undo) {
            if state.dice.one_in(2) {
                match content {
                    Some(bytes) => fs::write(path, bytes).unwrap(),
                    None => drop(fs::remove_file(path)),
                }
            }
        }
        for (path, durable) in state.durable.clone() {
            let Ok(file) = fs::OpenOptions::new().write(true).open(&path) else { continue };
            let length = file.metadata().unwrap().len();
            if length > durable {
                file.set_len(state.dice.between(durable, length)).unwrap();
            }
        }
        state.boots += 1;
        state.booted_ms = state.before_ms;
    }

    /// The router of a deployment with this state file.
    pub fn router(&self, state_file: &StateFile) -> Arc<dyn Router> {
        if self.state().plan.router_speaks {
            self.router_of(false)
        } else {
            Arc::new(StateFileRouter::new(state_file.clone()))
        }
    }

    pub fn router_of(&self, others: bool) -> Arc<dyn Router> {
        Arc::new(SimRouter { sim: self.clone(), others })
    }
}

impl State {
    pub fn now_ms(&self) -> u64 {
        self.before_ms + self.began.map_or(0, |began| u64::try_from(began.elapsed().as_millis()).unwrap())
    }

    /// Time and turns of the next crash that comes with the time.
    fn next_crash(&self) -> Option<(u64, u64)> {
        let times = self.plan.faults.iter().filter_map(|fault| match fault {
            Fault::Crash { when: When::At { ms, turns }, .. } => Some((*ms, *turns)),
            _ => None,
        });
        times.min()
    }

    pub fn during(&self, is: impl Fn(&Fault) -> Option<(u64, u64)>) -> bool {
        let now = self.now_ms();
        self.plan.faults.iter().filter_map(is).any(|(from, until)| (from..until).contains(&now))
    }

    fn is_router_down(&self) -> bool {
        self.during(|fault| match fault {
            Fault::RouterDown { from_ms, until_ms } => Some((*from_ms, *until_ms)),
            _ => None,
        })
    }

    pub fn is_time_to_meddle(&self, when: Meddle) -> bool {
        match when {
            Meddle::At { ms } => self.now_ms() >= ms,
            Meddle::DuringMove(number) => self.moves >= number,
        }
    }

    fn signal_due(&mut self) -> Option<&'static str> {
        let now = self.now_ms();
        let is_due = |fault: &Fault| matches!(fault, Fault::Signal { at_ms, .. } if *at_ms <= now);
        let due = self.plan.faults.iter().position(is_due)?;
        let Fault::Signal { save, .. } = self.plan.faults.remove(due) else { return None };
        Some(if save { "SIGTERM" } else { "SIGINT" })
    }

    /// Whether the monitor has moved traffic back, and nobody is moving it now.
    pub fn is_back(&self) -> bool {
        self.rollbacks > 0 && self.router == Color::Blue && self.under_way == 0
    }

    fn violated(&mut self, what: String) {
        self.violations.push(what);
    }

    fn journal(&self) -> Journal {
        Journal::new(&self.folder.join("data/shop"), "shop")
    }

    /// The monitor moves traffic back: is it allowed to?
    fn judge_rollback(&mut self) {
        self.rollbacks += 1;
        let now_ms = self.now_ms();
        self.first_try_ms.get_or_insert(now_ms);
        let Some((soak, watched, last_switch)) = self.soak.clone() else { return };
        if self.aborted {
            self.violated("traffic is moved back after an abort was answered".to_owned());
        }
        let path = self.folder.join("state.json");
        let state = StateFile::open(&path).and_then(|file| file.read());
        if let (Ok(state), Some(_)) = (state, last_switch)
            && state.active() == watched
            && state.last_switch() != last_switch
            && self.router == watched
        {
            self.violated("a deployment is moved back that is not watched".to_owned());
        }
        if self.undone_ms.is_some() && matches!(self.journal().intent(Some(&soak)), Ok(Intent::Done)) {
            self.violated("the controller that undid the rollback is fought".to_owned());
        }
        if !self.disk_failed && !matches!(self.journal().intent(Some(&soak)), Ok(Intent::Open(_))) {
            self.violated("traffic is moved back without an open intent in the journal".to_owned());
        }
    }
}

/// A router in memory.
#[derive(Debug)]
struct SimRouter {
    sim: Sim,
    /// Called by somebody else, not by the monitor.
    others: bool,
}

impl SimRouter {
    async fn go(&self, back: bool, to: Color) -> Result<Moved, RouterError> {
        let _under_way = UnderWay::begin(&self.sim);
        let (number, before, after, fails) = {
            let mut state = self.sim.state();
            state.moves += 1;
            let number = state.moves;
            let fails = state.plan.faults.iter().find_map(|fault| match fault {
                Fault::Router { from, until, fails } if (*from..=*until).contains(&number) => Some(*fails),
                _ => None,
            });
            let fails = if state.is_router_down() { Some(Fails::WithoutMoving) } else { fails };
            (number, state.dice.between(1, 300), state.dice.between(1, 300), fails)
        };
        let due =
            |when: When, then: bool| matches!(when, When::Move { number: at, after } if at == number && after == then);
        if self.sim.crash_due(|_, when| due(when, false)) {
            std::future::pending::<()>().await;
        }
        sleep(Duration::from_millis(before)).await;
        if self.sim.state().crashed.is_some() {
            std::future::pending::<()>().await;
        }
        {
            let mut state = self.sim.state();
            if back && !self.others {
                state.judge_rollback();
            }
            if !matches!(fails, Some(Fails::WithoutMoving | Fails::Lies)) {
                state.router = to;
                if back && !self.others {
                    // A rollback that was not confirmed yet is tried again, whoever moved traffic meanwhile.
                    (state.undone_ms, state.undone_seen) = (None, 0);
                }
            }
        }
        if self.sim.crash_due(|_, when| due(when, true)) {
            std::future::pending::<()>().await;
        }
        sleep(Duration::from_millis(after)).await;
        if matches!(fails, Some(Fails::WithoutMoving | Fails::AfterMoving)) {
            Err(broken())
        } else {
            Ok(Moved::default())
        }
    }
}

/// A move, for as long as it takes.
struct UnderWay(Sim);

impl UnderWay {
    fn begin(sim: &Sim) -> Self {
        let mut state = sim.state();
        state.under_way += 1;
        if state.under_way > 1 {
            state.violated("two processes move traffic at the same time".to_owned());
        }
        drop(state);
        Self(sim.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.under_way = state.under_way.saturating_sub(1);
    }
}

fn broken() -> RouterError {
    let source = ProcessError::Exit { code: 1, output: "no route".into() };
    CommandError::Failed { command: "move".into(), source }.into()
}

impl Router for SimRouter {
    fn kind(&self) -> &'static str {
        "simulated"
    }

    fn reads_state_file(&self) -> bool {
        false
    }

    fn switch(&self, to: Color, _: Replace) -> RouterFuture<'_, Moved> {
        Box::pin(self.go(false, to))
    }

    fn rollback(&self, to: Color, _: Replace) -> RouterFuture<'_, Moved> {
        Box::pin(self.go(true, to))
    }

    fn read(&self) -> RouterFuture<'_, Color> {
        Box::pin(async {
            let wait = self.sim.state().dice.between(0, 30);
            sleep(Duration::from_millis(wait)).await;
            let mut state = self.sim.state();
            let unread = state.during(|fault| match fault {
                Fault::RouterUnread { from_ms, until_ms } => Some((*from_ms, *until_ms)),
                _ => None,
            });
            if unread || state.is_router_down() {
                return Err(broken());
            }
            if !self.others && state.undone_ms.is_some() && state.router == Color::Green {
                state.undone_seen += 1;
            }
            Ok(state.router)
        })
    }

    fn try_out(&self, _: Color, _: Replace) -> RouterFuture<'_, Vec<String>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

impl World for Sim {
    fn boot(&self) -> (String, i64) {
        let state = self.state();
        (format!("boot {}", state.boots), i64::try_from(state.now_ms() - state.booted_ms.min(state.now_ms())).unwrap())
    }

    fn wall_ms(&self) -> i64 {
        let state = self.state();
        let now = state.now_ms();
        let jumps = state.plan.faults.iter().map(|fault| match fault {
            Fault::WallJump { at_ms, by_ms } if *at_ms <= now => *by_ms,
            _ => 0,
        });
        EPOCH_MS + i64::try_from(now).unwrap() + jumps.sum::<i64>()
    }

    fn random(&self) -> [u8; 2] {
        let drawn = self.state().dice.next().to_le_bytes();
        [drawn[0], drawn[1]]
    }

    fn disk(&self, step: Step, path: &Path) -> io::Result<()> {
        if self.state().crashed.is_some() {
            std::panic::resume_unwind(Box::new(Crash));
        }
        self.state().disk_steps += 1;
        if self.crash_due(|state, when| when == When::DiskStep(state.disk_steps)) {
            std::panic::resume_unwind(Box::new(Crash));
        }
        let mut state = self.state();
        let full = state.during(|fault| match fault {
            Fault::DiskFull { from_ms, until_ms } => Some((*from_ms, *until_ms)),
            _ => None,
        });
        if step == Step::Release {
            state.released += 1;
        }
        let kept = step == Step::Write && state.released > 0;
        if full && kept {
            state.released -= 1;
        } else if full && step == Step::Write {
            state.disk_failed = true;
            return Err(io::Error::from_raw_os_error(28));
        }
        let length = || fs::metadata(path).map_or(0, |file| file.len());
        match step {
            Step::Write if path.extension().is_some_and(|ending| ending == "jsonl") => {
                state.durable.entry(path.to_owned()).or_insert_with(length);
            }
            Step::Sync if path.extension().is_some_and(|ending| ending == "jsonl") => {
                state.durable.insert(path.to_owned(), length());
            }
            Step::Replace => drop(state.undo.entry(path.to_owned()).or_insert_with(|| fs::read(path).ok())),
            Step::SyncFolder => state.undo.retain(|file, _| file.parent() != Some(path)),
            Step::Write | Step::Sync | Step::Release => {}
        }
        Ok(())
    }

    fn blocking_delay(&self) -> Duration {
        Duration::from_millis(self.state().dice.between(0, 20))
    }

    fn turn(&self) -> bool {
        self.state().dice.one_in(3)
    }

    fn signal(&self) -> Later<&'static str> {
        let sim = self.clone();
        Box::pin(async move {
            loop {
                if let Some(signal) = sim.state().signal_due() {
                    return signal;
                }
                sleep(Duration::from_millis(200)).await;
            }
        })
    }

    fn scrape(&self, url: &str) -> Later<Sample> {
        let (sim, green) = (self.clone(), url.contains("green"));
        Box::pin(async move {
            let wait = sim.state().dice.between(1, 80);
            sleep(Duration::from_millis(wait)).await;
            let state = sim.state();
            let now = state.now_ms();
            let lost = state.during(|fault| match fault {
                Fault::ScrapesLost { from_ms, until_ms } => Some((*from_ms, *until_ms)),
                _ => None,
            });
            let (blind, bad_from) = match state.plan.weather {
                Weather::Blind { from_ms } => (now >= from_ms, u64::MAX),
                Weather::Failing { from_ms } => (false, from_ms),
                Weather::Healthy => (false, u64::MAX),
            };
            if green && (lost || blind) {
                return Sample::Failed("connection refused".to_owned());
            }
            let total = 1_000 + now / 20;
            let errors = if green { now.saturating_sub(bad_from.min(now)) / 60 } else { 0 };
            Sample::Good(Reading { total, errors, ..Reading::default() })
        })
    }

    fn probe(&self, url: &str) -> Later<Readiness> {
        let (sim, green) = (self.clone(), url.contains("green"));
        Box::pin(async move {
            let wait = sim.state().dice.between(1, 50);
            sleep(Duration::from_millis(wait)).await;
            let down = sim.state().during(|fault| match fault {
                Fault::StandbyDown { from_ms, until_ms } => Some((*from_ms, *until_ms)),
                _ => None,
            });
            if down && !green { Readiness::NotReady("connection refused".to_owned()) } else { Readiness::Ready }
        })
    }

    fn mutated(&self, mutation: Mutation) -> bool {
        self.state().mutation == Some(mutation)
    }
}
