//! What people and scripts do to the deployments of an agent, whether it runs or not.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Map, Value, json};
use switchback::app::deploy::{Rollback, RollbackRequest};
use switchback::io::router::Replace;
use switchback::io::state::{State, StateFile};
use switchback::model::{Action, Actor, Color, Decision, DecisionKind};
use tokio::time::sleep;

use super::plan::{AgentPlan, Deploy, File, What};
use super::toml;
use crate::plan::{Fault, Weather};
use crate::run;
use crate::world::{EPOCH_MS, Running, Sim};

/// A script looks again so soon whether somebody moves traffic.
const AGAIN_MS: u64 = 100;
/// Everything is over once no soak has run for so long.
const QUIET: u32 = 4;
/// So long after the last thing that happens every soak has ended: the longest is one that somebody paused.
const ENDLESS_MS: u64 = 900_000;

/// A move of traffic by others than the agent.
#[derive(Clone, Copy, Debug)]
pub struct Move {
    pub at_ms: u64,
    pub to: Color,
    pub last_switch: Option<i64>,
    /// What was deployed; `None` for a move back.
    pub deployed: Option<Deploy>,
    /// Whether somebody else moved traffic while the script did.
    pub raced: bool,
    /// Whether its state file says that it was a move back.
    pub says_back: bool,
    /// Whether only the script's own keys are left in the state file.
    pub forgets: bool,
    /// How the release does that a rollback of this one would lead to.
    pub previous: Weather,
}

/// What was done to one deployment.
#[derive(Clone, Debug, Default)]
pub struct Done {
    pub moves: Vec<Move>,
    pub files: Vec<(u64, File)>,
    pub orders: Vec<u64>,
    /// When something was done that an agent has to notice.
    pub at_ms: Vec<u64>,
    /// A command that was cut off, or runs: nobody resumes it.
    pub cut_off: bool,
    /// Whether a script has moved traffic and not written it yet.
    writes: bool,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Do(What),
    /// The script writes what it has moved.
    Write {
        to: Color,
        deploy: Deploy,
        moved_ms: u64,
        moves: u32,
        previous: Weather,
    },
}

#[derive(Debug, Default)]
struct Log {
    due: BTreeMap<(u64, usize), (usize, Step)>,
    numbered: usize,
    done: Vec<Done>,
    over: bool,
}

/// Clones share it.
#[derive(Clone, Debug)]
pub struct Outside {
    sim: Sim,
    log: Arc<Mutex<Log>>,
    /// The agent's folder.
    folder: PathBuf,
}

impl Outside {
    pub fn new(sim: &Sim, plan: &AgentPlan, folder: &Path) -> Self {
        let mut log = Log { done: vec![Done::default(); plan.services.len()], ..Log::default() };
        for (site, service) in plan.services.iter().enumerate() {
            for happening in &service.happenings {
                log.numbered += 1;
                log.due.insert((happening.at_ms, log.numbered), (site, Step::Do(happening.what)));
            }
        }
        Self { sim: sim.clone(), log: Arc::new(Mutex::new(log)), folder: folder.to_owned() }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn done(&self, site: usize) -> Done {
        self.log().done[site].clone()
    }

    /// Whether everything has happened and every soak has ended.
    pub fn is_over(&self) -> bool {
        self.log().over
    }

    /// For as long as an agent runs. Once everything is over it is asked to stop.
    pub async fn go_on(&self) {
        self.until(u64::MAX).await;
        let (mut quiet, last_ms) = (0, self.sim.now_ms());
        while quiet < QUIET {
            sleep(Duration::from_secs(1)).await;
            let watching = self.sim.state().board.as_ref().map_or(0, switchback::io::control::Board::watching);
            let sites = self.log().done.len();
            let moving = (0..sites).any(|site| self.is_moving(site));
            quiet = if watching == 0 && !moving { quiet + 1 } else { 0 };
            if self.sim.now_ms() > last_ms + ENDLESS_MS {
                self.sim.state().violated(format!("{watching} soaks never end, or a move does not"));
                break;
            }
        }
        self.log().over = true;
        let at_ms = self.sim.now_ms();
        self.sim.state().faults.retain(|fault| !matches!(fault, Fault::Signal { .. }));
        self.sim.state().faults.push(Fault::Signal { at_ms, save: true });
        std::future::pending::<()>().await;
    }

    /// Does what is due until then.
    pub async fn until(&self, end_ms: u64) {
        loop {
            let next = self.log().due.first_key_value().map(|(key, _)| *key).filter(|(at_ms, _)| *at_ms <= end_ms);
            let Some(key) = next else { break };
            sleep(Duration::from_millis(key.0.saturating_sub(self.sim.now_ms()))).await;
            let Some((site, step)) = self.log().due.remove(&key) else { continue };
            if let Some((in_ms, step)) = self.carry_out(site, step) {
                let at_ms = self.sim.now_ms() + in_ms;
                let mut log = self.log();
                log.numbered += 1;
                let number = log.numbered;
                log.due.insert((at_ms, number), (site, step));
            }
        }
        if end_ms < u64::MAX {
            sleep(Duration::from_millis(end_ms.saturating_sub(self.sim.now_ms()))).await;
        }
    }

    /// Does it at once, or says what is to be done later, and when.
    fn carry_out(&self, site: usize, step: Step) -> Option<(u64, Step)> {
        let now_ms = self.sim.now_ms();
        let moves = matches!(step, Step::Do(What::Deploy(_) | What::BackByScript { .. } | What::BackByCommand));
        if moves && self.is_moving(site) {
            return Some((AGAIN_MS, step));
        }
        self.log().done[site].at_ms.push(now_ms);
        match step {
            Step::Do(What::Deploy(deploy)) => return self.deploy(site, deploy),
            Step::Write { to, deploy, moved_ms, moves, previous } => {
                self.log().done[site].writes = false;
                let raced = self.is_moving(site) || self.sim.state().sites[site].moves != moves;
                let last_switch = Some(self.write(site, to, to.other(), deploy.forgets));
                let deployed = Some(deploy);
                let (says_back, forgets) = (false, deploy.forgets);
                let made = Move { at_ms: moved_ms, to, last_switch, deployed, raced, says_back, forgets, previous };
                self.log().done[site].moves.push(made);
            }
            Step::Do(What::BackByScript { forgets, says_back }) => self.back_by_script(site, forgets, says_back),
            Step::Do(What::BackByCommand) => self.back_by_command(site),
            Step::Do(What::Order(action)) => self.order(site, action),
            Step::Do(What::File(file)) => {
                self.log().done[site].files.push((now_ms, file));
                self.write_file(site, file);
            }
        }
        None
    }

    pub fn write_file(&self, site: usize, file: File) {
        let (path, text) = {
            let site = &self.sim.state().sites[site];
            let path = self.folder.join(format!("{}.toml", site.name));
            let text = match file {
                File::Good { window_s } => Some(toml(site, window_s)),
                File::Broken => Some("service = 5\n".to_owned()),
                File::Gone => None,
            };
            (path, text)
        };
        match text {
            Some(text) => self.replace(&path, &text),
            None => drop(fs::remove_file(path)),
        }
    }

    /// In one step, and dated by the simulated clock.
    fn replace(&self, path: &Path, text: &str) {
        let new = path.with_extension("new");
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_millis(u64::try_from(self.wall_ms()).unwrap())).unwrap();
        fs::rename(new, path).unwrap();
    }

    fn wall_ms(&self) -> i64 {
        EPOCH_MS + i64::try_from(self.sim.now_ms()).unwrap()
    }

    fn state(&self, site: usize) -> State {
        StateFile::open(&self.sim.state().sites[site].state_path()).unwrap().read().unwrap()
    }

    /// Whether a process that knows Switchback moves traffic or writes the state file. Scripts that do not wait for that lose, now
    /// and then, what they write.
    fn is_moving(&self, site: usize) -> bool {
        let (folder, under_way) = {
            let writes = self.log().done[site].writes;
            let site = &self.sim.state().sites[site];
            (site.folder.clone(), site.under_way > 0 || writes)
        };
        let lock = fs::File::open(folder.join("state.json.lock"));
        under_way || lock.is_ok_and(|lock| lock.try_lock_shared().is_err())
    }

    fn deploy(&self, site: usize, deploy: Deploy) -> Option<(u64, Step)> {
        let active = self.state(site).active();
        let to = if deploy.in_place { active } else { active.other() };
        let (moved_ms, moves, previous, gap_ms) = {
            let mut state = self.sim.state();
            let now_ms = state.now_ms();
            let site = &mut state.sites[site];
            *site.running(to) = Running { weather: deploy.weather, since_ms: now_ms };
            (site.newer, site.aborted) = (to, false);
            let slow = site.plan.router_speaks && !deploy.in_place && site.plan.faults.is_empty();
            let gap_ms = if slow { deploy.gap_ms } else { 0 };
            site.router = to;
            (now_ms, site.moves, site.running(to.other()).weather, gap_ms)
        };
        let write = Step::Write { to, deploy, moved_ms, moves, previous };
        self.log().done[site].writes = gap_ms > 0;
        if gap_ms > 0 { Some((gap_ms, write)) } else { self.carry_out(site, write) }
    }

    /// As `deploy.ts` does it: it knows three keys, and no lock.
    fn write(&self, site: usize, to: Color, previous: Color, forgets: bool) -> i64 {
        let path = self.sim.state().sites[site].state_path();
        let mut document: Map<String, Value> = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        if forgets {
            document.clear();
        }
        let last_switch = self.wall_ms();
        document.insert("activeColor".to_owned(), json!(to));
        document.insert("lastSwitch".to_owned(), json!(last_switch));
        document.insert("previousColor".to_owned(), json!(previous));
        self.replace(&path, &serde_json::to_string_pretty(&document).unwrap());
        self.sim.state().undo.remove(&path);
        last_switch
    }

    /// Of the last release, if it still has the traffic.
    fn back_by_script(&self, site: usize, forgets: bool, says_back: bool) {
        let last = self.log().done[site].moves.last().copied();
        let Some(Move { to, deployed: Some(Deploy { in_place: false, .. }), .. }) = last else { return };
        if self.state(site).active() != to {
            return;
        }
        let at_ms = {
            let mut state = self.sim.state();
            state.sites[site].router = to.other();
            state.now_ms()
        };
        let to = to.other();
        let last_switch = Some(self.write(site, to, if says_back { to } else { to.other() }, forgets));
        let (deployed, raced, previous) = (None, false, Weather::Healthy);
        let back = Move { at_ms, to, last_switch, deployed, raced, says_back, forgets, previous };
        self.log().done[site].moves.push(back);
    }

    fn back_by_command(&self, site: usize) {
        self.log().done[site].cut_off = true;
        let outside = self.clone();
        tokio::spawn(async move {
            let deployment = run::deployment(&outside.sim, site);
            let ann = Actor::Operator("ann@host".to_owned());
            let intent = Decision::new(DecisionKind::Rollback, ann, "ann moves traffic back");
            let at_ms = outside.sim.now_ms();
            let before = outside.state(site).last_switch();
            let request = RollbackRequest { binding: None, intent, replace: Replace::Ours };
            let done = deployment.rollback(request).await;
            if outside.sim.state().crashed.is_some() {
                return;
            }
            let mut log = outside.log();
            let done_to = &mut log.done[site];
            done_to.cut_off = done.is_err();
            // One that was cut off, and moved nothing any more, is only written down.
            if let Ok(Rollback::RolledBack(moved)) = done
                && moved.last_switch != before
            {
                let (to, last_switch) = (moved.color, moved.last_switch);
                let (deployed, raced, previous) = (None, false, Weather::Healthy);
                let (says_back, forgets) = (true, false);
                done_to.moves.push(Move { at_ms, to, last_switch, deployed, raced, says_back, forgets, previous });
            }
        });
    }

    fn order(&self, site: usize, action: Action) {
        let (hub, now_ms) = {
            let state = self.sim.state();
            let name = &state.sites[site].name;
            (state.board.as_ref().and_then(|board| board.hub(name)), state.now_ms())
        };
        self.log().done[site].orders.push(now_ms);
        let Some(hub) = hub else { return };
        let outside = self.clone();
        tokio::spawn(async move {
            let moves = outside.log().done[site].moves.len();
            let answer = hub.order(action, Actor::Operator("bob@host".to_owned()), None).await;
            let same = outside.log().done[site].moves.len() == moves;
            let mut state = outside.sim.state();
            if action == Action::Abort && answer.is_ok() && same && state.crashed.is_none() {
                state.sites[site].aborted = true;
            }
        });
    }
}
