//! The services of an agent and what is known of each.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::core::view::{State as RowState, Summary};
use crate::io::control::shared::SharedStatus;
use crate::io::control::{Hub, StatusOf};
use crate::model::Actor;

use super::begin::{BeginRequest, Begun, NotBegun};
use super::page::{Gauges, Tally};

/// For how long one look at all services serves everybody.
const FRESH: Duration = Duration::from_millis(500);
/// One status reading serves everybody for this long.
const SHARED: Duration = Duration::from_secs(1);

/// A run to begin, and who waits for the answer.
#[derive(Debug)]
pub struct Ordered {
    pub wish: BeginRequest,
    pub actor: Actor,
    pub answer: oneshot::Sender<Result<Begun, NotBegun>>,
}

/// What is known of one service.
pub struct Row {
    /// Without a run.
    pub summary: Summary,
    /// The soak under way.
    pub run: Option<Run>,
    /// Something that does not keep it from being watched: its file is gone, or broken.
    pub note: Option<String>,
    /// The deployment without a soak; `None` where it cannot be opened.
    pub status: Option<StatusOf>,
    /// Where runs are begun.
    pub begin: Option<mpsc::Sender<Ordered>>,
}

/// A soak under way.
#[derive(Clone)]
pub struct Run {
    pub hub: Hub,
    pub status: StatusOf,
    pub socket: PathBuf,
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("socket", &self.socket).finish_non_exhaustive()
    }
}

impl Row {
    pub fn new(summary: Summary) -> Self {
        Self { summary, run: None, note: None, status: None, begin: None }
    }

    fn told(&self, host: &str) -> Summary {
        let summary = match &self.run {
            Some(run) => run.hub.with_view(Summary::of),
            None => self.summary.clone(),
        };
        let error = summary.error.clone().or_else(|| self.note.clone());
        Summary { host: Some(host.to_owned()), error, service: self.summary.service.clone(), ..summary }
    }
}

/// The rows of an agent; clones share them.
#[derive(Clone)]
pub struct Board(Arc<Shared>);

impl fmt::Debug for Board {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Board").field("host", &self.0.host).finish_non_exhaustive()
    }
}

struct Shared {
    host: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    rows: BTreeMap<String, Kept>,
    looked: Option<(Instant, Look)>,
    tally: Tally,
}

struct Kept {
    row: Row,
    status: Option<SharedStatus>,
}

/// All services, sorted by name.
pub(super) type Look = Arc<Vec<Arc<Summary>>>;

/// The list, as it is sent.
#[derive(Serialize)]
pub(super) struct List<'a> {
    host: &'a str,
    services: Vec<&'a Summary>,
}

impl Board {
    /// Of an agent on this host, with no service yet.
    pub fn new(host: impl Into<String>) -> Self {
        Self(Arc::new(Shared { host: host.into(), state: Mutex::default() }))
    }

    /// Shows a service, or shows it anew.
    pub fn show(&self, row: Row) {
        let status = match &row.run {
            Some(run) => Some(Arc::clone(&run.status)),
            None => row.status.clone(),
        };
        let status = status.map(|read| SharedStatus::new(read, SHARED));
        let mut state = self.state();
        state.rows.insert(row.summary.service.clone(), Kept { row, status });
        state.looked = None;
    }

    /// Puts another note beside a service that is shown.
    pub fn note(&self, service: &str, note: Option<String>) {
        let mut state = self.state();
        if let Some(kept) = state.rows.get_mut(service) {
            kept.row.note = note;
        }
        state.looked = None;
    }

    /// A service is not kept any more.
    pub fn remove(&self, service: &str) {
        let mut state = self.state();
        state.rows.remove(service);
        state.looked = None;
    }

    /// What a row says.
    pub fn summary(&self, service: &str) -> Option<Summary> {
        self.state().rows.get(service).map(|kept| kept.row.told(&self.0.host))
    }

    pub(super) fn list<'a>(&'a self, look: &'a Look) -> List<'a> {
        List { host: &self.0.host, services: look.iter().map(|row| &**row).collect() }
    }

    pub(super) fn look(&self) -> Look {
        let mut state = self.state();
        if let Some((at, look)) = &state.looked
            && at.elapsed() < FRESH
        {
            return Arc::clone(look);
        }
        let look: Look = Arc::new(state.rows.values().map(|kept| Arc::new(kept.row.told(&self.0.host))).collect());
        state.looked = Some((Instant::now(), Arc::clone(&look)));
        look
    }

    /// Where the soak of a service receives orders; `None` while none runs.
    pub fn hub(&self, service: &str) -> Option<Hub> {
        Some(self.state().rows.get(service)?.row.run.as_ref()?.hub.clone())
    }

    /// The soak of a service, and its status; `None` for a service that is not there.
    pub(super) fn find(&self, service: &str) -> Option<(Option<Hub>, Option<SharedStatus>)> {
        let state = self.state();
        let kept = state.rows.get(service)?;
        Some((kept.row.run.as_ref().map(|run| run.hub.clone()), kept.status.clone()))
    }

    pub(super) fn beginner(&self, service: &str) -> Option<mpsc::Sender<Ordered>> {
        self.state().rows.get(service)?.row.begin.clone()
    }

    /// Sets what the agent measures of itself.
    pub fn measured(&self, gauges: Gauges) {
        self.state().tally.gauges = gauges;
    }

    /// A soak whose task failed is begun anew.
    pub fn count_restart(&self) {
        self.state().tally.restarts += 1;
    }

    /// A file or a service is wrong.
    pub fn count_error(&self) {
        self.state().tally.errors += 1;
    }

    /// A soak began or is resumed.
    pub fn count_begun(&self) {
        self.state().tally.begun += 1;
    }

    pub(super) fn count_refused(&self) {
        self.state().tally.refused += 1;
    }

    pub(super) fn metrics(&self) -> String {
        let look = self.look();
        let state = self.state();
        super::page::page(&look, &state.tally)
    }

    /// How many services there are.
    pub fn count(&self) -> usize {
        self.state().rows.len()
    }

    /// How many services are watched now.
    pub fn watching(&self) -> usize {
        self.look().iter().filter(|row| row.state == RowState::Watching).count()
    }

    /// The services whose traffic is being moved this moment.
    pub fn moving(&self) -> Vec<String> {
        let is_moving = |run: &Run| run.hub.with_view(|view| view.machine().is_moving());
        let state = self.state();
        let moving = state.rows.iter().filter(|(_, kept)| kept.row.run.as_ref().is_some_and(is_moving));
        moving.map(|(service, _)| format!("`{service}`")).collect()
    }

    /// No work under the lock leaves the state half changed, so a panic of a reader does not matter.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
