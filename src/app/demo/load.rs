//! The users.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::interval;

use super::front::COLOR_HEADER;
use super::http::Client;
use super::routes::{self, Route};
use super::tally::{Tally, Totals};
use crate::model::Color;

/// Most requests under way at once; the rate drops when answers take longer than that allows.
const MAX_IN_FLIGHT: usize = 128;
/// How long a user waits for an answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Sends requests through the front at a steady rate. Dropping it ends the traffic.
#[derive(Debug)]
pub struct Load {
    rate: Rate,
    users: Arc<Users>,
    tasks: JoinSet<()>,
}

#[derive(Clone, Debug)]
pub struct Rate(watch::Sender<Traffic>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Traffic {
    PerSecond(u32),
    Over,
}

impl Rate {
    /// Sends so many requests a second from now on; 0 sends none. Has no effect once the load was stopped.
    pub fn set(&self, per_second: u32) {
        self.0.send_if_modified(|traffic| {
            let running = *traffic != Traffic::Over;
            if running {
                *traffic = Traffic::PerSecond(per_second);
            }
            running
        });
    }
}

impl Load {
    pub fn start(addr: SocketAddr, per_second: u32) -> Self {
        let (rate, traffic) = watch::channel(Traffic::PerSecond(per_second));
        let users = Arc::new(Users::new(addr));
        let mut tasks = JoinSet::new();
        tasks.spawn(pace(Arc::clone(&users), traffic));
        Self { rate: Rate(rate), users, tasks }
    }

    pub fn rate(&self) -> Rate {
        self.rate.clone()
    }

    pub fn totals(&self) -> Totals {
        self.users.totals()
    }

    /// Ends the traffic, waits for the answers under way, each within its own limit of 5s, and gives the final count.
    pub async fn stop(mut self) -> Totals {
        self.rate.0.send_replace(Traffic::Over);
        while self.tasks.join_next().await.is_some() {}
        self.totals()
    }
}

#[derive(Debug)]
struct Users {
    front: SocketAddr,
    client: Client,
    sent: AtomicU64,
    failed: AtomicU64,
    tally: Tally,
}

impl Users {
    fn new(front: SocketAddr) -> Self {
        let (sent, failed) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { front, client: Client::new(), sent, failed, tally: Tally::default() }
    }

    fn totals(&self) -> Totals {
        Totals {
            sent: self.sent.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            blue: self.tally.served(Color::Blue),
            green: self.tally.served(Color::Green),
        }
    }

    async fn visit(self: Arc<Self>, route: &'static Route) {
        self.sent.fetch_add(1, Ordering::Relaxed);
        let uri = format!("http://{}{}", self.front, route.path);
        let Ok(request) = Request::builder().method(&route.method).uri(uri).body(Body::empty()) else {
            return;
        };
        let answer = self.client.fetch(request, TIMEOUT).await.ok();
        let failed = answer.as_ref().is_none_or(|answer| answer.status().is_server_error());
        self.failed.fetch_add(u64::from(failed), Ordering::Relaxed);
        if let Some(color) = answer.as_ref().and_then(color_of) {
            self.tally.add(color, failed);
        }
    }
}

fn color_of<B>(answer: &Response<B>) -> Option<Color> {
    answer.headers().get(COLOR_HEADER)?.to_str().ok()?.parse().ok()
}

async fn pace(users: Arc<Users>, mut traffic: watch::Receiver<Traffic>) {
    let mut mix = routes::MIX.iter().cycle();
    let mut under_way = JoinSet::new();
    loop {
        let now = *traffic.borrow_and_update();
        let changed = traffic.changed();
        match now {
            Traffic::Over => break,
            Traffic::PerSecond(0) => drop(changed.await),
            Traffic::PerSecond(rate) => tokio::select! {
                _ = changed => {}
                () = send(&users, rate, &mut mix, &mut under_way) => {}
            },
        }
    }
    while under_way.join_next().await.is_some() {}
}

async fn send(
    users: &Arc<Users>,
    per_second: u32,
    mix: &mut impl Iterator<Item = &'static Route>,
    under_way: &mut JoinSet<()>,
) {
    let mut ticks = interval(Duration::from_secs(1) / per_second);
    loop {
        tokio::select! {
            _ = ticks.tick(), if under_way.len() < MAX_IN_FLIGHT => {
                under_way.extend(mix.next().map(|route| Arc::clone(users).visit(route)));
            }
            Some(_) = under_way.join_next() => {}
        }
    }
}
