//! Follows every host, and finds it again when it is lost.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::core::fleet::Update;
use crate::core::view::{Summary, View};
use crate::io::control::{Client, ServiceItem, StreamEnd, StreamItem};
use crate::io::tasks::boxed;

/// Wait before a host is asked again: the first, and the longest.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const MAX_WAIT: Duration = Duration::from_secs(10);
/// Time between two changes that are told of a monitor of one service, whose events may come by the thousand.
const PACE: Duration = Duration::from_millis(250);
/// How long it may take to catch up with a run.
const CATCH_UP: Duration = Duration::from_secs(5);
/// How often it is looked whether a service has another run, once one has ended.
const NEXT_RUN: Duration = Duration::from_secs(2);
/// Updates that may wait; hosts keep the rest.
const BACKLOG: usize = 1_024;

/// A host, as it was given, and the way to it.
#[derive(Clone, Debug)]
pub struct Place {
    pub name: String,
    pub client: Client,
}

/// Follows all hosts, each by its place in the list, until the tasks are dropped.
pub fn follow_all(places: &[Place]) -> (JoinSet<()>, mpsc::Receiver<Update>) {
    let (updates, received) = mpsc::channel(BACKLOG);
    let mut tasks = JoinSet::new();
    for (source, place) in places.iter().enumerate() {
        let follower = Follower { source, place: place.clone(), updates: updates.clone() };
        tasks.spawn(boxed(follower.follow()));
    }
    (tasks, received)
}

/// Nobody listens any more.
struct Unheard;

/// Why a host is not followed any more.
enum Lost {
    Unheard,
    /// It does not answer, and why.
    Away(String),
    /// Its run has ended as told, and with it the monitor.
    Over,
}

impl From<Unheard> for Lost {
    fn from(_: Unheard) -> Self {
        Self::Unheard
    }
}

struct Follower {
    source: usize,
    place: Place,
    updates: mpsc::Sender<Update>,
}

impl Follower {
    async fn follow(self) {
        let mut wait = FIRST_WAIT;
        let mut is_over = false;
        loop {
            let began = Instant::now();
            let lost = match self.once(&mut is_over).await {
                Ok(never) => match never {},
                Err(lost) => lost,
            };
            // Whoever answered for a while is asked again at once.
            if began.elapsed() > MAX_WAIT {
                wait = FIRST_WAIT;
            }
            match lost {
                Lost::Unheard => return,
                Lost::Over => (is_over, wait) = (true, NEXT_RUN),
                // Its monitor is gone because there is nothing to watch any more.
                Lost::Away(_) if is_over => wait = NEXT_RUN,
                Lost::Away(why) => {
                    if self.send(Update::Lost { source: self.source, why }).await.is_err() {
                        return;
                    }
                }
            }
            // Hosts that were lost together are not asked again together.
            sleep(wait.mul_f64(0.75 + 0.5 * fastrand::f64())).await;
            wait = (wait * 2).min(MAX_WAIT);
        }
    }

    async fn send(&self, update: Update) -> Result<(), Unheard> {
        self.updates.send(update).await.map_err(|_| Unheard)
    }

    async fn once(&self, is_over: &mut bool) -> Result<std::convert::Infallible, Lost> {
        let away = |error: crate::io::control::ClientError| Lost::Away(error.to_string());
        let Some(mut services) = self.place.client.services().await.map_err(away)? else {
            return self.one_service(is_over).await;
        };
        *is_over = false;
        let source = self.source;
        loop {
            let update = match services.next().await.map_err(away)? {
                ServiceItem::All { host, services } => {
                    let host = host.unwrap_or_else(|| self.place.name.clone());
                    Update::Services { source, host, is_agent: true, services }
                }
                ServiceItem::One(service) => Update::Service { source, service },
                ServiceItem::Gone(service) => Update::Gone { source, service },
            };
            self.send(update).await?;
        }
    }

    /// The monitor of one service: its run is folded here.
    async fn one_service(&self, is_over: &mut bool) -> Result<std::convert::Infallible, Lost> {
        let away = |error: crate::io::control::ClientError| Lost::Away(error.to_string());
        let mut events = self.place.client.events(0).await.map_err(away)?;
        *is_over = false;
        let began = Instant::now();
        let mut told = Told { follower: self, view: None, last: None, due: began, is_news: false };
        loop {
            let due = told.due;
            let item = tokio::select! {
                item = events.next() => item.map_err(away)?,
                () = sleep_until(due), if told.is_news => {
                    told.tell().await?;
                    continue;
                }
            };
            match item {
                StreamItem::Header(header) => told.view = Some(View::new(header.settings)),
                StreamItem::Event(envelope) => {
                    if let Some(view) = &mut told.view {
                        view.apply(&envelope);
                        told.is_news = true;
                        if told.last.is_none() {
                            // Where the run began is no news: the first word waits until there is nothing more to catch up with.
                            told.due = (Instant::now() + PACE).min(began + CATCH_UP);
                        }
                    }
                }
                StreamItem::Dropped(why) => return Err(Lost::Away(why)),
                StreamItem::End(StreamEnd::Ended(_)) => {
                    told.tell().await?;
                    return Err(Lost::Over);
                }
                StreamItem::End(StreamEnd::Stopped { why }) => {
                    return Err(Lost::Away(format!("the monitor was stopped by {why}; the soak can be resumed")));
                }
            }
        }
    }
}

/// What was told of a run, and what there is to tell.
struct Told<'a> {
    follower: &'a Follower,
    view: Option<View>,
    last: Option<(Summary, Instant)>,
    due: Instant,
    is_news: bool,
}

impl Told<'_> {
    async fn tell(&mut self) -> Result<(), Unheard> {
        let now = Instant::now();
        (self.due, self.is_news) = (now + PACE, false);
        let Some(view) = &self.view else { return Ok(()) };
        let summary = Summary::of(view);
        let (source, service) = (self.follower.source, summary.clone());
        let update = match &self.last {
            None => {
                let host = self.follower.place.name.clone();
                Update::Services { source, host, is_agent: false, services: vec![service] }
            }
            Some((before, at)) => {
                let passed = u64::try_from(at.elapsed().as_millis()).unwrap_or(u64::MAX);
                if !summary.is_news(before, passed) {
                    return Ok(());
                }
                Update::Service { source, service: Box::new(service) }
            }
        };
        self.last = Some((summary, now));
        self.follower.send(update).await
    }
}
