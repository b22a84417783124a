//! What a run needs before its first event: locks, state, journal, recording.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;

use crate::config::{Config, Loaded};
use crate::deploy::{Binding, Color, Deployment, Lock, LockError, NothingToRollBack, RollbackError, State, StateError};
use crate::headless::Places;
use crate::journal::{Journal, JournalError, RecordingError, RecordingWriter, SoakId};
use crate::soak::{Actor, ErrorRateSettings, Event, Machine, Origin, ReadinessSettings, RecordingHeader, Settings};
use crate::source::ClientError;

use super::clock::Clock;
use super::crew::Crew;
use super::hands::Hands;
use super::recorder::Recorder;
use super::signals::Signals;
use super::unfinished;

/// So many events may wait for the loop. Each task has at most one on its way, so this is never reached.
const INBOX: usize = 1_024;

/// What is to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// A switch, with or without a soak behind it.
    Switch {
        /// Where to; the inactive color if none is named.
        to: Option<Color>,
        /// Whether a soak follows.
        soak: bool,
    },
    /// A soak of what is active.
    Soak,
}

/// A run could not begin. Nothing was moved.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another monitor runs, or its lock failed.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The state file cannot be read.
    #[error(transparent)]
    State(#[from] StateError),
    /// There is no switch to watch.
    #[error("there is nothing to watch: {reason} (state file `{}`)", path.display())]
    NothingToSoak {
        /// Why.
        reason: NothingToRollBack,
        /// The state file.
        path: PathBuf,
    },
    /// The journal cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The recording cannot be begun.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// An instance cannot be asked as configured.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The rollback of an earlier, unfinished soak could not be finished.
    #[error("soak {soak} left a rollback unfinished, and it cannot be finished now: {source}")]
    Unfinished {
        /// The earlier soak.
        soak: String,
        /// Why.
        source: RollbackError,
    },
    /// Signals or randomness are not to be had.
    #[error("cannot {what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
}

impl OpenError {
    /// The program's exit code.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Lock(LockError::Busy { .. }) => 10,
            Self::Unfinished { .. } => 7,
            Self::System { .. } => 1,
            _ => 2,
        }
    }
}

/// What opening a run came to.
pub enum Opening {
    /// It can begin.
    Ready(Box<Opened>),
    /// The target of the switch is active already.
    AlreadyActive(Color),
}

/// A run that can begin.
pub struct Opened {
    pub(super) machine: Box<Machine>,
    pub(super) crew: Crew,
    pub(super) hands: Hands,
    pub(super) recorder: Recorder,
    pub(super) journal: Journal,
    pub(super) events: mpsc::Sender<Event>,
    pub(super) inbox: mpsc::Receiver<Event>,
    pub(super) signals: Signals,
    pub(super) lock: Lock,
    pub(super) clock: Clock,
    /// Where the records of the run are.
    pub places: Places,
}

impl Opened {
    /// The settings of the run, as recorded.
    pub fn settings(&self) -> &Settings {
        self.machine.settings()
    }
}

/// Takes the monitor's lock, reads the state, and opens journal and recording.
///
/// What an earlier monitor left unfinished is finished first, and `tell` is told so. Everything that can fail fails here, before traffic moves.
pub async fn open(loaded: &Loaded, begin: Begin, actor: Actor, tell: impl Fn(&str)) -> Result<Opening, OpenError> {
    let config = &loaded.config;
    let deployment = Deployment::open(config)?;
    let lock = Lock::monitor(deployment.state_file(), &deployment.holder()).await?;
    deployment.journal().repair(Timestamp::now())?;
    if let Some(settled) = unfinished::settle(&deployment).await? {
        tell(&settled);
    }
    let state = deployment.state_file().read()?;
    let color = match begin {
        Begin::Switch { to, .. } => to.unwrap_or(state.active().other()),
        Begin::Soak => state.active(),
    };
    match begin {
        Begin::Switch { .. } if color == state.active() && deployment.routed().await != Some(color.other()) => {
            return Ok(Opening::AlreadyActive(color));
        }
        Begin::Switch { .. } => {}
        Begin::Soak => {
            let path = || deployment.state_file().path().to_owned();
            Binding::to(&state).map_err(|reason| OpenError::NothingToSoak { reason, path: path() })?;
        }
    }
    // Before the recording begins: a signal from here on ends the run in order.
    let signals = Signals::listen().map_err(|source| OpenError::System { what: "listen for signals", source })?;
    let random = SoakId::random_bytes().map_err(|source| OpenError::System { what: "draw a soak id", source })?;
    let id = SoakId::new(Timestamp::now(), random);
    let settings = settings(config, &id, begin, color, &state, actor);
    let clock = Clock::start();
    let header = RecordingHeader::new(settings.clone(), recorded_config(loaded), clock.origin().clone());
    let writer = RecordingWriter::create(&config.service_dir(), &id, &header)?;
    let places = Places { journal: deployment.journal().path().to_owned(), recording: writer.path().to_owned() };
    let (events, inbox) = mpsc::channel(INBOX);
    Ok(Opening::Ready(Box::new(Opened {
        machine: Box::new(Machine::new(settings)),
        crew: Crew::start(config, color, &events)?,
        recorder: Recorder::start(writer, events.clone()),
        journal: deployment.journal().clone(),
        hands: Hands::new(deployment, events.clone()),
        events,
        inbox,
        signals,
        lock,
        clock,
        places,
    })))
}

fn settings(config: &Config, id: &SoakId, begin: Begin, color: Color, state: &State, actor: Actor) -> Settings {
    let soak = &config.soak;
    let names = |color| config.colors.of(color).iter().map(ToString::to_string).collect();
    Settings {
        service: config.service.clone(),
        soak: id.to_string(),
        origin: match begin {
            Begin::Switch { soak, .. } => Origin::Switch { gate_ms: millis(config.health.switch_timeout), soak },
            Begin::Soak => Origin::Soak,
        },
        actor,
        color,
        last_switch: state.last_switch(),
        instances: names(color),
        standby_instances: names(color.other()),
        window_ms: millis(soak.window),
        interval_ms: millis(soak.interval),
        baseline_window_ms: millis(soak.baseline_window),
        warmup_ms: millis(soak.warmup),
        auto_rollback: soak.auto_rollback,
        on_breach: soak.on_breach,
        grace_ms: millis(soak.grace),
        on_inconclusive: soak.on_inconclusive,
        max_extension_ms: millis(soak.max_extension),
        verify_window_ms: millis(soak.verify_window),
        standby: soak.standby,
        error_rate: ErrorRateSettings {
            threshold: config.error_rate.threshold,
            min_requests: config.error_rate.min_requests,
            method: config.error_rate.method,
            false_alarm: config.error_rate.false_alarm,
            baseline: config.error_rate.baseline,
            required: config.error_rate.required,
        },
        readiness: ReadinessSettings { failures: config.readiness.failures, required: config.readiness.required },
    }
}

/// The configuration as it can be read in again; secrets and instances, whose credentials are masked, are left out.
fn recorded_config(loaded: &Loaded) -> Vec<(String, String)> {
    let shown = loaded.settings.iter().filter(|setting| !setting.key.starts_with("colors."));
    let pairs = shown.filter_map(|setting| Some((setting.key.to_owned(), setting.value.clone()?)));
    pairs.filter(|(_, value)| value != "***").collect()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
