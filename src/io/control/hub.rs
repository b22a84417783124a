//! Where the monitor's loop and its clients meet.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use crate::core::soak::{Envelope, RecordingHeader, Refusal};
use crate::core::view::{View, ViewUpdate};
use crate::model::number::duration_exact;
use crate::model::{Action, Actor};

use super::metrics::{self, Clients, Tally};
use super::ring::{Frame, Next, Ring};
use super::{StreamEnd, Subscription, sse};

/// Events of an instance in memory: at two a second, a client may stand still for four seconds. Older ones are read from the
/// recording.
const KEPT_EACH: usize = 8;
/// The same for a run: at least and at most.
const KEPT: RangeInclusive<usize> = 1_024..=4_096;
/// At least, where a process has many runs.
const KEPT_AT_LEAST: usize = 48;
/// Subscriptions at a time, for each [`Quota`].
const MAX_CLIENTS: usize = 64;
const MAX_ORDERS: usize = 16;
const ORDER_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub struct Order {
    pub action: Action,
    pub actor: Actor,
    pub reason: Option<String>,
    pub answer: oneshot::Sender<Result<u64, Refusal>>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("{0}")]
    Rule(Refusal),
    #[error("the soak is over")]
    Over,
    #[error("no answer within {}: the order may still be carried out", duration_exact(ORDER_TIMEOUT))]
    NoAnswer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quota {
    /// The socket, or this process.
    Local,
    Operators,
    Viewers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{MAX_CLIENTS} clients already follow the events, the limit")]
pub struct TooMany;

/// The meeting point of one run; clones share it. Publishing never waits: clients that fall behind memory are told so.
#[derive(Clone, Debug)]
pub struct Hub(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    header: Bytes,
    recording: Arc<PathBuf>,
    orders: mpsc::Sender<Order>,
    /// The place of the last event; wakes the subscriptions.
    news: watch::Sender<u64>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    view: View,
    ring: Ring,
    tally: Tally,
    clients: Clients,
    /// Whoever tells the decisions of the run beside its own front ends.
    listener: Option<mpsc::UnboundedSender<ViewUpdate>>,
}

impl State {
    fn following(&mut self, quota: Quota) -> &mut usize {
        match quota {
            Quota::Local => &mut self.clients.local,
            Quota::Operators => &mut self.clients.operators,
            Quota::Viewers => &mut self.clients.viewers,
        }
    }
}

impl Hub {
    /// `view` has taken every event recorded before. Also returns where the orders come out.
    pub fn new(
        instances: usize,
        is_shared: bool,
        header: &RecordingHeader,
        recording: PathBuf,
        view: View,
    ) -> (Self, mpsc::Receiver<Order>) {
        let least = if is_shared { KEPT_AT_LEAST } else { *KEPT.start() };
        let kept = KEPT_EACH.saturating_mul(instances).clamp(least, *KEPT.end());
        Self::with_kept(kept, header, recording, view)
    }

    pub(super) fn with_kept(
        kept: usize,
        header: &RecordingHeader,
        recording: PathBuf,
        view: View,
    ) -> (Self, mpsc::Receiver<Order>) {
        let (orders, inbox) = mpsc::channel(MAX_ORDERS);
        let (ring, news) = (Ring::new(kept, view.seq()), watch::Sender::new(view.seq()));
        let shared = Shared {
            header: sse::message(sse::HEADER, None, &serde_json::to_vec(header).unwrap_or_default()),
            recording: Arc::new(recording),
            orders,
            news,
            state: Mutex::new(State {
                view,
                ring,
                tally: Tally::default(),
                clients: Clients::default(),
                listener: None,
            }),
        };
        (Self(Arc::new(shared)), inbox)
    }

    /// Takes an event and its JSON, and returns what it changed. Never waits, and needs no runtime.
    pub fn publish(&self, envelope: &Envelope, json: Bytes) -> ViewUpdate {
        let seq = envelope.seq;
        let news = {
            let state = &mut *self.state();
            let news = state.view.apply(envelope);
            state.tally.count(state.view.machine().settings(), &envelope.event, &news);
            state.ring.push(Frame { seq, json });
            if let Some(listener) = state.listener.as_ref().filter(|_| !news.decisions.is_empty()) {
                // It may be gone.
                let _ = listener.send(news.clone());
            }
            news
        };
        self.0.news.send_replace(seq);
        news
    }

    /// What brings decisions from now on, in this process; one listener at a time. A run makes few decisions.
    pub fn decisions(&self) -> mpsc::UnboundedReceiver<ViewUpdate> {
        let (listener, decisions) = mpsc::unbounded_channel();
        self.state().listener = Some(listener);
        decisions
    }

    pub fn finish(&self, end: StreamEnd) {
        self.state().ring.finish(end);
        self.0.news.send_modify(|_| {});
    }

    /// Blocks the loop's next event until `look` is done.
    pub fn with_view<T>(&self, look: impl FnOnce(&View) -> T) -> T {
        look(&self.state().view)
    }

    /// Follows the events from `since` on; 0 and 1 mean all. At most 64 at a time.
    pub fn subscribe(&self, since: u64) -> Result<Subscription, TooMany> {
        self.subscribe_as(Quota::Local, since)
    }

    pub(super) fn subscribe_as(&self, quota: Quota, since: u64) -> Result<Subscription, TooMany> {
        let mut state = self.state();
        let following = state.following(quota);
        if *following == MAX_CLIENTS {
            return Err(TooMany);
        }
        *following += 1;
        drop(state);
        Ok(Subscription::new(self.clone(), quota, since))
    }

    /// Waits at most 10s for the loop's answer: the place of the action's event.
    pub async fn order(&self, action: Action, actor: Actor, reason: Option<String>) -> Result<u64, Refused> {
        self.order_within(ORDER_TIMEOUT, action, actor, reason).await
    }

    async fn order_within(
        &self,
        limit: Duration,
        action: Action,
        actor: Actor,
        reason: Option<String>,
    ) -> Result<u64, Refused> {
        let (answer, answered) = oneshot::channel();
        let exchange = async {
            let order = Order { action, actor, reason, answer };
            self.0.orders.send(order).await.map_err(|_| Refused::Over)?;
            answered.await.map_err(|_| Refused::Over)?.map_err(Refused::Rule)
        };
        timeout(limit, exchange).await.unwrap_or(Err(Refused::NoAnswer))
    }

    pub(super) fn metrics(&self) -> String {
        let state = self.state();
        metrics::page(&state.view, &state.tally, state.clients)
    }

    pub(super) fn header(&self) -> Bytes {
        self.0.header.clone()
    }

    pub(super) fn recording(&self) -> Arc<PathBuf> {
        Arc::clone(&self.0.recording)
    }

    pub(super) fn news(&self) -> watch::Receiver<u64> {
        self.0.news.subscribe()
    }

    pub(super) fn from(&self, seq: u64) -> Next {
        self.state().ring.from(seq)
    }

    pub(super) fn count_dropped(&self) {
        self.state().clients.dropped += 1;
    }

    pub(super) fn count_refused(&self) {
        self.state().clients.refused += 1;
    }

    pub(super) fn leave(&self, quota: Quota) {
        *self.state().following(quota) -= 1;
    }

    /// No work under the lock leaves the state half changed, so a panic of a reader does not matter.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
