//! Delivery: in order, with retries, in the background.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use url::Url;

use super::Message;
use crate::config::NotifyConfig;
use crate::core::soak::{Envelope, Settings};
use crate::core::view::ViewUpdate;
use crate::io::http::{ClientKey, NoAnswer, client, shared};
use crate::io::tasks::boxed;
use crate::model::{SigningKey, webhook};

/// Messages waiting. A soak has a dozen.
const BACKLOG: usize = 256;
/// Attempts, and the first pause, which doubles.
const TRIES: u32 = 6;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// For the messages left at the end of a run.
const END_TIMEOUT: Duration = Duration::from_secs(10);

/// Dropping it abandons what is not delivered yet.
pub struct Notifier {
    queue: mpsc::Sender<Message>,
    task: JoinHandle<()>,
    waiting: Arc<AtomicU64>,
}

impl Notifier {
    /// `None` if nobody is to be notified.
    pub fn start(config: &NotifyConfig) -> Option<Self> {
        let url = webhook(config.url.as_ref()?).ok()?;
        let key = config.secret.as_ref().and_then(|secret| SigningKey::parse(secret).ok());
        // Without kept connections, which few messages need: those of many runs would add up.
        let client = shared(ClientKey::new("notify", 0), || client().pool_max_idle_per_host(0).build());
        let client = client.inspect_err(|error| tracing::error!(%error, "notifications cannot be sent")).ok()?;
        let (queue, messages) = mpsc::channel(BACKLOG);
        let waiting = Arc::<AtomicU64>::default();
        let timeout = config.timeout;
        let courier = Courier { client, timeout, url, key, waiting: Arc::clone(&waiting) };
        Some(Self { queue, task: tokio::spawn(boxed(courier.deliver_all(messages))), waiting })
    }

    /// Notifies of what an event changed, if it matters; never waits.
    pub fn tell(&self, news: &ViewUpdate, envelope: &Envelope, settings: &Settings) {
        for message in Message::of(news, envelope.seq, envelope.wall_ms, settings) {
            self.queue(message);
        }
    }

    fn queue(&self, message: Message) {
        let id = message.id.clone();
        self.waiting.fetch_add(1, Ordering::Relaxed);
        if self.queue.try_send(message).is_err() {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            tracing::error!(id, "too many notifications wait: dropped one");
        }
    }

    /// Waits, at most [`END_TIMEOUT`], until everything is delivered or given up.
    pub async fn finish(self) {
        self.finish_within(END_TIMEOUT).await;
    }

    async fn finish_within(self, limit: Duration) {
        let Self { queue, mut task, waiting } = self;
        drop(queue);
        if timeout(limit, &mut task).await.is_err() {
            task.abort();
            let waiting = waiting.load(Ordering::Relaxed);
            tracing::error!(waiting, "exiting with undelivered notifications");
        }
    }
}

struct Courier {
    client: Client,
    timeout: Duration,
    url: Url,
    key: Option<SigningKey>,
    waiting: Arc<AtomicU64>,
}

impl Courier {
    async fn deliver_all(self, mut messages: mpsc::Receiver<Message>) {
        while let Some(message) = messages.recv().await {
            self.deliver(&message).await;
            self.waiting.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Retries until delivered or hopeless. Later messages wait: order matters more than speed.
    async fn deliver(&self, message: &Message) {
        let mut pause = FIRST_PAUSE;
        for attempt in 1..=TRIES {
            let why = match self.send(message).await {
                Ok(()) => return,
                Err(why) => why,
            };
            tracing::warn!(id = message.id, attempt, why, "a notification was not accepted");
            if attempt < TRIES {
                sleep(pause).await;
                pause *= 2;
            }
        }
        tracing::error!(id = message.id, "a notification was given up");
    }

    async fn send(&self, message: &Message) -> Result<(), String> {
        let Message { id, body } = message;
        let timestamp = Timestamp::now().as_second();
        let mut request =
            self.client.post(self.url.clone()).timeout(self.timeout).header(CONTENT_TYPE, "application/json");
        request = request.header("webhook-id", id).header("webhook-timestamp", timestamp.to_string());
        if let Some(key) = &self.key {
            request = request.header("webhook-signature", key.sign(id, timestamp, body));
        }
        let answer = request.body(body.clone()).send().await;
        match answer.map(|answer| answer.status()) {
            Ok(status) if status.is_success() => Ok(()),
            Ok(status) => Err(format!("the webhook answered {status}")),
            Err(error) => Err(format!("the webhook {}", NoAnswer::because(&self.url, error))),
        }
    }
}

#[cfg(test)]
mod tests;
