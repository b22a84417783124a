//! Where the monitor's loop and its clients meet.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use crate::core::soak::{Envelope, RecordingHeader, Refusal};
use crate::core::view::{News, View};
use crate::model::number::duration_exact;
use crate::model::{Action, Actor};

use super::metrics::{self, Clients, Tally};
use super::ring::{Frame, Next, Ring};
use super::{StreamEnd, Subscription, sse};

/// So many events are kept in memory. At a thousand a second a client may stand still for four seconds.
const KEPT: usize = 4_096;
/// Most subscriptions at a time: of this machine, of operators on the network, and of viewers there, each for themselves.
const MOST_CLIENTS: usize = 64;
/// So many orders may wait for the loop.
const MOST_ORDERS: usize = 16;
const ORDER_LIMIT: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub struct Order {
    pub action: Action,
    pub actor: Actor,
    pub reason: Option<String>,
    /// Takes the place of the action's event once its decision is journaled, or why it was refused.
    pub answer: oneshot::Sender<Result<u64, Refusal>>,
}

/// An order was not carried out, or nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("{0}")]
    Rule(Refusal),
    #[error("the soak is over")]
    Over,
    #[error("no answer within {}: the order may still be carried out", duration_exact(ORDER_LIMIT))]
    NoAnswer,
}

/// By which way a subscription came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quota {
    /// The socket, or this process.
    Local,
    /// The network, with a token that may order.
    Operators,
    /// The network, with a token that may look.
    Viewers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{MOST_CLIENTS} clients already follow the events, the limit")]
pub struct TooMany;

/// The meeting point of one run. Clones are the same hub. Publishing never waits: clients come and take what is kept in memory,
/// and who is too late for that is told so.
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
    /// The hub of a run with this recording, and where its orders come out. `view` has taken every event recorded before.
    pub fn new(header: &RecordingHeader, recording: PathBuf, view: View) -> (Self, mpsc::Receiver<Order>) {
        Self::with_kept(KEPT, header, recording, view)
    }

    pub(super) fn with_kept(
        kept: usize,
        header: &RecordingHeader,
        recording: PathBuf,
        view: View,
    ) -> (Self, mpsc::Receiver<Order>) {
        let (orders, inbox) = mpsc::channel(MOST_ORDERS);
        let (ring, news) = (Ring::new(kept, view.seq()), watch::Sender::new(view.seq()));
        let shared = Shared {
            header: sse::message(sse::HEADER, None, &json(header)),
            recording: Arc::new(recording),
            orders,
            news,
            state: Mutex::new(State { view, ring, tally: Tally::default(), clients: Clients::default() }),
        };
        (Self(Arc::new(shared)), inbox)
    }

    /// Tells everybody of the next event, and returns what it changed. Never waits, and needs no runtime.
    pub fn publish(&self, envelope: &Envelope) -> News {
        let seq = envelope.seq;
        let bytes = sse::message(sse::SOAK, Some(seq), &json(envelope));
        let news = {
            let state = &mut *self.state();
            let news = state.view.apply(envelope);
            state.tally.count(state.view.machine().settings(), &envelope.event, &news);
            state.ring.push(Frame { seq, bytes });
            news
        };
        self.0.news.send_replace(seq);
        news
    }

    /// Says that no more events follow: clients get what there is, and then the end.
    pub fn finish(&self, end: StreamEnd) {
        self.state().ring.finish(end);
        self.0.news.send_modify(|_| {});
    }

    /// Looks at how the run stands. The loop's next event waits until `look` is done.
    pub fn with_view<T>(&self, look: impl FnOnce(&View) -> T) -> T {
        look(&self.state().view)
    }

    /// Follows the events from `since` on, 0 and 1 being all of them. At most 64 at a time.
    pub fn subscribe(&self, since: u64) -> Result<Subscription, TooMany> {
        self.subscribe_as(Quota::Local, since)
    }

    pub(super) fn subscribe_as(&self, quota: Quota, since: u64) -> Result<Subscription, TooMany> {
        let mut state = self.state();
        let following = state.following(quota);
        if *following == MOST_CLIENTS {
            return Err(TooMany);
        }
        *following += 1;
        drop(state);
        Ok(Subscription::new(self.clone(), quota, since))
    }

    /// Hands an order to the loop and waits for its answer, 10s at most: the place of the action's event.
    pub async fn order(&self, action: Action, actor: Actor, reason: Option<String>) -> Result<u64, Refused> {
        self.order_within(ORDER_LIMIT, action, actor, reason).await
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

    /// Changes with every event, and at the end.
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

    /// Nothing that is done under the lock leaves the state half changed, so a panic of a reader is no reason to stop.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Types of this program, whose keys are all text: they always have a JSON form.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
