//! One task for each instance that is scraped or probed: none of them waits for another.

use std::collections::{BTreeMap, BTreeSet};

use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinSet;

use crate::config::Config;
use crate::deploy::Color;
use crate::soak::{Event, Readiness, Sample};
use crate::source::{ClientError, Probe, Scraper};

/// What a task of the crew does, for which instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Job {
    /// Reads its metrics.
    Scrape(Color, usize),
    /// Probes its readiness.
    Probe(Color, usize),
}

/// All tasks, and which of them are at work: one request is in flight for each at most. They end with the crew.
pub struct Crew {
    orders: BTreeMap<Job, Sender<()>>,
    busy: BTreeSet<Job>,
    tasks: JoinSet<()>,
}

impl Crew {
    /// Starts a scraper and a probe for every instance of both colors; `watched` is the one whose readiness is judged.
    pub fn start(config: &Config, watched: Color, events: &Sender<Event>) -> Result<Self, ClientError> {
        let mut crew = Self { orders: BTreeMap::new(), busy: BTreeSet::new(), tasks: JoinSet::new() };
        for color in Color::ALL {
            for (instance, url) in config.colors.of(color).iter().enumerate() {
                let scraper = Scraper::new(url, &config.metrics, &config.error_rate, &config.health.path)?;
                let scraper = scraper.with_latency(&config.latency);
                let orders = crew.hire(Job::Scrape(color, instance));
                crew.tasks.spawn(scrape_on_order(scraper, color, instance, orders, events.clone()));
                let probe = Probe::new(url, &config.health)?;
                let orders = crew.hire(Job::Probe(color, instance));
                crew.tasks.spawn(probe_on_order(probe, color == watched, instance, orders, events.clone()));
            }
        }
        Ok(crew)
    }

    fn hire(&mut self, job: Job) -> Receiver<()> {
        let (order, orders) = mpsc::channel(1);
        self.orders.insert(job, order);
        orders
    }

    /// Sets every idle scraper of a color to work and says which instances those are.
    pub fn scrape(&mut self, color: Color) -> Vec<usize> {
        self.order(|job| matches!(job, Job::Scrape(of, _) if of == color))
    }

    /// Sets every idle probe of a color to work.
    pub fn probe(&mut self, color: Color) {
        self.order(|job| matches!(job, Job::Probe(of, _) if of == color));
    }

    fn order(&mut self, wanted: impl Fn(Job) -> bool) -> Vec<usize> {
        let mut set_to_work = Vec::new();
        for (job, order) in &self.orders {
            if wanted(*job) && !self.busy.contains(job) && order.try_send(()).is_ok() {
                self.busy.insert(*job);
                let (Job::Scrape(_, instance) | Job::Probe(_, instance)) = job;
                set_to_work.push(*instance);
            }
        }
        set_to_work
    }

    /// Notes that a job's answer has come.
    pub fn answered(&mut self, job: Job) {
        self.busy.remove(&job);
    }
}

async fn scrape_on_order(
    mut scraper: Scraper,
    color: Color,
    instance: usize,
    mut orders: Receiver<()>,
    events: Sender<Event>,
) {
    while orders.recv().await.is_some() {
        let outcome = match scraper.scrape().await {
            Ok(reading) => Sample::Good(reading),
            Err(error) => Sample::Failed(error.to_string()),
        };
        if events.send(Event::Sampled { color, instance, outcome }).await.is_err() {
            return;
        }
    }
}

async fn probe_on_order(probe: Probe, watched: bool, instance: usize, mut orders: Receiver<()>, events: Sender<Event>) {
    while orders.recv().await.is_some() {
        let answer = match probe.probe().await {
            Ok(()) => Readiness::Ready,
            Err(error) => Readiness::NotReady(error.to_string()),
        };
        let event =
            if watched { Event::Probed { instance, answer } } else { Event::StandbyProbed { instance, answer } };
        if events.send(event).await.is_err() {
            return;
        }
    }
}
