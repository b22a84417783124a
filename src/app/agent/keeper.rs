//! One deployment: looks at it, and begins a soak when one is due or asked for.
//!
//! | file | part |
//! | --- | --- |
//! | `soaks` | its soaks: opened, run to their ends, asked for |
//! | `records` | what its records say of what was before |
//! | `standby` | another host that leads: what it does is shown here |
//! | `router` | what the router shows beside the state file |
//! | `shown` | what is shown and told of it |

mod records;
mod router;
mod shown;
mod soaks;
mod standby;

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep};

use crate::app::deploy::{Binding, Deployment};
use crate::app::headless::{Happened, News, Teller};
use crate::app::monitor::{Begin, OpenError, Opening};
use crate::config::Loaded;
use crate::io::control::{Board, Ordered};
use crate::io::journal::rfc3339_ms;
use crate::io::ports::Ports;
use crate::io::state::{Lock, LockError, MonitorState, Responsible, State, monitor_state};
use crate::model::Actor;

use self::router::{Odd, RouterLooks};
use self::standby::Leads;
use super::candidate::{Candidate, in_one_line};
use super::stop::Stop;
use super::switched::{Due, Known, Seen, Why, due};
use super::turns::Turns;

/// Between two looks at a state file.
const EVERY: Duration = Duration::from_millis(500);
/// After a failure; doubles up to [`MAX_PAUSE`].
const PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_secs(30);
/// Runs that somebody asked for and that wait.
const WISHES: usize = 4;

/// What all deployments of an agent share.
#[derive(Clone)]
pub struct Shared {
    pub board: Board,
    pub teller: Teller,
    pub ports: Ports,
    pub stop: Stop,
    pub turns: Turns,
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
    /// A soak that has ended, and whose end is not on disk.
    over: Option<String>,
    /// Whether an unfinished soak may be there that the state file does not show.
    doubtful: bool,
    router: RouterLooks,
    /// Whether the last move was a rollback.
    rolled_back: bool,
    /// What the router shows against the state file, where nobody can say who is right.
    odd: Option<String>,
    /// Why nothing can be recorded, as told: a soak could not begin.
    unwritable: Option<String>,
    /// Why it is not watched, as told.
    error: Option<String>,
    elsewhere: bool,
    /// When etcd last said that another host leads.
    led: Option<Instant>,
    /// When it was looked at what the other hosts say.
    followed: Option<Instant>,
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
            over: None,
            doubtful: true,
            router: RouterLooks::default(),
            rolled_back: false,
            odd: None,
            unwritable: None,
            error: None,
            elsewhere: false,
            led: None,
            followed: None,
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
                biased;
                () = stop.asked() => break,
                changed = self.wanted.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    self.rewanted();
                }
                Some(ordered) = self.wishes.recv() => Box::pin(self.ordered(ordered)).await,
                () = sleep(rest) => {}
            }
        }
        if let Some((_, deployment)) = &self.opened
            && let Some(leadership) = deployment.leadership()
        {
            leadership.resign().await;
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
        match self.stands_by(&deployment).await? {
            Leads::Here => {}
            Leads::There(leader) => {
                self.is_elsewhere(&deployment, format!("{leader} leads"));
                return Ok(Step::Rest(EVERY));
            }
            Leads::AsBefore => return Ok(Step::Rest(EVERY)),
        }
        self.doubtful |= std::mem::take(&mut self.elsewhere);
        self.look_at_records();
        let version = version(&state_file);
        if self.version == Some(version) && !self.doubtful {
            return self.look_at_router(&deployment).await;
        }
        self.router.forget();
        let state = state_file.read().map_err(|error| error.to_string())?;
        if let Some(begin) = self.due(&deployment, &loaded, &state).await? {
            self.version = None;
            return Box::pin(self.begin_by_itself(&deployment, begin)).await;
        }
        (self.seen, self.doubtful, self.version) = (Some(Seen::of(&state)), false, Some(version));
        self.rolled_back = state.is_rolled_back();
        self.show_idle(&deployment, &state);
        Ok(Step::Rest(EVERY))
    }

    /// Traffic that was moved at the router by hand is a switch as well; where they never agreed, a person has to say.
    async fn look_at_router(&mut self, deployment: &Deployment) -> Result<Step, String> {
        let Some(seen) = self.seen else { return Ok(Step::Rest(EVERY)) };
        let services = self.shared.board.count();
        let Ok(odd) = self.router.look(deployment, seen.active, services).await else { return Ok(Step::Rest(EVERY)) };
        let told = match odd {
            None => None,
            Some(Odd::Moved(to)) if !self.rolled_back => {
                if deployment.note_switch(to).await.map_err(|error| error.to_string())? {
                    self.tell(
                        Happened::Note,
                        format!("traffic was moved to {to} at the router: noted in the state file"),
                    );
                }
                self.version = None;
                return Ok(Step::Look);
            }
            Some(Odd::Moved(to) | Odd::Never(to)) => Some(format!(
                "the router sends traffic to {to}, the state file says {}: see `switchback status`",
                seen.active
            )),
        };
        if told != self.odd {
            match &told {
                Some(why) => self.tell(Happened::Error, why.clone()),
                None => self.tell(Happened::Cleared, "router and state file agree"),
            }
            (self.odd, self.version) = (told, None);
            return Ok(Step::Look);
        }
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
    async fn due(
        &mut self,
        deployment: &Deployment,
        loaded: &Arc<Loaded>,
        state: &State,
    ) -> Result<Option<Begin>, String> {
        let records = self.records(deployment, loaded, state).await?;
        match records.unfinished {
            Some(Ok(soak)) if self.over.as_ref() != Some(&soak) => return Ok(Some(Begin::Resume)),
            Some(Err(why)) if self.doubtful => self.tell(Happened::Note, why),
            Some(Ok(_) | Err(_)) | None => {}
        }
        let known = Known {
            before: self.seen,
            judged: self.judged,
            moved_on: records.moved_on,
            now_ms: deployment.now().as_millisecond(),
            limit: self.candidate.limit,
        };
        match due(state, &known) {
            Due::Soak if records.unwatched => {
                self.judged = Some(Seen::of(state));
                Ok(None)
            }
            Due::Soak => Ok(Some(Begin::Soak)),
            Due::Nothing(why) => {
                if why == Why::WayBack {
                    let active = state.active();
                    self.tell(
                        Happened::Note,
                        format!("traffic went back to {active}: a rollback, which is not watched"),
                    );
                    self.judged = Some(Seen::of(state).back());
                }
                Ok(None)
            }
        }
    }

    async fn begin_by_itself(&mut self, deployment: &Deployment, begin: Begin) -> Result<Step, String> {
        let turns = self.shared.turns.clone();
        let opening = async {
            let state = deployment.state_file().read().map_err(|error| error.to_string())?;
            let caution = match Binding::to(&state) {
                Ok(binding) => self.caution(deployment, binding.previous).await,
                Err(_) => None,
            };
            let loaded = self.candidate.load(caution.into_iter().collect(), None);
            let loaded = loaded.map_err(|problems| in_one_line(&problems))?;
            let opened = self.open(&loaded, begin, Actor::Auto).await;
            Ok::<_, String>((loaded, opened))
        };
        let (loaded, opened) = turns.during(Box::pin(opening)).await?;
        let opened = match opened {
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
}

fn version(state_file: &crate::io::state::StateFile) -> Version {
    let found = fs::metadata(state_file.path()).ok();
    found.map(|found| (found.ino(), found.mtime(), found.mtime_nsec(), found.len()))
}
