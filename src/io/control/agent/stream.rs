//! The changes of all services as one event stream.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use serde_json::json;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use crate::core::view::Summary;
use crate::io::control::sse;
use crate::io::control::stream::{Pace, Queued};
use crate::io::tasks::boxed;

use super::board::{Board, Look};

const QUEUE: usize = 64;
/// A service is told at most this often.
const EVERY: Duration = Duration::from_secs(1);

pub(super) fn body(board: Board, pace: Pace, cut: Arc<Notify>) -> Body {
    let (frames, queued) = mpsc::channel(QUEUE);
    tokio::spawn(boxed(async move {
        let stuck = tokio::select! {
            sent = send_all(&board, &frames, pace) => sent.is_err(),
            () = frames.closed() => false,
        };
        if stuck {
            tracing::warn!("a client takes no changes and is cut off");
            cut.notify_one();
        }
    }));
    Body::new(Queued::new(queued))
}

struct Stuck;

async fn send_all(board: &Board, frames: &mpsc::Sender<Bytes>, pace: Pace) -> Result<(), Stuck> {
    let send = async |bytes| timeout(pace.stuck, frames.send(bytes)).await.map(drop).map_err(|_| Stuck);
    let look = board.look();
    let all = serde_json::to_string(&board.list(&look)).unwrap_or_default();
    send(sse::message("services", None, &all)).await?;
    let mut told = Told::new(&look, Instant::now());
    let mut schedule = interval(EVERY);
    schedule.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut silent_since = Instant::now();
    loop {
        schedule.tick().await;
        let messages = told.changes(&board.look(), Instant::now());
        if !messages.is_empty() {
            silent_since = Instant::now();
        }
        for bytes in messages {
            send(bytes).await?;
        }
        if silent_since.elapsed() >= pace.keep_alive {
            silent_since = Instant::now();
            send(Bytes::from_static(sse::KEEP_ALIVE)).await?;
        }
    }
}

/// What a client was told last of each service, and when.
struct Told(BTreeMap<String, (Arc<Summary>, Instant)>);

impl Told {
    fn new(look: &Look, now: Instant) -> Self {
        let mut told = BTreeMap::new();
        told.extend(look.iter().map(|row| (row.service.clone(), (Arc::clone(row), now))));
        Self(told)
    }

    fn changes(&mut self, look: &Look, now: Instant) -> Vec<Bytes> {
        let mut messages = Vec::new();
        for row in look.iter() {
            let known = self.0.get(&row.service);
            let is_news = known.is_none_or(|(before, at)| {
                let passed = u64::try_from(now.duration_since(*at).as_millis()).unwrap_or(u64::MAX);
                row.is_news(before, passed)
            });
            if is_news {
                // All keys are text, so there is always a JSON form.
                messages.push(sse::message("service", None, &serde_json::to_string(&**row).unwrap_or_default()));
                self.0.insert(row.service.clone(), (Arc::clone(row), now));
            }
        }
        let there = |name: &str| look.binary_search_by(|row| row.service.as_str().cmp(name)).is_ok();
        let gone: Vec<String> = self.0.keys().filter(|name| !there(name)).cloned().collect();
        for service in gone {
            self.0.remove(&service);
            messages.push(sse::message("gone", None, &json!({ "service": service }).to_string()));
        }
        messages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(rows: &[Summary]) -> Look {
        Arc::new(rows.iter().cloned().map(Arc::new).collect())
    }

    fn texts(messages: &[Bytes]) -> Vec<String> {
        messages.iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect()
    }

    #[tokio::test]
    async fn only_what_changed_is_told_and_what_went_away() {
        let (shop, cart) = (Summary::idle("shop", None), Summary::idle("cart", None));
        let now = Instant::now();
        let mut told = Told::new(&look(&[cart.clone(), shop.clone()]), now);
        assert_eq!(told.changes(&look(&[cart.clone(), shop.clone()]), now), Vec::<Bytes>::new());
        let broken = Summary::error("shop", "no such file");
        let first = texts(&told.changes(&look(&[cart.clone(), broken.clone()]), now));
        assert!(first.len() == 1 && first[0].starts_with("event: service\ndata: {\"service\":\"shop\""), "{first:?}");
        let last = texts(&told.changes(&look(&[broken, Summary::idle("zoo", None)]), now));
        assert!(last[0].contains("zoo") && last[1] == "event: gone\ndata: {\"service\":\"cart\"}\n\n", "{last:?}");
        assert_eq!(last.len(), 2);
    }
}
