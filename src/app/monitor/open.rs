//! What a run needs before its first event: locks, state, journal, recording.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::app::deploy::{Binding, Deployment};
use crate::app::headless::Places;
use crate::config::{Colors, Config, InstanceUrl, Loaded};
use crate::core::soak::{Event, Machine, Origin, RecordingHeader, Resumption, Settings};
use crate::core::view::View;
use crate::io::control::{Hub, Order, Server};
use crate::io::coordination::Leadership;
use crate::io::descriptors;
use crate::io::journal::{Journal, RecordingWriter, SoakId};
use crate::io::notify::Notifier;
use crate::io::ports::{Asking, Disk, Ports, on_thread};
use crate::io::source::discover;
use crate::io::state::Lock;
use crate::model::{Actor, Color, Ending};

use super::again::Asked;
use super::clock::RunClock;
use super::effect_runner::EffectRunner;
use super::error::OpenError;
use super::listeners::Listeners;
use super::recorder::Recorder;
use super::recovered_run::RecoveredRun;
use super::resume::{self, Earlier};
use super::sampler_pool::SamplerPool;
use super::sharing::Sharing;
use super::standing_by::Stood;
use super::{again, api, prepare, records, standing_by, unfinished};

/// Capacity of the loop's event queue. Each task has at most one event in flight, so it is never full.
const INBOX: usize = 1_024;

/// What to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// A switch, with or without a soak after it.
    Switch {
        /// The target.
        to: Color,
        /// Whether a soak follows.
        soak: bool,
        /// Whether the release must not be rolled back.
        no_rollback: bool,
        /// Whether it may replace what the router holds and Switchback did not write.
        force: bool,
    },
    /// A soak of the active color; an unfinished one of a dead monitor is resumed.
    Soak,
    /// The same, but also resumes a switch that has moved no traffic yet, and returns the outcome of an ended soak.
    Resume,
}

/// What opening a run came to.
pub enum Opening {
    /// It can begin or be resumed.
    Ready(Box<Opened>),
    /// Nothing to run: the earlier outcome, or why there is nothing to do.
    Ended {
        /// The ID of the soak with that outcome; `None` without one.
        soak: Option<String>,
        /// How it ended.
        ending: Ending,
    },
}

/// A run that can begin.
pub struct Opened {
    pub(super) machine: Box<Machine>,
    pub(super) first: Event,
    pub(super) seq: u64,
    pub(super) samplers: SamplerPool,
    pub(super) runner: EffectRunner,
    pub(super) recorder: Recorder,
    pub(super) journal: Journal,
    pub(super) events: mpsc::Sender<Event>,
    pub(super) inbox: mpsc::Receiver<Event>,
    pub(super) hub: Hub,
    pub(super) notifier: Option<Notifier>,
    pub(super) orders: mpsc::Receiver<Order>,
    pub(super) server: Option<Server>,
    pub(super) signals: Box<dyn Asking>,
    pub(super) lock: Lock,
    pub(super) sharing: Option<Sharing>,
    pub(super) clock: RunClock,
    pub(super) disk: Arc<dyn Disk>,
    /// Whether other runs share this process.
    pub(super) shared: bool,
    /// Where the records of the run are.
    pub places: Places,
}

impl Opened {
    /// The settings of the run, as recorded.
    pub fn settings(&self) -> &Settings {
        self.machine.settings()
    }

    /// Where orders are received.
    pub fn hub(&self) -> Hub {
        self.hub.clone()
    }

    /// The run in its current state: new, or as an earlier monitor left it.
    pub fn view(&self) -> View {
        self.hub.with_view(View::clone)
    }
}

struct Run {
    config: Box<Config>,
    machine: Machine,
    header: RecordingHeader,
    writer: RecordingWriter,
    view: View,
    first: Event,
    clock: RunClock,
}

/// Takes the monitor's lock, reads the state, opens journal, recording and control socket: all that can fail, before
/// traffic moves. An unfinished soak is resumed, or finished if another run begins, which is reported through `tell`.
pub async fn open(
    ports: &Ports,
    loaded: &Loaded,
    begin: Begin,
    actor: Actor,
    tell: &(dyn Fn(&str) + Sync),
) -> Result<Opening, OpenError> {
    let config = &loaded.config;
    let deployment = Deployment::open_in(ports, config)?;
    Lock::is_ours(deployment.state_file())?;
    let instances = config.colors.blue.len() + config.colors.green.len();
    if let Err(said) = descriptors::fit(instances as u64) {
        tell(&format!("{said}: raise the hard limit (`ulimit -Hn`, or LimitNOFILE of the unit)"));
    }
    let lock = Lock::monitor(deployment.state_file(), &deployment.holder()).await?;
    records::prepare(&*ports.disk, &deployment).await?;
    // Before anything begins: a signal from here on ends the run in order.
    let listening = ports.signals.listen();
    let mut signals = listening.map_err(|source| OpenError::System { what: "listen for signals", source })?;
    let begin = match Box::pin(standing_by::lead(&deployment, begin, &mut signals, tell)).await? {
        Stood::Asked(signal) => return Err(OpenError::Stopped(signal)),
        // The leader may have brought the soak to its end.
        Stood::Leads { waited: true } => Begin::Resume,
        Stood::Leads { waited: false } => begin,
    };
    let deployment = deployment.bound_to_its_lead();
    let leadership = deployment.leadership().filter(|_| !ports.shared).cloned();
    let opening = Box::pin(open_leading(ports, loaded, begin, actor, tell, deployment, signals, lock)).await;
    if let Some(leadership) = leadership.filter(|_| !matches!(opening, Ok(Opening::Ready(_)))) {
        // Nobody has to wait until the lease of a process that is gone has ended.
        leadership.resign().await;
    }
    opening
}

/// The same on the host that leads.
#[expect(clippy::too_many_arguments, reason = "what was opened so far, one by one")]
async fn open_leading(
    ports: &Ports,
    loaded: &Loaded,
    begin: Begin,
    actor: Actor,
    tell: &(dyn Fn(&str) + Sync),
    deployment: Deployment,
    signals: Box<dyn Asking>,
    lock: Lock,
) -> Result<Opening, OpenError> {
    let config = &loaded.config;
    let no_rollback = matches!(begin, Begin::Switch { no_rollback: true, .. });
    let (begin, earlier) = match begin {
        Begin::Switch { to: color, soak, force, .. } => {
            let (release, replace) = (config.release.as_deref(), force.into());
            let asked = Asked { color, soak, release, actor: actor.clone(), replace };
            match Box::pin(again::find(&deployment, config, &asked, tell)).await? {
                Some(Earlier::Ended { soak, ending }) => (begin, Earlier::Ended { soak, ending }),
                Some(earlier) => {
                    tell(&again::told(color, &earlier));
                    (Begin::Soak, earlier)
                }
                None => (begin, Earlier::Nothing),
            }
        }
        Begin::Soak | Begin::Resume => {
            (begin, resume::find_on_thread(&*ports.disk, &deployment, config, begin == Begin::Resume).await?)
        }
    };
    let run = match earlier {
        Earlier::Ended { soak, ending } => return Ok(Opening::Ended { soak, ending }),
        Earlier::Unfinished(recovered) => {
            resume::complete_journal(&deployment, &recovered)?;
            if let Some(ending) = recovered.machine.ending().cloned() {
                resume::show_end(&deployment, &recovered).await;
                return Ok(Opening::Ended { soak: Some(recovered.header.settings.soak), ending });
            }
            let colors = found_or_recorded(config, &recovered, tell).await;
            go_on(ports, loaded, colors, &deployment, *recovered)?
        }
        Earlier::Nothing | Earlier::Lost(_) => {
            if let Earlier::Lost(why) = &earlier {
                tell(why);
            }
            if let Some(settled) = unfinished::settle(&deployment).await? {
                tell(&settled);
            }
            fresh(ports, loaded, &deployment, begin, no_rollback, actor).await?
        }
    };
    let resumed = matches!(run.first, Event::Resumed(_));
    let now = deployment.now();
    let listeners =
        if ports.listens { Listeners::open(config, resumed, now, tell).await? } else { Listeners::default() };
    records::prune(config, &run.header.settings.soak, now);
    Ok(Opening::Ready(Box::new(run.open(ports, &config.colors, deployment, listeners, signals, lock)?)))
}

impl Run {
    fn open(
        self,
        ports: &Ports,
        configured: &Colors,
        deployment: Deployment,
        listeners: Listeners,
        signals: Box<dyn Asking>,
        lock: Lock,
    ) -> Result<Opened, OpenError> {
        let Self { config, machine, header, writer, view, first, clock } = self;
        let recording = writer.path().to_owned();
        let places = Places { journal: deployment.journal().path().to_owned(), recording: recording.clone() };
        let (events, inbox) = mpsc::channel(INBOX);
        let seq = view.seq();
        let instances = config.colors.blue.len() + config.colors.green.len();
        let (hub, orders) = Hub::new(instances, ports.shared, &header, recording, view);
        let sharing = Sharing::start(&deployment, &machine.settings().soak, &places.recording, &ports.disk);
        let server = listeners.serve(&hub, api::status_of(&deployment, &hub));
        Ok(Opened {
            samplers: SamplerPool::start(
                Arc::clone(&ports.source),
                &config,
                configured,
                machine.settings().color,
                switched_before(&machine, &first),
                &events,
            )?,
            machine: Box::new(machine),
            first,
            seq,
            recorder: Recorder::start(writer, &*ports.disk, events.clone()),
            journal: deployment.journal().clone(),
            runner: EffectRunner::new(deployment, events.clone()),
            events,
            inbox,
            hub,
            notifier: Notifier::start(&config.notify),
            orders,
            server,
            signals,
            lock,
            sharing,
            clock,
            disk: Arc::clone(&ports.disk),
            shared: ports.shared,
            places,
        })
    }
}

/// When traffic moved, if that was before the run began.
fn switched_before(machine: &Machine, first: &Event) -> Option<i64> {
    let settings = machine.settings();
    settings.last_switch.filter(|_| *first == Event::Started && settings.origin == Origin::Soak)
}

async fn fresh(
    ports: &Ports,
    loaded: &Loaded,
    deployment: &Deployment,
    begin: Begin,
    no_rollback: bool,
    actor: Actor,
) -> Result<Run, OpenError> {
    let config = &loaded.config;
    let state = deployment.state_file().read()?;
    let (color, origin) = match begin {
        Begin::Switch { to: color, soak, .. } => {
            (color, Origin::Switch { gate_ms: prepare::millis(config.health.switch_timeout), soak })
        }
        Begin::Soak | Begin::Resume => {
            let path = || deployment.state_file().path().to_owned();
            Binding::to(&state).map_err(|reason| OpenError::NothingToSoak { reason, path: path() })?;
            (state.active(), Origin::Soak)
        }
    };
    let config = Box::new(Config { colors: discover(&config.colors).await?, ..config.clone() });
    let random = ports.clock.random().map_err(|source| OpenError::System { what: "draw a soak id", source })?;
    let now = deployment.now();
    let id = SoakId::new(now, SoakId::in_order(now, random));
    let no_rollback = no_rollback || (origin == Origin::Soak && state.no_rollback());
    let force = matches!(begin, Begin::Switch { force: true, .. });
    let settings = prepare::settings(&config, id.as_str(), origin, color, &state, actor);
    let leader = deployment.leadership().and_then(Leadership::described);
    let settings = Settings { leader, no_rollback, force, ..settings };
    let clock = RunClock::start(Arc::clone(&ports.clock));
    let header = RecordingHeader::new(settings.clone(), prepare::recorded_config(loaded), clock.origin().clone());
    let create = {
        let (folder, header, disk) = (config.service_dir(), header.clone(), Arc::clone(&ports.disk));
        move || RecordingWriter::create(&folder, &id, &header, disk)
    };
    let writer = on_thread(&*ports.disk, create).await.map_err(OpenError::broke("create the recording"))??;
    Ok(Run {
        config,
        machine: Machine::new(settings.clone()),
        header,
        writer,
        view: View::new(settings),
        first: Event::Started,
        clock,
    })
}

fn go_on(
    ports: &Ports,
    loaded: &Loaded,
    colors: Colors,
    deployment: &Deployment,
    recovered: RecoveredRun,
) -> Result<Run, OpenError> {
    let now = &Config { colors, ..loaded.config.clone() };
    let settings = recovered.machine.settings();
    let (color, soak) = (settings.color, settings.soak.clone());
    let id: SoakId = soak
        .parse()
        .map_err(|error| OpenError::System { what: "read the soak's id", source: std::io::Error::other(error) })?;
    let (writer, torn) = RecordingWriter::resume(&now.service_dir(), &id, Arc::clone(&ports.disk))?;
    if torn > 0 {
        tracing::warn!(torn, "the recording ended within an event, which is dropped");
    }
    let clock = recovered.clock(Arc::clone(&ports.clock));
    let by = Resumption {
        clock: Some(clock.origin().clone()),
        instances: prepare::instances(now, color),
        standby_instances: prepare::instances(now, color.other()),
        leader: deployment.leadership().and_then(Leadership::described),
        changes: recovered.changes(&loaded.settings),
        lost_events: recovered.lost_events,
        intent: resume::intent_of(deployment, &soak)?,
    };
    Ok(Run {
        config: Box::new(prepare::began_with(&recovered.header.config, now).unwrap_or_else(|| now.clone())),
        view: recovered.view(),
        first: Event::Resumed(Box::new(by)),
        clock,
        writer,
        machine: recovered.machine,
        header: recovered.header,
    })
}

/// The current instances; the last known ones if discovery fails.
async fn found_or_recorded(config: &Config, recovered: &RecoveredRun, tell: &(dyn Fn(&str) + Sync)) -> Colors {
    let why = match discover(&config.colors).await {
        Ok(colors) => return colors,
        Err(why) => why,
    };
    tell(&format!("{why}; still watching the instances known before"));
    let settings = recovered.machine.settings();
    let recorded = |names: &[String]| names.iter().filter_map(|name| InstanceUrl::parse(name).ok()).collect();
    let colors = config.colors.clone().with(settings.color, recorded(&settings.instances));
    colors.with(settings.color.other(), recorded(&settings.standby_instances))
}
