//! The world a simulated monitor lives in.

use std::collections::BTreeMap;
use std::fs::{self};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use switchback::io::control::Board;
use switchback::io::journal::{Intent, Journal};
use switchback::io::ports::{Coordination, Ports};
use switchback::io::router::{Router, StateFileRouter};
use switchback::io::state::StateFile;
use switchback::model::Color;
use tokio::sync::Notify;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep};

use super::plan::{Dice, Fault, Meddle, Plan, Weather, When};
use super::router::SimRouter;

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
    /// What goes wrong with the machine and the process. What goes wrong with a deployment is in its plan.
    pub faults: Vec<Fault>,
    pub sites: Vec<Site>,
    pub dice: Dice,
    /// Simulated milliseconds before the process that runs now, and when that began.
    before_ms: u64,
    began: Option<Instant>,
    pub boots: u32,
    pub booted_ms: u64,
    /// Moves of all routers.
    pub moves: u32,
    pub disk_steps: u32,
    /// The crash that is happening: nothing has an effect any more.
    pub crashed: Option<Fault>,
    /// Durable length of files that only grow.
    pub durable: BTreeMap<PathBuf, u64>,
    /// What stands in a file again if power fails before its folder is durable.
    pub undo: BTreeMap<PathBuf, Option<Vec<u8>>>,
    pub disk_failed: bool,
    /// Writes that find room on a full disk, for it was kept.
    pub released: u32,
    pub crashes: u32,
    /// So long there was no process.
    pub away_ms: u64,
    /// What the agent that runs now shows.
    pub board: Option<Board>,
    pub violations: Vec<String>,
}

/// A soak, and the deployment it watches, as its settings say.
pub type Watched = (String, Color, Option<i64>);

/// A release that runs as one of the colors.
#[derive(Clone, Copy, Debug)]
pub struct Running {
    pub weather: Weather,
    pub since_ms: u64,
}

/// One deployment: its files, its router and its instances.
#[derive(Debug)]
pub struct Site {
    pub plan: Plan,
    pub name: String,
    /// Where its state file is.
    pub folder: PathBuf,
    pub blue: Running,
    pub green: Running,
    /// The color with the newer release.
    pub newer: Color,
    pub router: Color,
    pub moves: u32,
    /// Moves under way: the deploy lock is there so that there is one at most.
    pub under_way: u32,
    /// The monitor's own calls to move traffic back, and when the first of them came.
    pub rollbacks: u32,
    pub first_try_ms: Option<u64>,
    /// The soak that runs; that of an agent is on its board.
    pub soak: Option<Watched>,
    pub aborted: bool,
    /// When a controller undid the rollback, and the monitor's readings that showed it.
    pub undone_ms: Option<u64>,
    pub undone_seen: u32,
}

impl Site {
    /// Green runs the release of the plan, blue a good one; `active` takes the traffic.
    pub fn new(name: &str, plan: Plan, folder: &Path, active: Color) -> Self {
        Self {
            name: name.to_owned(),
            folder: folder.to_owned(),
            blue: Running { weather: Weather::Healthy, since_ms: 0 },
            green: Running { weather: plan.weather, since_ms: 0 },
            plan,
            newer: active,
            router: active,
            moves: 0,
            under_way: 0,
            rollbacks: 0,
            first_try_ms: None,
            soak: None,
            aborted: false,
            undone_ms: None,
            undone_seen: 0,
        }
    }

    pub fn state_path(&self) -> PathBuf {
        self.folder.join("state.json")
    }

    pub fn service_dir(&self) -> PathBuf {
        self.folder.join("data").join(&self.name)
    }

    pub fn journal(&self) -> Journal {
        Journal::new(&self.service_dir(), &self.name)
    }

    pub const fn running(&mut self, color: Color) -> &mut Running {
        match color {
            Color::Blue => &mut self.blue,
            Color::Green => &mut self.green,
        }
    }

    /// Whether the monitor has moved traffic back, and nobody is moving it now.
    pub fn is_back(&self) -> bool {
        self.rollbacks > 0 && self.router == Color::Blue && self.under_way == 0
    }

    pub const fn is_time_to_meddle(&self, when: Meddle, now_ms: u64) -> bool {
        match when {
            Meddle::At { ms } => now_ms >= ms,
            Meddle::DuringMove(number) => self.moves >= number,
        }
    }
}

impl Sim {
    pub fn new(seed: u64, faults: Vec<Fault>, sites: Vec<Site>) -> Self {
        let state = State {
            faults,
            sites,
            dice: Dice::new(seed ^ 0x5157_4348),
            before_ms: 0,
            began: None,
            boots: 1,
            booted_ms: 0,
            moves: 0,
            disk_steps: 0,
            crashed: None,
            durable: BTreeMap::new(),
            undo: BTreeMap::new(),
            disk_failed: false,
            released: 0,
            crashes: 0,
            away_ms: 0,
            board: None,
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
        (state.disk_steps, state.crashed) = (0, None);
        for site in &mut state.sites {
            site.under_way = 0;
        }
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
            state.faults.retain(|fault| *fault != crash);
        }
        drop(state);
        self.0.crash.notify_one();
    }

    pub fn crash_due(&self, due: impl Fn(&State, When) -> bool) -> bool {
        let state = self.state();
        let crash = state.faults.iter().copied().find(|fault| match fault {
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

    /// The router of a deployment with this state file, moved by the monitor or by others.
    pub fn router_of(&self, site: usize, state_file: &StateFile, others: bool) -> Arc<dyn Router> {
        if self.state().sites[site].plan.router_speaks {
            Arc::new(SimRouter { sim: self.clone(), site, others })
        } else {
            Arc::new(StateFileRouter::new(state_file.clone()))
        }
    }

    /// The deployment of that name.
    pub fn site(&self, service: &str) -> usize {
        self.state().sites.iter().position(|site| site.name == service).unwrap()
    }

    /// What a run is handed. It listens for nobody: orders are given to its hub.
    pub fn ports(&self) -> Ports {
        let (clock, disk) = (Arc::new(self.clone()), Arc::new(self.clone()));
        let (source, routers, signals) = (Arc::new(self.clone()), Arc::new(self.clone()), Arc::new(self.clone()));
        let coordination = Coordination::default();
        Ports { clock, disk, source, routers, coordination, signals, listens: false, shared: false }
    }
}

impl State {
    pub fn now_ms(&self) -> u64 {
        self.before_ms + self.began.map_or(0, |began| u64::try_from(began.elapsed().as_millis()).unwrap())
    }

    /// Time and turns of the next crash that comes with the time.
    fn next_crash(&self) -> Option<(u64, u64)> {
        let times = self.faults.iter().filter_map(|fault| match fault {
            Fault::Crash { when: When::At { ms, turns }, .. } => Some((*ms, *turns)),
            _ => None,
        });
        times.min()
    }

    pub fn during(&self, faults: &[Fault], is: impl Fn(&Fault) -> Option<(u64, u64)>) -> bool {
        let now = self.now_ms();
        faults.iter().filter_map(is).any(|(from, until)| (from..until).contains(&now))
    }

    pub fn is_router_down(&self, site: usize) -> bool {
        self.during(&self.sites[site].plan.faults, |fault| match fault {
            Fault::RouterDown { from_ms, until_ms } => Some((*from_ms, *until_ms)),
            _ => None,
        })
    }

    pub fn signal_due(&mut self) -> Option<&'static str> {
        let now = self.now_ms();
        let is_due = |fault: &Fault| matches!(fault, Fault::Signal { at_ms, .. } if *at_ms <= now);
        let due = self.faults.iter().position(is_due)?;
        let Fault::Signal { save, .. } = self.faults.remove(due) else { return None };
        Some(if save { "SIGTERM" } else { "SIGINT" })
    }

    pub fn violated(&mut self, what: String) {
        self.violations.push(what);
    }

    /// The soak that runs.
    fn watched(&self, site: &Site) -> Option<Watched> {
        let Some(board) = &self.board else { return site.soak.clone() };
        Some(board.hub(&site.name)?.with_view(|view| {
            let settings = view.machine().settings();
            (settings.soak.clone(), settings.color, settings.last_switch)
        }))
    }

    /// The monitor moves traffic back: is it allowed to?
    pub fn judge_rollback(&mut self, site: usize) {
        let now_ms = self.now_ms();
        let begun = &mut self.sites[site];
        begun.rollbacks += 1;
        begun.first_try_ms.get_or_insert(now_ms);
        let site = &self.sites[site];
        let Some((soak, watched, last_switch)) = self.watched(site) else { return };
        let mut found = Vec::new();
        if site.aborted {
            found.push("traffic is moved back after an abort was answered");
        }
        let state = StateFile::open(&site.state_path()).and_then(|file| file.read());
        if let (Ok(state), Some(_)) = (state, last_switch)
            && state.active() == watched
            && state.last_switch() != last_switch
            && site.router == watched
        {
            found.push("a deployment is moved back that is not watched");
        }
        if site.undone_ms.is_some() && matches!(site.journal().intent(Some(&soak)), Ok(Intent::Done)) {
            found.push("the controller that undid the rollback is fought");
        }
        if !self.disk_failed && !matches!(site.journal().intent(Some(&soak)), Ok(Intent::Open(_))) {
            found.push("traffic is moved back without an open intent in the journal");
        }
        for what in found {
            self.violated(what.to_owned());
        }
    }
}
