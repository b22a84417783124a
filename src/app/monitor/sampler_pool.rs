//! One task for each instance that is scraped or probed, and for each Prometheus query: they run independently.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinSet;

use super::discovery::{self, Found};
use crate::config::{Blanks, Colors, Config, InstanceUrl};
use crate::core::soak::{Answer, Event, Readiness, Roster, Settings};
use crate::io::ports::{Asked, Metrics, ReadinessProbe, Source};
use crate::io::source::{Agreement, Api, ClientError, Meter, Querier};
use crate::io::tasks::boxed;
use crate::model::{CheckId, Color};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Job {
    /// Reads the metrics of an instance.
    Scrape(Color, usize),
    /// Asks Prometheus for the counters of a color, for one check.
    Meter(Color, CheckId),
    /// Asks Prometheus the query of a check, by its place in the settings.
    Query(usize),
    /// Probes the readiness of an instance.
    Probe(Color, usize),
}

impl Job {
    pub fn answered_by(event: &Event, settings: &Settings) -> Option<Self> {
        match event {
            Event::Sampled { color, instance, .. } => Some(Self::Scrape(*color, *instance)),
            Event::Metered { color, check, .. } => Some(Self::Meter(*color, check.clone())),
            Event::Queried { check, .. } => {
                settings.queries.iter().position(|query| query.name == *check).map(Self::Query)
            }
            Event::Probed { instance, .. } => Some(Self::Probe(settings.color, *instance)),
            Event::StandbyProbed { instance, .. } => Some(Self::Probe(settings.color.other(), *instance)),
            _ => None,
        }
    }
}

/// A request to a sampler: whole seconds since the switch; for a probe, how many extra times to ask.
type Order = u64;

/// Extra probes in a row that show whether probes are counted as requests: more than users are likely to send.
const TRIALS: Order = 4;

/// All tasks, each with at most one request in flight. They end with the pool.
pub struct SamplerPool {
    config: Box<Config>,
    watched: Color,
    orders: BTreeMap<Job, Sender<Order>>,
    busy: BTreeSet<Job>,
    tasks: JoinSet<()>,
    events: Sender<Event>,
    blue: Roster,
    green: Roster,
    found: Receiver<Found>,
    source: Arc<dyn Source>,
    /// The counters of the requests of both colors.
    agreement: Agreement,
}

impl SamplerPool {
    /// Starts the tasks for the instances in `config`, for discovery as `configured`, and for Prometheus. If traffic
    /// moved before the run, alerts are first asked for as of `switched_ms` (Unix milliseconds).
    pub fn start(
        source: Arc<dyn Source>,
        config: &Config,
        configured: &Colors,
        watched: Color,
        switched_ms: Option<i64>,
        events: &Sender<Event>,
    ) -> Result<Self, ClientError> {
        let mut tasks = JoinSet::new();
        let found = discovery::start(&mut tasks, configured, &config.colors, events);
        let mut samplers = Self {
            config: Box::new(config.clone()),
            watched,
            orders: BTreeMap::new(),
            busy: BTreeSet::new(),
            tasks,
            events: events.clone(),
            blue: Roster::default(),
            green: Roster::default(),
            found,
            source,
            agreement: Agreement::default(),
        };
        for color in Color::ALL {
            samplers.add_instances(color, config.colors.of(color))?;
        }
        if let Some(url) = &config.prometheus.url {
            let api = Api::new(url, &config.prometheus)?;
            for color in Color::ALL {
                samplers.add_meters(config, color, &api);
            }
            for (at, query) in config.queries.iter().enumerate() {
                let asker = Asker {
                    check: CheckId::from(query.name.as_str()),
                    service: config.service.clone(),
                    color: watched,
                };
                let querier = Querier::new(api.clone(), query.asked.clone());
                let first = switched_ms.filter(|_| querier.asks_for_alerts());
                let (orders, events) = samplers.add_task(Job::Query(at));
                samplers.tasks.spawn(boxed(query_on_order(querier, asker, first, orders, events)));
            }
        }
        Ok(samplers)
    }

    /// Waits for a change of instances, and starts tasks for new ones.
    pub async fn change(&mut self) -> Option<Event> {
        let Found { color, instances } = self.found.recv().await?;
        if let Err(error) = self.add_instances(color, &instances) {
            tracing::error!(%error, "an instance cannot be asked");
        }
        Some(Event::Instances { color, present: instances.iter().map(ToString::to_string).collect() })
    }

    fn add_instances(&mut self, color: Color, instances: &[InstanceUrl]) -> Result<(), ClientError> {
        let names: Vec<String> = instances.iter().map(ToString::to_string).collect();
        let roster = if color == Color::Blue { &mut self.blue } else { &mut self.green };
        let changes = roster.update(&names);
        let joined: Vec<_> = names.iter().zip(instances).map(|(name, url)| (roster.place(name), url)).collect();
        for place in changes.left {
            for job in [Job::Scrape(color, place), Job::Probe(color, place)] {
                self.orders.remove(&job);
                self.busy.remove(&job);
            }
        }
        for (place, url) in joined {
            if let Some(place) = place.filter(|place| changes.joined.contains(place)) {
                self.hire_for_instance(color, place, url)?;
            }
        }
        Ok(())
    }

    fn hire_for_instance(&mut self, color: Color, instance: usize, url: &InstanceUrl) -> Result<(), ClientError> {
        let Asked { metrics, readiness } = self.source.instance(&self.config, color, url, &self.agreement)?;
        if let Some(metrics) = metrics {
            let (orders, events) = self.add_task(Job::Scrape(color, instance));
            self.tasks.spawn(boxed(scrape_on_order(metrics, color, instance, orders, events)));
        }
        let (orders, events) = self.add_task(Job::Probe(color, instance));
        self.tasks.spawn(boxed(probe_on_order(readiness, color == self.watched, instance, orders, events)));
        Ok(())
    }

    fn add_meters(&mut self, config: &Config, color: Color, api: &Api) {
        for (check, meter) in Meter::of(config, api) {
            let asker = Asker { check: check.clone(), service: config.service.clone(), color };
            let (orders, events) = self.add_task(Job::Meter(color, check));
            self.tasks.spawn(boxed(meter_on_order(meter, asker, orders, events)));
        }
    }

    fn add_task(&mut self, job: Job) -> (Receiver<Order>, Sender<Event>) {
        let (order, orders) = mpsc::channel(1);
        self.orders.insert(job, order);
        (orders, self.events.clone())
    }

    /// Starts every idle task that counts the requests of a color, and returns their jobs.
    pub fn count(&mut self, color: Color, seconds: Order) -> Vec<Job> {
        self.order(seconds, |job| matches!(job, Job::Scrape(of, _) | Job::Meter(of, _) if *of == color))
    }

    /// Starts every idle query, and returns their jobs.
    pub fn query(&mut self, seconds: Order) -> Vec<Job> {
        self.order(seconds, |job| matches!(job, Job::Query(_)))
    }

    /// Starts every idle probe of a color.
    pub fn probe(&mut self, color: Color) {
        self.order(0, |job| matches!(job, Job::Probe(of, _) if *of == color));
    }

    /// Starts every idle task that asks the instances of a color; probes ask several times.
    pub fn try_counting(&mut self, color: Color) {
        self.order(TRIALS, |job| matches!(job, Job::Probe(of, _) if *of == color));
        self.order(0, |job| matches!(job, Job::Scrape(of, _) if *of == color));
    }

    fn order(&mut self, seconds: Order, wanted: impl Fn(&Job) -> bool) -> Vec<Job> {
        let mut set_to_work = Vec::new();
        for (job, order) in &self.orders {
            if wanted(job) && !self.busy.contains(job) && order.try_send(seconds).is_ok() {
                self.busy.insert(job.clone());
                set_to_work.push(job.clone());
            }
        }
        set_to_work
    }

    pub fn answered(&mut self, job: &Job) {
        self.busy.remove(job);
    }
}

struct Asker {
    check: CheckId,
    service: String,
    color: Color,
}

impl Asker {
    fn blanks(&self, seconds: Order) -> Blanks<'_> {
        let (color, previous) = (self.color.name(), self.color.other().name());
        Blanks { color, previous, service: &self.service, seconds }
    }
}

async fn scrape_on_order(
    mut metrics: Box<dyn Metrics>,
    color: Color,
    instance: usize,
    mut orders: Receiver<Order>,
    events: Sender<Event>,
) {
    while orders.recv().await.is_some() {
        let outcome = metrics.sample().await;
        if events.send(Event::Sampled { color, instance, outcome }).await.is_err() {
            return;
        }
    }
}

async fn meter_on_order(mut meter: Meter, asker: Asker, mut orders: Receiver<Order>, events: Sender<Event>) {
    while let Some(seconds) = orders.recv().await {
        let outcome = meter.read(asker.blanks(seconds)).await;
        let event = Event::Metered { color: asker.color, check: asker.check.clone(), outcome };
        if events.send(event).await.is_err() {
            return;
        }
    }
}

/// `first` is the time that is asked about first, until there is an answer.
async fn query_on_order(
    mut querier: Querier,
    asker: Asker,
    mut first: Option<i64>,
    mut orders: Receiver<Order>,
    events: Sender<Event>,
) {
    while let Some(seconds) = orders.recv().await {
        let answer = querier.ask(asker.blanks(seconds), first).await;
        if !matches!(answer, Answer::Failed(_)) {
            first = None;
        }
        if events.send(Event::Queried { check: asker.check.clone(), answer }).await.is_err() {
            return;
        }
    }
}

async fn probe_on_order(
    mut readiness: Box<dyn ReadinessProbe>,
    watched: bool,
    instance: usize,
    mut orders: Receiver<Order>,
    events: Sender<Event>,
) {
    while let Some(more) = orders.recv().await {
        let answer = readiness.probe(more).await;
        if events.send(readiness_of(watched, instance, answer)).await.is_err() {
            return;
        }
    }
}

const fn readiness_of(watched: bool, instance: usize, answer: Readiness) -> Event {
    if watched { Event::Probed { instance, answer } } else { Event::StandbyProbed { instance, answer } }
}
