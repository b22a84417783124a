//! The state file, the router and the journal of one service, under one lock.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::timeout;

use super::moved::MoveFailure;
use crate::config::Config;
use crate::io::coordination::{Leadership, NotLeading, Standing, Turn};
use crate::io::journal::{Head, Journal, JournalError, rfc3339_ms};
use crate::io::ports::{Clock, Disk, Ports, SystemClock, SystemDisk, on_thread};
use crate::io::router::{Moved, Replace, Router, StateFileRouter, TrafficProbe};
use crate::io::state::WRITERS;
use crate::io::state::{FreezeFile, Holder, Lock, LockError, Move, Release, SoakBlock, State, StateError, StateFile};
use crate::model::number::duration_exact;
use crate::model::{Color, Decision, Traffic};

/// How long a move waits for the one before it, beyond the router's time limits: for fsyncs and undoing.
const LOCK_MARGIN: Duration = Duration::from_secs(10);

/// How long a move waits for the journal before it continues without it. A disk may hang without failing.
const JOURNAL_TIMEOUT: Duration = Duration::from_secs(5);

/// Attempts to write a soak's block while the state file changes, and the pause between two.
const RECORD_TRIES: u32 = 5;
const RECORD_PAUSE: Duration = Duration::from_millis(20);

/// What whoever moves traffic has until it is dropped.
pub(super) struct Held {
    _lock: Lock,
    _turn: Option<Turn>,
}

/// The deployment of one service: every move of its traffic goes through here. Small files are handled on the calling
/// task, the journal, which may wait for other processes, on the runtime's blocking threads.
#[derive(Clone)]
pub struct Deployment {
    pub(super) state_file: StateFile,
    pub(super) router: Arc<dyn Router>,
    pub(super) journal: Journal,
    pub(super) service: String,
    pub(super) leadership: Option<Leadership>,
    probe: Option<TrafficProbe>,
    lock_wait: Duration,
    clock: Arc<dyn Clock>,
    pub(super) disk: Arc<dyn Disk>,
    /// The end of the journal after this process's last decision.
    head: Arc<Mutex<Option<Head>>>,
}

impl fmt::Debug for Deployment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { state_file, router, .. } = self;
        f.debug_struct("Deployment").field("state_file", state_file).field("router", router).finish_non_exhaustive()
    }
}

impl Deployment {
    /// The configured deployment. Neither the state file nor the journal is read yet.
    pub fn open(config: &Config) -> Result<Self, StateError> {
        Self::open_in(&Ports::real(), config)
    }

    /// The configured deployment through these ports.
    pub fn open_in(ports: &Ports, config: &Config) -> Result<Self, StateError> {
        let leadership = ports.coordination.of(config, &ports.clock)?;
        let state_file = StateFile::open(&config.state_file)?.on(Arc::clone(&ports.disk));
        let router = ports.routers.router(config, &state_file);
        let journal = Journal::new(&config.service_dir(), &config.service);
        let limit = config.router.timeout;
        let probe = config.router.probe.clone().map(|probe| TrafficProbe::new(probe, limit));
        // The holder of the lock asks its router at most six times: a read, a move and its read-back, the same to undo
        // it, and where traffic ended up. The probe is asked after the move and after undoing it.
        let lock_wait = limit.saturating_mul(if probe.is_some() { 8 } else { 6 }).saturating_add(LOCK_MARGIN);
        let alone = Self::new(state_file, router, journal, &config.service, lock_wait);
        Ok(Self { leadership, ..alone.with_probe(probe).within(ports) })
    }

    /// A deployment from its parts; `lock_wait` is how long a move waits for another process that is moving traffic.
    pub fn new(
        state_file: StateFile,
        router: Arc<dyn Router>,
        journal: Journal,
        service: &str,
        lock_wait: Duration,
    ) -> Self {
        let service = service.to_owned();
        Self {
            state_file,
            router,
            journal,
            service,
            leadership: None,
            probe: None,
            lock_wait,
            clock: Arc::new(SystemClock),
            disk: Arc::new(SystemDisk),
            head: Arc::default(),
        }
    }

    /// The same deployment on this clock and disk.
    #[must_use]
    pub fn within(self, ports: &Ports) -> Self {
        let disk = || Arc::clone(&ports.disk);
        Self {
            state_file: self.state_file.on(disk()),
            journal: self.journal.on(disk()),
            disk: disk(),
            clock: Arc::clone(&ports.clock),
            ..self
        }
    }

    /// The same deployment, with a probe to confirm moves.
    #[must_use]
    pub fn with_probe(self, probe: Option<TrafficProbe>) -> Self {
        Self { probe, ..self }
    }

    /// The probe that confirms moves, if configured.
    pub const fn probe(&self) -> Option<&TrafficProbe> {
        self.probe.as_ref()
    }

    /// Where its state is.
    pub const fn state_file(&self) -> &StateFile {
        &self.state_file
    }

    /// What sends traffic to a color.
    pub fn router(&self) -> &Arc<dyn Router> {
        &self.router
    }

    /// The name of the service.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// Where its decisions are.
    pub const fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Where a router with state of its own sends traffic; `None` if it follows the state file or cannot be read.
    pub async fn routed(&self) -> Option<Color> {
        if self.router.reads_state_file() { None } else { self.router.read().await.ok() }
    }

    /// Whether a switch to the active color must move the router: it shows the other, or neither and may `replace`.
    pub async fn leads_elsewhere(&self, active: Color, replace: Replace) -> bool {
        if self.router.reads_state_file() {
            return false;
        }
        self.router.read().await.map_or(replace == Replace::Anything, |shown| shown != active)
    }

    /// The freeze of automatic rollback of its service.
    pub fn freeze_file(&self) -> FreezeFile {
        FreezeFile::new(self.journal.path().parent().unwrap_or(Path::new(".")))
    }

    /// This process as the holder of a lock.
    pub fn holder(&self) -> Holder {
        let folder = std::env::current_dir().unwrap_or_default();
        Holder {
            pid: std::process::id(),
            service: self.service.clone(),
            folder: folder.display().to_string(),
            since: rfc3339_ms(self.now()),
        }
    }

    /// Writes the soak to the state file and touches no other key. Waits for a move in progress, then reads the file
    /// again; once more if a program without our lock changes it meanwhile.
    pub async fn record_soak(&self, block: SoakBlock) -> Result<SoakUpdate, RecordError> {
        let head = self.with_journal(|journal, _| journal.head()).await.ok().flatten();
        for _ in 0..RECORD_TRIES {
            let lock = self.lock().await?;
            let before = self.state_file.read()?;
            if !before.exists() {
                return Ok(SoakUpdate::NoStateFile);
            }
            if let Some(newer) = before.soak().filter(|known| known.id > block.id) {
                return Ok(SoakUpdate::NewerSoak(newer.id.clone()));
            }
            let mut state = before.clone();
            state.set_soak(block.clone());
            if let Some(head) = &head {
                state.set_journal(head.clone());
            }
            match self.share_state(&state, None).await {
                // Cut off, it goes on watching, and shows it here.
                Ok(()) | Err(NotLeading::Isolated(_)) => {}
                Err(_) => return Ok(SoakUpdate::Elsewhere),
            }
            let replaced = self.state_file.write_over(before, state)?;
            // The lock is released: moves do not wait for the rest.
            drop(lock);
            if let Some(replaced) = replaced {
                tokio::time::sleep(WRITERS).await;
                if self.state_file.is_settled(&replaced) {
                    return Ok(SoakUpdate::Written);
                }
                let _lock = self.lock().await?;
                self.state_file.put_back(&replaced)?;
            }
            tokio::time::sleep(RECORD_PAUSE).await;
        }
        Err(RecordError::Restless)
    }

    /// How long a move waits for another process that is moving traffic.
    pub const fn lock_wait(&self) -> Duration {
        self.lock_wait
    }

    /// The lock on this host, and the lead among all.
    pub(super) async fn lock(&self) -> Result<Held, LockError> {
        let Some(leadership) = &self.leadership else {
            return Ok(Held { _lock: self.lock_here().await?, _turn: None });
        };
        let turn = leadership.turn().await;
        if leadership.is_past() {
            return Err(LockError::Lead(NotLeading::Ended.to_string()));
        }
        let standing = Box::pin(self.take_lead_in(leadership, &turn)).await;
        if let Standing::StandsBy(leader) = standing.map_err(|error| LockError::Lead(error.with_what_helps()))? {
            return Err(LockError::Lead(NotLeading::Led(Box::new(leader.member)).to_string()));
        }
        Ok(Held { _lock: self.lock_here().await?, _turn: Some(turn) })
    }

    pub(super) async fn lock_here(&self) -> Result<Lock, LockError> {
        Lock::moves(&self.state_file, &self.holder(), self.lock_wait).await
    }

    /// What time it is for this deployment.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn now_ms(&self) -> i64 {
        self.now().as_millisecond()
    }

    /// Uses the journal on a blocking thread. An error is logged and returned as text, and stops no move.
    pub(super) async fn with_journal<T: Send + 'static>(
        &self,
        work: impl FnOnce(Journal, Timestamp) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, String> {
        let (journal, now) = (self.journal.clone(), self.now());
        within(JOURNAL_TIMEOUT, &*self.disk, move || work(journal, now)).await.inspect_err(|trouble| {
            tracing::error!(trouble, "the decision journal failed");
        })
    }

    /// Journals a signed decision; the first trouble of a move is kept in `trouble`.
    pub(super) async fn journal_decision(&self, decision: Decision, trouble: &mut Option<String>) {
        match self.with_journal(move |journal, now| journal.append(&decision, now)).await {
            Ok(head) => *self.head.lock().unwrap_or_else(PoisonError::into_inner) = Some(head),
            Err(text) => drop(trouble.get_or_insert(text)),
        }
    }

    /// Notes the end of the journal in the state, as far as known without reading a disk: traffic comes first.
    pub(super) fn note_journal(&self, state: &mut State) {
        if let Some(head) = self.head.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            state.set_journal(head);
        }
    }

    /// Moves the router, reads it back if it has state of its own, and returns its output.
    pub(super) async fn move_router(&self, kind: Move, to: Color, replace: Replace) -> Result<Moved, MoveFailure> {
        if let Some(token) = self.leadership.as_ref().and_then(Leadership::token) {
            self.router.fence(token);
        }
        let moving = match kind {
            Move::Switch => self.router.switch(to, replace),
            Move::Rollback => self.router.rollback(to, replace),
        };
        let moved = match &self.leadership {
            Some(leadership) => leadership.within(moving).await.map_err(MoveFailure::NotLeading)?,
            None => moving.await,
        };
        let moved = moved.map_err(MoveFailure::Router)?;
        // A router that reads the state file shows the move only once that is written.
        if !self.router.reads_state_file() {
            let shown = self.router.read().await.map_err(MoveFailure::ReadBack)?;
            if shown != to {
                return Err(MoveFailure::Unmoved(shown));
            }
        }
        Ok(moved)
    }

    /// Whether a move is confirmed only once the state file says so.
    pub(super) fn is_confirmed_last(&self) -> bool {
        self.probe.is_some() && self.router.reads_state_file()
    }

    /// Whether users reach this color, if probed. A router that follows the state file moves once that is `written`.
    pub(super) async fn confirm(&self, to: Color, written: bool) -> Result<(), MoveFailure> {
        match &self.probe {
            Some(probe) if self.router.reads_state_file() == written => {
                Box::pin(probe.confirm(to)).await.map_err(MoveFailure::Probe)
            }
            _ => Ok(()),
        }
    }

    /// Makes the state file say that traffic is on `to`. What the router's command wrote there itself is kept.
    /// The others learn of the signed `decision` with it.
    pub(super) async fn write_move(
        &self,
        kind: Move,
        to: Color,
        release: &Release,
        decision: Option<&Decision>,
    ) -> Result<State, MoveFailure> {
        let mut state = self.state_file.read().map_err(MoveFailure::StateFile)?;
        let before = state.clone();
        if state.active() != to {
            state.record_move(kind, to, self.now_ms());
        } else if !state.last_move_is(kind) {
            state.note(kind, self.now_ms());
        }
        if *release != Release::default() {
            state.describe_release(release);
        }
        if state != before {
            self.note_journal(&mut state);
            self.put_state(&state, decision).await?;
        } else if decision.is_some() {
            self.announce(decision).await?;
        }
        Ok(state)
    }

    /// Where traffic is after a failed move, if the router or the state file that decides it can be read.
    pub(super) async fn traffic_after(&self, failure: &MoveFailure, to: Color) -> Traffic {
        let state_decides = self.router.kind() == StateFileRouter::KIND;
        let read = match failure {
            MoveFailure::Router(error) if error.is_untouched() => return Traffic::Unmoved,
            MoveFailure::ReadBack(_) => return Traffic::Unconfirmed(to),
            MoveFailure::Probe(error) => return error.seen().map_or(Traffic::Unconfirmed(to), Traffic::On),
            MoveFailure::Unmoved(shown) => Some(*shown),
            MoveFailure::StateFile(_) if !state_decides => Some(to),
            MoveFailure::StateFile(_) | MoveFailure::NotLeading(_) => self.router.read().await.ok(),
            MoveFailure::Router(_) if !self.router.reads_state_file() => self.router.read().await.ok(),
            MoveFailure::Router(_) => None,
        };
        read.map_or(Traffic::Unknown, Traffic::On)
    }
}

/// Does blocking work on another thread, and stops waiting when it takes too long.
async fn within<T: Send + 'static>(
    limit: Duration,
    disk: &dyn Disk,
    work: impl FnOnce() -> Result<T, JournalError> + Send + 'static,
) -> Result<T, String> {
    match timeout(limit, on_thread(disk, work)).await {
        Ok(Ok(Ok(value))) => Ok(value),
        Ok(Ok(Err(error))) => Err(error.to_string()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("the decision journal takes longer than {}", duration_exact(limit))),
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SoakUpdate {
    Written,
    /// The file has the block of this later soak, which is kept.
    NewerSoak(String),
    /// There is no state file. One with only a soak would look like a deployment that never was.
    NoStateFile,
    /// Another host leads, and writes its own.
    Elsewhere,
}

#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error("the state file changes faster than it can be written")]
    Restless,
}

#[cfg(test)]
mod tests;
