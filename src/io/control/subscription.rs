//! One client's events, in their order, without gap or repetition.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::time::Duration;

use axum::body::Bytes;
use tokio::sync::watch;
use tokio::time::sleep;

use super::archive::Archive;
use super::hub::Quota;
use super::ring::{Frame, Next};
use super::{Hub, StreamEnd, sse};

/// How often, and after which pause, a recording is reread for events not written yet.
const LOOKS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(50);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    Event(Bytes),
    /// Events are missing, or the client was too slow: the subscription is over.
    Dropped {
        reason: String,
        next: u64,
    },
    End(StreamEnd),
}

/// Events from some place on: from the recording, then memory, then live. Holds a few hundred; laggards are dropped.
#[derive(Debug)]
pub struct Subscription {
    hub: Hub,
    quota: Quota,
    news: watch::Receiver<u64>,
    cursor: u64,
    ready: VecDeque<Frame>,
    /// Until the subscription has caught up with the hub's memory.
    archive: Option<Archive>,
    looks: u32,
}

impl Subscription {
    /// From `since` on; the hub counts it until it is dropped.
    pub(super) fn new(hub: Hub, quota: Quota, since: u64) -> Self {
        let (news, archive) = (hub.news(), Archive::new(hub.recording()));
        Self { hub, quota, news, cursor: since.max(1), ready: VecDeque::new(), archive: Some(archive), looks: 0 }
    }

    pub async fn next(&mut self) -> Delivery {
        loop {
            if let Some(frame) = self.ready.pop_front() {
                match frame.seq.cmp(&self.cursor) {
                    Ordering::Less => {}
                    Ordering::Equal => {
                        self.cursor += 1;
                        return Delivery::Event(sse::message(sse::SOAK, Some(frame.seq), &frame.json));
                    }
                    Ordering::Greater => return self.missing(frame.seq),
                }
                continue;
            }
            self.news.mark_unchanged();
            match self.hub.from(self.cursor) {
                Next::Kept(frames) => (self.ready, self.archive) = (frames, None),
                Next::Older { oldest } => {
                    if let Some(dropped) = self.catch_up(oldest).await {
                        return dropped;
                    }
                }
                Next::Nothing => {
                    self.archive = None;
                    // The hub, and with it the sender, lives as long as this.
                    let _ = self.news.changed().await;
                }
                Next::End(end) => return Delivery::End(end),
            }
        }
    }

    /// Reads on in the recording, up to the `oldest` event in memory.
    async fn catch_up(&mut self, oldest: u64) -> Option<Delivery> {
        let cursor = self.cursor;
        let Some(archive) = &mut self.archive else {
            let behind = oldest - cursor;
            return Some(self.dropped(format!("too slow: {behind} events behind what is kept in memory"), cursor));
        };
        match archive.read(cursor).await {
            Ok(frames) if !frames.is_empty() => (self.ready, self.looks) = (frames, 0),
            Ok(_) if self.looks < LOOKS => {
                self.looks += 1;
                sleep(PAUSE).await;
            }
            Ok(_) => return Some(self.missing(oldest)),
            Err(why) => return Some(self.dropped(why, oldest)),
        }
        None
    }

    fn missing(&self, next: u64) -> Delivery {
        let (first, last) = (self.cursor, next - 1);
        self.dropped(format!("events {first} to {last} are neither in the recording nor in memory"), next)
    }

    fn dropped(&self, reason: String, next: u64) -> Delivery {
        self.hub.count_dropped();
        Delivery::Dropped { reason, next }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.hub.leave(self.quota);
    }
}
