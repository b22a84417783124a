//! The loop of the agent.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Write, stdout};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use crate::app::headless::{Happened, News, Output, Teller, print};
use crate::app::monitor::Watchdog;
use crate::core::view::Summary;
use crate::io::control::{Board, Row};
use crate::io::ports::{Asking, Ports, SharedDisk, on_thread};
use crate::io::state::{StateFile, last_agent};
use crate::io::tasks::boxed;
use crate::model::number::{duration_exact, thousands};

use super::candidate::{Candidate, name};
use super::catalog::{self, Settled};
use super::error::AgentError;
use super::folder::Folder;
use super::keeper::{Keeper, Shared, Wanted};
use super::own::Own;
use super::place::Place;
use super::stop::Stop;
use super::turns::Turns;

/// Between two looks at the folder.
const EVERY: Duration = Duration::from_secs(1);
/// Until all soaks are saved, which is the time of one attempt at a rollback.
pub const SAVE_TIMEOUT: Duration = Duration::from_mins(4);
/// For the last lines.
const PRINT_TIMEOUT: Duration = Duration::from_secs(2);
/// Not everything was saved, as after a second signal to a monitor.
const CUT_OFF: u8 = 7;

/// Watches until a signal; returns the exit code.
pub async fn run(own: Own, output: Output) -> Result<u8, AgentError> {
    let ports = Ports { disk: Arc::new(SharedDisk::new()), ..Ports::real() };
    ports.coordination.of_agent(own.config.control.advertise.as_ref().map(ToString::to_string));
    let board = Board::new(rustix::system::uname().nodename().to_string_lossy());
    let (teller, told) = Teller::new(Arc::clone(&ports.clock));
    let printing = print(told, output, Box::new(stdout()) as Box<dyn Write + Send>);
    let ended = watch(&ports, &own, board, teller).await;
    let _ = timeout(PRINT_TIMEOUT, tokio::task::spawn_blocking(move || printing.join())).await;
    ended
}

/// The same through these ports, shown on this board and told to this teller.
pub async fn watch(ports: &Ports, own: &Own, board: Board, teller: Teller) -> Result<u8, AgentError> {
    let now = ports.clock.now();
    let mut place = Place::take(own, now).await?;
    let mut signals = ports.signals.listen().map_err(AgentError::Signals)?;
    if ports.listens {
        place.listen(own, now, &board).await?;
    }
    let stop = Stop::default();
    let ports = Ports { signals: Arc::new(stop.clone()), shared: true, ..ports.clone() };
    let shared = Shared {
        board,
        teller: teller.clone(),
        ports,
        stop: stop.clone(),
        turns: Turns::new(),
        socket: own.socket().to_owned(),
        folder: own.folder.clone(),
    };
    let mut agent = Agent::new(shared, &own.folder);
    agent.look().await;
    let known = agent.kept.len();
    let services = if known == 1 { "service" } else { "services" };
    let message = format!("watching {} {services} of `{}`", thousands(known as u64), own.folder.display());
    teller.tell(News::new(Happened::Agent, message));
    ready();
    let mut schedule = interval(EVERY);
    schedule.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut watchdog = Watchdog::start();
    let (by, taken_over) = loop {
        tokio::select! {
            biased;
            signal = signals.next() => break (signal, None),
            () = watchdog.due() => Watchdog::answer(),
            Some(ended) = agent.keepers.join_next_with_id() => agent.ended(&ended),
            _ = schedule.tick() => {
                agent.look().await;
                if let Err(error) = place.look(own, &agent.shared.ports, &agent.shared.board, &teller).await {
                    break ("another agent", Some(error));
                }
            }
        }
    };
    stop.tell(by);
    if let Some(error) = &taken_over {
        teller.tell(News::new(Happened::Error, format!("this agent ends, since its lock was removed and {error}")));
    }
    let soaks = thousands(agent.shared.board.watching() as u64);
    teller.tell(News::new(Happened::Agent, format!("{by}: soaks to save: {soaks}")));
    let moving = agent.shared.board.moving();
    if !moving.is_empty() {
        let (moving, limit) = (moving.join(", "), duration_exact(SAVE_TIMEOUT));
        let message = format!(
            "traffic of {moving} is being moved: waiting for that, {limit} at the most, while no service is watched; a \
             second signal leaves at once"
        );
        teller.tell(News::new(Happened::Agent, message));
    }
    let saved = agent.save(&stop, &mut signals).await;
    place.end().await;
    match taken_over {
        Some(error) => Err(error),
        None => Ok(if saved { 0 } else { CUT_OFF }),
    }
}

struct Agent {
    shared: Shared,
    /// `None` while it is read.
    folder: Option<Folder>,
    keepers: JoinSet<()>,
    kept: BTreeMap<String, Kept>,
    /// What is wrong with files of which no deployment is kept, by their names.
    errors: BTreeMap<String, String>,
    unread: Option<String>,
    /// Whether something is to be done that could not be done at the last look.
    unsettled: bool,
}

/// A deployment that is kept.
struct Kept {
    task: tokio::task::Id,
    candidate: Arc<Candidate>,
    wanted: sync::watch::Sender<Wanted>,
}

impl Agent {
    fn new(shared: Shared, folder: &Path) -> Self {
        Self {
            shared,
            folder: Some(Folder::new(folder)),
            keepers: JoinSet::new(),
            kept: BTreeMap::new(),
            errors: BTreeMap::new(),
            unread: None,
            unsettled: false,
        }
    }

    fn tell(&self, what: Happened, message: impl Into<String>) {
        self.shared.teller.tell(News::new(what, message));
    }

    /// Looks at the folder, on a thread that may wait for the disk, and does what follows.
    async fn look(&mut self) {
        let Some(folder) = self.folder.take() else { return };
        let path = self.shared.folder.clone();
        let looked = on_thread(&*self.shared.ports.disk, move || folder.look()).await;
        let (folder, looked) = looked.unwrap_or_else(|error| (Folder::new(&path), Err(std::io::Error::other(error))));
        let unread = looked.as_ref().err().map(|error| format!("cannot read `{}`: {error}", path.display()));
        if unread != self.unread {
            match &unread {
                Some(why) => self.tell(Happened::Error, format!("{why}; the services known before are watched on")),
                None => self.tell(Happened::Cleared, format!("`{}` can be read again", path.display())),
            }
            self.unread = unread;
        }
        if looked.unwrap_or(false) || self.unsettled {
            let settled = catalog::settle(folder.files(), |candidate| self.is_in_force(candidate));
            self.apply(&settled);
        }
        self.folder = Some(folder);
    }

    /// Whether this file was in force before: here, or in an agent that died.
    fn is_in_force(&self, candidate: &Candidate) -> bool {
        if let Some(kept) = self.kept.get(&candidate.service) {
            return kept.candidate.file == candidate.file;
        }
        let last = StateFile::open(&candidate.state_file).ok().and_then(|file| last_agent(&file));
        last.is_some_and(|last| last.file == candidate.file)
    }

    fn apply(&mut self, settled: &Settled<'_>) {
        self.unsettled = false;
        let mut wanted: BTreeSet<String> = BTreeSet::new();
        for candidate in settled.values().filter_map(|entry| entry.as_ref().ok()) {
            wanted.insert(candidate.service.clone());
            self.keep(candidate);
        }
        let mut errors = BTreeMap::new();
        for (path, why) in settled.iter().filter_map(|(path, entry)| Some((path, entry.as_ref().err()?))) {
            let file = name(path);
            let of =
                self.kept.iter().find(|(_, kept)| kept.candidate.file == *path).map(|(service, _)| service.clone());
            match of.filter(|service| !wanted.contains(service)) {
                Some(service) => {
                    wanted.insert(service.clone());
                    self.want(&service, Wanted::Broken(format!("{file}: {why}")));
                }
                None => drop(errors.insert(file, why.clone())),
            }
        }
        let gone: Vec<String> = self.kept.keys().filter(|service| !wanted.contains(*service)).cloned().collect();
        for service in gone {
            let Some(kept) = self.kept.get(&service) else { continue };
            let file = kept.candidate.name();
            let why = match settled.get(kept.candidate.file.as_path()) {
                Some(Ok(other)) => format!("{file} describes `{}` now", other.service),
                _ => format!("{file} is gone"),
            };
            self.want(&service, Wanted::Gone(why));
        }
        self.show_errors(errors);
    }

    /// Begins to keep a deployment, or passes on what its file says now.
    fn keep(&mut self, candidate: &Candidate) {
        let service = &candidate.service;
        let Some(kept) = self.kept.get_mut(service) else { return self.hire(Arc::new(candidate.clone())) };
        if !kept.candidate.is_same(candidate) {
            // Begun anew once the one before has ended.
            self.unsettled = true;
            let why = format!("{} names another state file or data folder now", candidate.name());
            return self.want(&service.clone(), Wanted::Gone(why));
        }
        let is_news = !kept.candidate.says_the_same(candidate) || !matches!(&*kept.wanted.borrow(), Wanted::As(_));
        if is_news {
            kept.candidate = Arc::new(candidate.clone());
            let wanted = Wanted::As(Arc::clone(&kept.candidate));
            let (name, file) = (service.clone(), candidate.name());
            kept.wanted.send_replace(wanted);
            self.shared.teller.tell(News::new(Happened::File, format!("{file} has been read again")).of(&name));
        }
    }

    fn hire(&mut self, candidate: Arc<Candidate>) {
        let service = candidate.service.clone();
        for warning in &candidate.warnings {
            self.shared.teller.tell(News::new(Happened::Note, warning).of(&service));
        }
        let (wanted, wanting) = sync::watch::channel(Wanted::As(Arc::clone(&candidate)));
        let keeper = Keeper::new(self.shared.clone(), Arc::clone(&candidate), wanting);
        keeper.introduce();
        let task = self.keepers.spawn(boxed(keeper.keep()));
        self.kept.insert(service, Kept { task: task.id(), candidate, wanted });
    }

    fn want(&self, service: &str, wanted: Wanted) {
        let Some(kept) = self.kept.get(service) else { return };
        let text = |wanted: &Wanted| match wanted {
            Wanted::As(_) => None,
            Wanted::Broken(why) | Wanted::Gone(why) => Some(why.clone()),
        };
        let is_news = text(&kept.wanted.borrow()) != text(&wanted);
        if is_news {
            if let Wanted::Broken(why) = &wanted {
                self.shared.board.count_error();
                self.shared.teller.tell(News::new(Happened::Error, format!("{why}; watched as before")).of(service));
            }
            kept.wanted.send_replace(wanted);
        }
    }

    fn show_errors(&mut self, errors: BTreeMap<String, String>) {
        for (file, why) in &errors {
            if self.errors.get(file) != Some(why) {
                self.shared.board.count_error();
                self.shared.board.show(Row::new(Summary::error(file, why)));
                self.shared.teller.tell(News::new(Happened::Error, why).of(file));
            }
        }
        for file in self.errors.keys().filter(|file| !errors.contains_key(*file)) {
            self.shared.board.remove(file);
            self.shared.teller.tell(News::new(Happened::Cleared, "not an error any more").of(file));
        }
        self.errors = errors;
    }

    /// A deployment is not kept any more: its file is gone, or its task broke off and is begun anew.
    fn ended(&mut self, ended: &Result<(tokio::task::Id, ()), tokio::task::JoinError>) {
        let (task, broke) = match ended {
            Ok((task, ())) => (*task, None),
            Err(error) => (error.id(), Some(error.to_string())),
        };
        let of = self.kept.iter().find(|(_, kept)| kept.task == task).map(|(service, _)| service.clone());
        let Some(service) = of else { return };
        if let Some(why) = broke {
            self.shared.board.count_restart();
            self.tell(Happened::Error, format!("{service}: its task broke off and is begun anew: {why}"));
        }
        self.kept.remove(&service);
        self.unsettled = true;
    }

    /// Waits until every soak is saved; a second signal, or too long a wait, leaves at once.
    async fn save(&mut self, stop: &Stop, signals: &mut Box<dyn Asking>) -> bool {
        let limit = Instant::now() + SAVE_TIMEOUT;
        let mut watchdog = Watchdog::start();
        loop {
            tokio::select! {
                biased;
                signal = signals.next() => {
                    self.tell(Happened::Agent, format!("{signal}: leaving at once"));
                    stop.tell(signal);
                    return false;
                }
                ended = self.keepers.join_next() => if ended.is_none() { return true },
                () = watchdog.due() => Watchdog::answer(),
                () = sleep_until(limit) => {
                    self.tell(Happened::Error, "soaks are still not saved: leaving without waiting for them");
                    return false;
                }
            }
        }
    }
}

/// Tells the service manager, where there is one.
fn ready() {
    if let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Ready]) {
        tracing::warn!(%error, "the service manager is not told");
    }
}
