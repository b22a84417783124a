//! The event stream of one client: what is sent, when a keep-alive is due, and when the client is given up.

use crate::io::tasks::boxed;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::Frame;
use tokio::sync::{Notify, mpsc};
use tokio::time::{sleep, timeout};

use super::wire::Dropped;
use super::{Delivery, Hub, Subscription, sse};

const QUEUE: usize = 16;

#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Silence before a comment is sent.
    pub keep_alive: Duration,
    /// A client that reads nothing for this long, although there is something, is cut off.
    pub stuck: Duration,
}

pub(super) fn body(hub: Hub, subscription: Subscription, pace: Pace, cut: Arc<Notify>) -> Body {
    let (frames, queued) = mpsc::channel(QUEUE);
    tokio::spawn(boxed(async move {
        let stuck = tokio::select! {
            sent = send_all(&hub, subscription, &frames, pace) => sent.is_err(),
            () = frames.closed() => false,
        };
        if stuck {
            tracing::warn!("a client takes no events and is cut off");
            hub.count_dropped();
            cut.notify_one();
        }
    }));
    Body::new(Queued(queued))
}

struct Stuck;

async fn send_all(
    hub: &Hub,
    mut subscription: Subscription,
    frames: &mpsc::Sender<Bytes>,
    pace: Pace,
) -> Result<(), Stuck> {
    let send = async |bytes| timeout(pace.stuck, frames.send(bytes)).await.map(drop).map_err(|_| Stuck);
    send(hub.header()).await?;
    loop {
        let delivery = {
            let mut next = pin!(subscription.next());
            loop {
                tokio::select! {
                    delivery = &mut next => break delivery,
                    () = sleep(pace.keep_alive) => send(Bytes::from_static(sse::KEEP_ALIVE)).await?,
                }
            }
        };
        match delivery {
            Delivery::Event(bytes) => send(bytes).await?,
            Delivery::Dropped { reason, next } => {
                tracing::warn!(reason, next, "a client's event stream is cut short");
                return send(last(sse::DROPPED, &Dropped { reason, next })).await;
            }
            Delivery::End(end) => return send(last(sse::END, &end)).await,
        }
    }
}

fn last(event: &str, data: &impl serde::Serialize) -> Bytes {
    // A few fields of text and numbers always have a JSON form.
    sse::message(event, None, &serde_json::to_string(data).unwrap_or_default())
}

/// Messages as they come.
pub(super) struct Queued(mpsc::Receiver<Bytes>);

impl Queued {
    pub const fn new(messages: mpsc::Receiver<Bytes>) -> Self {
        Self(messages)
    }
}

impl HttpBody for Queued {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0.poll_recv(context).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}
