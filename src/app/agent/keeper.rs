//! One deployment: looks at it, begins a soak when one is due or asked for, and has it run.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::{sleep, timeout};

use crate::app::deploy::{Binding, Deployment};
use crate::app::headless::{Happened, News, Teller};
use crate::app::monitor;
use crate::app::monitor::{Begin, Finished, OnSignal, OpenError, Opened, Opening};
use crate::config::Loaded;
use crate::core::view::Summary;
use crate::io::control::{Begun, Board, NotBegun, Ordered, Row, Run, StatusOf, What};
use crate::io::journal::{Entry, rfc3339_ms};
use crate::io::ports::{Ports, on_thread};
use crate::io::state::{Lock, LockError, MonitorState, Responsible, State, monitor_state};
use crate::model::{Actor, Color, Decision, Ending};

use super::breached::last_soak_of;
use super::candidate::{Candidate, in_one_line};
use super::stop::Stop;
use super::switched::{Due, Known, Seen, Why, due};
use super::{rows, wish};

/// Between two looks at a state file.
const EVERY: Duration = Duration::from_millis(500);
/// After a failure; doubles up to [`MAX_PAUSE`].
const PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_secs(30);
/// A soak that begins counts against those that may begin at once for this long.
const OPENING: Duration = Duration::from_secs(3);
/// Decisions that are looked through for the last soak of a color.
const HISTORY: usize = 4_000;
/// Runs that somebody asked for and that wait.
const WISHES: usize = 4;

/// What all deployments of an agent share.
#[derive(Clone)]
pub struct Shared {
    pub board: Board,
    pub teller: Teller,
    pub ports: Ports,
    pub stop: Stop,
    pub opening: Arc<Semaphore>,
    pub socket: PathBuf,
    pub folder: PathBuf,
}

/// What the folder says of a deployment now.
#[derive(Clone, Debug)]
pub enum Wanted {
    As(Arc<Candidate>),
    /// Its file is broken: watched as before.
    Broken(String),
    /// Its file is gone, or one of another deployment: watched until a soak under way has ended.
    Gone(String),
}

/// One deployment.
pub struct Keeper {
    shared: Shared,
    candidate: Arc<Candidate>,
    wanted: watch::Receiver<Wanted>,
    wishes: mpsc::Receiver<Ordered>,
    begin: mpsc::Sender<Ordered>,
    lock: Option<Lock>,
    /// As the file configures it, made when it is needed.
    opened: Option<(Arc<Loaded>, Deployment)>,
    /// The version of the state file that was read last.
    version: Option<Version>,
    seen: Option<Seen>,
    judged: Option<Seen>,
    /// Whether an unfinished soak may be there that the state file does not show.
    doubtful: bool,
    /// Why it is not watched, as told.
    error: Option<String>,
    elsewhere: bool,
    failures: u32,
}

type Version = Option<(u64, i64, i64, u64)>;

/// What to do after a look.
enum Step {
    /// Nothing, for so long.
    Rest(Duration),
    Look,
}

impl Keeper {
    pub fn new(shared: Shared, candidate: Arc<Candidate>, wanted: watch::Receiver<Wanted>) -> Self {
        let (begin, wishes) = mpsc::channel(WISHES);
        Self {
            shared,
            candidate,
            wanted,
            wishes,
            begin,
            lock: None,
            opened: None,
            version: None,
            seen: None,
            judged: None,
            doubtful: true,
            error: None,
            elsewhere: false,
            failures: 0,
        }
    }

    /// Keeps the deployment until its file is gone or the agent ends.
    pub async fn keep(mut self) {
        while !self.shared.stop.is_asked() {
            if let Wanted::Gone(why) = &*self.wanted.borrow() {
                self.tell(Happened::File, format!("not watched any more: {why}"));
                break;
            }
            let rest = match self.look().await {
                Step::Look => continue,
                Step::Rest(rest) => rest,
            };
            let stop = self.shared.stop.clone();
            tokio::select! {
                () = stop.asked() => break,
                () = sleep(rest) => {}
                changed = self.wanted.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    self.rewanted();
                }
                Some(ordered) = self.wishes.recv() => self.ordered(ordered).await,
            }
        }
        self.shared.board.remove(&self.candidate.service);
    }

    fn rewanted(&mut self) {
        if let Wanted::As(candidate) = &*self.wanted.borrow_and_update() {
            self.candidate = Arc::clone(candidate);
        }
        // The row is shown anew.
        (self.opened, self.version) = (None, None);
    }

    fn tell(&self, what: Happened, message: impl Into<String>) {
        self.shared.teller.tell(News::new(what, message).of(&self.candidate.service));
    }

    async fn look(&mut self) -> Step {
        match self.look_at_it().await {
            Ok(step) => {
                self.failures = 0;
                step
            }
            Err(why) => {
                self.failed(why);
                let pause = PAUSE.saturating_mul(1 << self.failures.min(5)).min(MAX_PAUSE);
                self.failures += 1;
                Step::Rest(pause)
            }
        }
    }

    async fn look_at_it(&mut self) -> Result<Step, String> {
        let (loaded, deployment) = self.opened()?;
        if self.lock.is_none() {
            self.lock = Some(self.take_responsibility(&deployment).await?);
        }
        let state_file = deployment.state_file().clone();
        match monitor_state(&state_file).map_err(|error| error.to_string())? {
            MonitorState::NotRunning => {}
            MonitorState::Running(holder) => {
                let who = holder.map_or_else(|| "an unknown process".to_owned(), |holder| holder.to_string());
                self.is_elsewhere(&deployment, format!("{who} watches it"));
                return Ok(Step::Rest(EVERY));
            }
        }
        self.doubtful |= std::mem::take(&mut self.elsewhere);
        let version = version(&state_file);
        if self.version == Some(version) && !self.doubtful {
            return Ok(Step::Rest(EVERY));
        }
        let state = state_file.read().map_err(|error| error.to_string())?;
        if let Some(begin) = self.due(&deployment, &loaded, &state)? {
            self.version = None;
            return self.begin_by_itself(&deployment, begin).await;
        }
        (self.seen, self.doubtful, self.version) = (Some(Seen::of(&state)), false, Some(version));
        self.show_idle(&deployment, &state);
        Ok(Step::Rest(EVERY))
    }

    fn opened(&mut self) -> Result<(Arc<Loaded>, Deployment), String> {
        if let Some(opened) = &self.opened {
            return Ok(opened.clone());
        }
        let loaded = self.candidate.load(Vec::new(), None).map_err(|problems| in_one_line(&problems))?;
        let deployment = Deployment::open_in(&self.shared.ports, &loaded.config).map_err(|error| error.to_string())?;
        let opened = (Arc::new(loaded), deployment);
        self.opened = Some(opened.clone());
        Ok(opened)
    }

    async fn take_responsibility(&self, deployment: &Deployment) -> Result<Lock, String> {
        let holder = deployment.holder();
        let folder = self.shared.folder.display().to_string();
        let who = Responsible {
            holder: crate::io::state::Holder { folder, since: rfc3339_ms(deployment.now()), ..holder },
            socket: self.shared.socket.clone(),
            file: self.candidate.file.clone(),
        };
        Lock::responsible(deployment.state_file(), &who).await.map_err(|error| error.to_string())
    }

    /// What is to be begun, if anything: an unfinished soak first.
    fn due(&mut self, deployment: &Deployment, loaded: &Loaded, state: &State) -> Result<Option<Begin>, String> {
        let unfinished = state.soak().is_some_and(|block| block.phase != "finished");
        if self.doubtful || unfinished {
            match monitor::unfinished(deployment, &loaded.config).map_err(|error| error.to_string())? {
                Some(Ok(_)) => return Ok(Some(Begin::Resume)),
                Some(Err(why)) if self.doubtful => self.tell(Happened::Note, why),
                Some(Err(_)) | None => {}
            }
        }
        let known = Known {
            before: self.seen,
            judged: self.judged,
            now_ms: deployment.now().as_millisecond(),
            limit: self.candidate.limit,
        };
        match due(state, &known) {
            Due::Soak if self.seen.is_none() && was_not_to_be_watched(deployment, loaded, state) => {
                self.judged = Some(Seen::of(state));
                Ok(None)
            }
            Due::Soak => Ok(Some(Begin::Soak)),
            Due::Nothing(why) => {
                if why == Why::WayBack {
                    let active = state.active();
                    self.tell(Happened::Note, format!("traffic went back to {active}: a rollback, which is not watched"));
                    self.judged = Some(Seen::of(state));
                }
                Ok(None)
            }
        }
    }

    async fn begin_by_itself(&mut self, deployment: &Deployment, begin: Begin) -> Result<Step, String> {
        let state = deployment.state_file().read().map_err(|error| error.to_string())?;
        let caution = match Binding::to(&state) {
            Ok(binding) => self.caution(deployment, binding.previous).await,
            Err(_) => None,
        };
        let loaded = self.candidate.load(caution.into_iter().collect(), None);
        let loaded = loaded.map_err(|problems| in_one_line(&problems))?;
        let opened = match self.open(&loaded, begin, Actor::Auto).await {
            (Ok(Opening::Ready(opened)), _) => opened,
            (Ok(Opening::Ended { .. }) | Err(OpenError::NothingToSoak { .. }), _) => {
                self.doubtful = false;
                self.judged = deployment.state_file().read().ok().as_ref().map(Seen::of);
                return Ok(Step::Look);
            }
            (Err(OpenError::Lock(LockError::Busy { holder, .. })), _) => {
                let who = holder.map_or_else(|| "an unknown process".to_owned(), |holder| holder.to_string());
                self.is_elsewhere(deployment, format!("{who} watches it"));
                return Ok(Step::Rest(EVERY));
            }
            (Err(error), _) => return Err(error.to_string()),
        };
        self.watch(deployment, &loaded, opened, begin == Begin::Resume).await;
        Ok(Step::Look)
    }

    /// The setting that keeps a soak from rolling back by itself onto a color whose last soak ended breached.
    async fn caution(&self, deployment: &Deployment, onto: Color) -> Option<(String, String)> {
        let soak = self.breached(deployment, onto).await?;
        self.tell(Happened::Note, format!("automatic rollback is off: soak {soak} of {onto} ended breached"));
        Some(("soak.auto_rollback".to_owned(), "false".to_owned()))
    }

    async fn breached(&self, deployment: &Deployment, color: Color) -> Option<String> {
        let journal = deployment.journal().clone();
        let read = on_thread(&*self.shared.ports.disk, move || journal.history(HISTORY)).await.ok()?;
        let decisions: Vec<Decision> = read.ok()?.into_iter().map(|Entry { decision, .. }| decision).collect();
        last_soak_of(color, &decisions).map(str::to_owned)
    }

    /// Opens a run, a few at a time: each reads files and recordings. One that hangs keeps others waiting for a moment only.
    async fn open(&self, loaded: &Loaded, begin: Begin, actor: Actor) -> (Result<Opening, OpenError>, Vec<String>) {
        let told = Mutex::new(Vec::new());
        let turn = self.shared.opening.acquire().await.ok();
        let result = {
            let note = |text: &str| {
                self.tell(Happened::Note, text);
                told.lock().unwrap_or_else(PoisonError::into_inner).push(text.to_owned());
            };
            let mut opening = std::pin::pin!(monitor::open(&self.shared.ports, loaded, begin, actor, note));
            match timeout(OPENING, opening.as_mut()).await {
                Ok(opened) => opened,
                Err(_) => {
                    drop(turn);
                    opening.await
                }
            }
        };
        (result, told.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// Carries out what somebody asked for.
    async fn ordered(&mut self, ordered: Ordered) {
        let Ordered { wish, actor, answer } = ordered;
        let begin = wish::begin(&wish.what);
        let prepared = async {
            let unread = |error: &dyn std::fmt::Display| wish::not_begun(2, error.to_string());
            let loaded = wish::configuration(&self.candidate, &wish, None)?;
            let deployment = Deployment::open_in(&self.shared.ports, &loaded.config).map_err(|error| unread(&error))?;
            let onto = match wish.what {
                What::Switch { to, .. } => Some(to.other()),
                What::Soak | What::Resume => {
                    deployment.state_file().read().ok().and_then(|state| Some(Binding::to(&state).ok()?.previous))
                }
            };
            let caution = match onto {
                Some(onto) => self.caution(&deployment, onto).await,
                None => None,
            };
            Ok((wish::configuration(&self.candidate, &wish, caution)?, deployment))
        };
        let (loaded, deployment) = match prepared.await {
            Ok(prepared) => prepared,
            Err(not_begun) => return drop(answer.send(Err(not_begun))),
        };
        let (opened, told) = self.open(&loaded, begin, actor).await;
        match opened {
            Ok(Opening::Ready(opened)) => {
                let soak = Some(opened.settings().soak.clone());
                let socket = Some(loaded.config.control.socket.clone());
                let _ = answer.send(Ok(Begun { told, soak, socket, ending: None }));
                self.watch(&deployment, &loaded, opened, false).await;
                if matches!(begin, Begin::Switch { soak: false, .. }) {
                    self.judged = deployment.state_file().read().ok().as_ref().map(Seen::of);
                }
            }
            Ok(Opening::Ended { soak, ending }) => {
                let _ = answer.send(Ok(Begun { told, soak, socket: None, ending: Some(ending) }));
            }
            Err(error) => drop(answer.send(Err(NotBegun { told, ..wish::refused(&error) }))),
        }
        (self.version, self.doubtful) = (None, true);
    }

    /// Runs a soak to its end.
    async fn watch(&mut self, deployment: &Deployment, loaded: &Loaded, opened: Box<Opened>, resumed: bool) {
        let hub = opened.hub();
        let settings = opened.settings().clone();
        self.cleared();
        self.shared.board.count_begun();
        let run = Run {
            hub: hub.clone(),
            status: monitor::status_of(deployment, &hub),
            socket: loaded.config.control.socket.clone(),
        };
        self.shared.board.show(Row {
            run: Some(run.clone()),
            begin: Some(self.begin.clone()),
            note: self.note(),
            ..Row::new(Summary::idle(&self.candidate.service, Some(settings.color)))
        });
        let release = settings.known_release().map(str::to_owned);
        let (what, verb) = if resumed { (Happened::Resumed, "resumed") } else { (Happened::Begun, "began") };
        let named = release.as_ref().map(|release| format!(", release {release}")).unwrap_or_default();
        let message = format!("soak {} of {}{named} {verb}", settings.soak, settings.color);
        let news = News { soak: Some(settings.soak.clone()), color: Some(settings.color), release, ..News::new(what, message) };
        self.shared.teller.tell(news.of(&self.candidate.service));
        let mut task = tokio::spawn(monitor::run(*opened, OnSignal::Save, Vec::new()));
        let finished = loop {
            tokio::select! {
                finished = &mut task => break finished,
                Ok(()) = self.wanted.changed() => self.rewanted_during(&settings.soak),
                Some(ordered) = self.wishes.recv() => answer_during(ordered, &run, &settings.soak, &self.candidate.service),
            }
        };
        let end = hub.with_view(|view| {
            let machine = view.machine();
            (machine.settings().color, machine.settings().last_switch)
        });
        match finished {
            Ok(Finished::Ended(ending)) => {
                self.judged = deployment.state_file().read().ok().as_ref().map(Seen::of).filter(|seen| {
                    (seen.active, seen.last_switch) == end
                });
                self.seen = self.judged.or(self.seen);
                self.ended(&settings.soak, settings.color, &ending);
            }
            Ok(Finished::Saved | Finished::CutOff) => self.tell(Happened::Saved, format!("soak {} is saved", settings.soak)),
            Err(error) => {
                self.shared.board.count_restart();
                self.doubtful = true;
                self.failed(format!("soak {} broke off and is resumed: {error}", settings.soak));
                sleep(PAUSE).await;
            }
        }
        let summary = hub.with_view(Summary::of);
        self.shared.board.show(Row { status: Some(status_of(deployment)), begin: Some(self.begin.clone()), ..Row::new(summary) });
        self.version = None;
    }

    fn ended(&self, soak: &str, color: Color, ending: &Ending) {
        let message = format!("soak {soak} of {color} ended {}: {}", ending.outcome, ending.reason);
        let news = News {
            soak: Some(soak.to_owned()),
            color: Some(color),
            outcome: Some(ending.outcome),
            exit_code: Some(ending.exit_code()),
            ..News::new(Happened::Ended, message)
        };
        self.shared.teller.tell(news.of(&self.candidate.service));
    }

    /// A change of the file while a soak runs, which keeps the settings that it began with.
    fn rewanted_during(&mut self, soak: &str) {
        let wanted = self.wanted.borrow_and_update().clone();
        let message = match &wanted {
            Wanted::As(candidate) => {
                (self.candidate, self.opened) = (Arc::clone(candidate), None);
                format!("{} has changed: it counts from the next soak on", candidate.name())
            }
            Wanted::Broken(why) => format!("{why}; soak {soak} goes on with the settings it began with"),
            Wanted::Gone(why) => format!("{why}; soak {soak} goes on to its end"),
        };
        let what = if matches!(wanted, Wanted::As(_)) { Happened::File } else { Happened::Error };
        self.tell(what, message);
        self.shared.board.note(&self.candidate.service, self.note());
    }

    /// What the row says beside everything else.
    fn note(&self) -> Option<String> {
        match &*self.wanted.borrow() {
            Wanted::As(_) => None,
            Wanted::Broken(why) | Wanted::Gone(why) => Some(why.clone()),
        }
    }

    fn show_idle(&mut self, deployment: &Deployment, state: &State) {
        let service = &self.candidate.service;
        let summary = match self.note() {
            Some(why) => Summary { error: Some(why.clone()), ..Summary::error(service, why) },
            None => rows::idle(service, state),
        };
        self.show(deployment, summary);
        self.cleared();
    }

    fn show(&self, deployment: &Deployment, summary: Summary) {
        let (status, begin) = (Some(status_of(deployment)), Some(self.begin.clone()));
        self.shared.board.show(Row { status, begin, ..Row::new(summary) });
    }

    fn is_elsewhere(&mut self, deployment: &Deployment, who: String) {
        if !std::mem::replace(&mut self.elsewhere, true) {
            self.tell(Happened::Elsewhere, who.clone());
        }
        self.cleared();
        self.show(deployment, Summary::elsewhere(&self.candidate.service, who));
    }

    fn failed(&mut self, why: String) {
        let service = &self.candidate.service;
        self.shared.board.show(Row { begin: Some(self.begin.clone()), ..Row::new(Summary::error(service, &why)) });
        if self.error.as_ref() != Some(&why) {
            self.shared.board.count_error();
            self.tell(Happened::Error, why.clone());
            self.error = Some(why);
        }
    }

    fn cleared(&mut self) {
        if self.error.take().is_some() {
            self.tell(Happened::Cleared, "watched again");
        }
    }
}

/// Answers whoever asks for a run while one is under way. A soak that is asked for is the one that runs.
fn answer_during(ordered: Ordered, run: &Run, soak: &str, service: &str) {
    let Ordered { wish, answer, .. } = ordered;
    let answered = match wish.what {
        What::Soak | What::Resume => Ok(Begun {
            told: vec![format!("the agent watches `{service}` already: this follows soak {soak}")],
            soak: Some(soak.to_owned()),
            socket: Some(run.socket.clone()),
            ending: None,
        }),
        What::Switch { .. } => {
            let next = format!("switchback attach --service {service}");
            Err(wish::not_begun(10, format!("the agent watches `{service}` already (soak {soak})\nnext: {next}")))
        }
    };
    let _ = answer.send(answered);
}

/// The status as `status --json` prints it from the files.
fn status_of(deployment: &Deployment) -> StatusOf {
    let deployment = deployment.clone();
    Arc::new(move || {
        let deployment = deployment.clone();
        Box::pin(async move { deployment.status(None).await.map_err(|error| error.to_string()) })
    })
}

/// Whether the switch was made with `--no-soak`.
fn was_not_to_be_watched(deployment: &Deployment, loaded: &Loaded, state: &State) -> bool {
    let Some(run) = monitor::newest_run(deployment, &loaded.config) else { return false };
    let ended = run.finished_at.as_deref().and_then(|at| at.parse::<jiff::Timestamp>().ok());
    run.outcome.as_deref() == Some("switched") && ended.map(jiff::Timestamp::as_millisecond) >= state.last_switch()
}

fn version(state_file: &crate::io::state::StateFile) -> Version {
    let found = fs::metadata(state_file.path()).ok();
    found.map(|found| (found.ino(), found.mtime(), found.mtime_nsec(), found.len()))
}
