//! The link to a monitor that runs: the control API's client.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::io::control::{Client, StreamEnd, StreamItem};
use crate::model::{Action, Actor};

use super::link::{Item, Link};

/// Wait before the monitor is tried again: the first, and the longest.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const MAX_WAIT: Duration = Duration::from_secs(2);

/// The monitor behind a control socket. One that goes away is tried again until it is back or nobody looks any more.
#[derive(Clone, Debug)]
pub struct Live {
    client: Client,
    actor: Actor,
}

impl Live {
    /// The monitor that this client asks; orders are given in the actor's name.
    pub const fn new(client: Client, actor: Actor) -> Self {
        Self { client, actor }
    }

    /// Sends on what comes, all of it from the first event on. An error says why there is no more.
    pub async fn follow_once(&self, items: &mpsc::Sender<Item>) -> Result<(), String> {
        let mut events = self.client.events(0).await.map_err(|error| error.to_string())?;
        loop {
            let item = match events.next().await.map_err(|error| error.to_string())? {
                StreamItem::Header(header) => Item::Header(header),
                StreamItem::Event(envelope) => Item::Event(envelope),
                StreamItem::Dropped(why) => return Err(why),
                StreamItem::End(StreamEnd::Ended(ending)) => Item::Ended(ending),
                StreamItem::End(StreamEnd::Stopped { why }) if self.client.follows_the_leader() => return Err(why),
                StreamItem::End(StreamEnd::Stopped { why }) => Item::Stopped(why),
            };
            let last = matches!(item, Item::Ended(_) | Item::Stopped(_));
            if items.send(item).await.is_err() || last {
                return Ok(());
            }
        }
    }
}

impl Link for Live {
    async fn follow(&self, items: mpsc::Sender<Item>) {
        let mut wait = FIRST_WAIT;
        while let Err(why) = self.follow_once(&items).await {
            if items.send(Item::Lost(why)).await.is_err() {
                return;
            }
            sleep(wait).await;
            wait = (wait * 2).min(MAX_WAIT);
        }
    }

    async fn act(&self, action: Action, reason: Option<String>) -> Result<(), String> {
        let done = self.client.act(action, &self.actor, reason.as_deref()).await;
        done.map(drop).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests;
