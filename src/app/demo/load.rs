//! The load: requests at a steady rate.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Request, Response};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::interval;

use super::http::Client;
use super::proxy::COLOR_HEADER;
use super::routes::{self, Route};
use super::tally::Totals;
use crate::io::tasks::boxed;
use crate::model::Color;

/// Most requests under way at once; the rate drops when answers take longer than that allows.
const MAX_IN_FLIGHT: usize = 128;
const TIMEOUT: Duration = Duration::from_secs(5);

/// Sends requests through the proxy at a steady rate. Dropping it ends the traffic.
#[derive(Debug)]
pub struct Load {
    rate: Rate,
    sender: Arc<Sender>,
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
    pub fn start(proxy: SocketAddr, per_second: u32) -> io::Result<Self> {
        let (rate, traffic) = watch::channel(Traffic::PerSecond(per_second));
        let sender = Arc::new(Sender { proxy, client: Client::new()?, totals: watch::Sender::default() });
        let mut tasks = JoinSet::new();
        tasks.spawn(boxed(pace(Arc::clone(&sender), traffic)));
        Ok(Self { rate: Rate(rate), sender, tasks })
    }

    pub fn rate(&self) -> Rate {
        self.rate.clone()
    }

    pub fn totals(&self) -> Totals {
        *self.sender.totals.borrow()
    }

    /// Ends the traffic, waits for the answers under way, each within its own limit of 5s, and gives the final count.
    pub async fn stop(mut self) -> Totals {
        self.rate.0.send_replace(Traffic::Over);
        while self.tasks.join_next().await.is_some() {}
        self.totals()
    }
}

#[derive(Debug)]
struct Sender {
    proxy: SocketAddr,
    client: Client,
    totals: watch::Sender<Totals>,
}

impl Sender {
    async fn send(self: Arc<Self>, route: &'static Route) {
        self.totals.send_modify(|totals| totals.sent += 1);
        let uri = format!("http://{}{}", self.proxy, route.path);
        let Ok(request) = Request::builder().method(&route.method).uri(uri).body(Bytes::new()) else {
            return;
        };
        let answer = self.client.fetch(request, TIMEOUT).await.ok();
        let failed = answer.as_ref().is_none_or(|answer| answer.status().is_server_error());
        let color = answer.as_ref().and_then(color_of);
        self.totals.send_modify(|totals| {
            totals.failed += u64::from(failed);
            if let Some(color) = color {
                totals.add(color, failed);
            }
        });
    }
}

fn color_of<B>(answer: &Response<B>) -> Option<Color> {
    answer.headers().get(COLOR_HEADER)?.to_str().ok()?.parse().ok()
}

async fn pace(sender: Arc<Sender>, mut traffic: watch::Receiver<Traffic>) {
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
                () = send_all(&sender, rate, &mut mix, &mut under_way) => {}
            },
        }
    }
    while under_way.join_next().await.is_some() {}
}

async fn send_all(
    sender: &Arc<Sender>,
    per_second: u32,
    mix: &mut impl Iterator<Item = &'static Route>,
    under_way: &mut JoinSet<()>,
) {
    let mut ticks = interval(Duration::from_secs(1) / per_second);
    loop {
        tokio::select! {
            _ = ticks.tick(), if under_way.len() < MAX_IN_FLIGHT => {
                under_way.extend(mix.next().map(|route| Arc::clone(sender).send(route)));
            }
            Some(_) = under_way.join_next() => {}
        }
    }
}
