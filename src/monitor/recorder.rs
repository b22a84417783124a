//! The thread that writes the recording, so that a slow disk never stops the watch.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::journal::{RecordingError, RecordingWriter};
use crate::soak::{Envelope, Event};

/// So many events may wait for the disk.
const BACKLOG: usize = 8_192;

/// How long the run waits for the disk before it acts on an event that is not recorded yet.
const SETTLE_LIMIT: Duration = Duration::from_secs(1);

/// What the thread is asked to do.
enum Order {
    Write(Box<Envelope>),
    /// Answer once everything before is on disk.
    Settle(oneshot::Sender<()>),
}

/// A running recorder.
pub struct Recorder {
    sender: Option<SyncSender<Order>>,
    thread: JoinHandle<()>,
    events: mpsc::Sender<Event>,
    /// An answer of the disk that was not waited for to its end.
    late: Option<oneshot::Receiver<()>>,
}

impl Recorder {
    /// Starts writing; the first failure is told to the run as [`Event::Trouble`], and later events are tried all the same.
    pub fn start(writer: RecordingWriter, events: mpsc::Sender<Event>) -> Self {
        let (sender, receiver) = sync_channel(BACKLOG);
        let trouble = events.clone();
        let thread = thread::spawn(move || write_all(writer, &receiver, &trouble));
        Self { sender: Some(sender), thread, events, late: None }
    }

    /// Hands over one event; never waits.
    pub fn record(&mut self, envelope: &Envelope) {
        let order = Order::Write(Box::new(envelope.clone()));
        let sent = self.sender.as_ref().is_none_or(|sender| sender.try_send(order).is_ok());
        if !sent {
            // One gap makes the rest useless for a replay: say so once and stop.
            self.sender = None;
            let what = "the disk is too slow for the recording: it ends here".to_owned();
            let _ = self.events.try_send(Event::Trouble { what });
        }
    }

    /// Waits, within bounds, until everything handed over is on disk: what a run does must not be ahead of what another
    /// monitor would know of it. A disk that was too slow once is not waited for again until it has caught up.
    pub async fn settle(&mut self) {
        if self.late.as_mut().is_some_and(|late| matches!(late.try_recv(), Err(TryRecvError::Empty))) {
            return;
        }
        self.late = None;
        let Some(sender) = &self.sender else { return };
        let (answer, mut settled) = oneshot::channel();
        if sender.try_send(Order::Settle(answer)).is_err() {
            return;
        }
        if timeout(SETTLE_LIMIT, &mut settled).await.is_err() {
            tracing::warn!("the disk is slow: acting on an event that is not recorded yet");
            self.late = Some(settled);
        }
    }

    /// Waits until everything is written and durable.
    pub fn finish(self) {
        drop(self.sender);
        if self.thread.join().is_err() {
            tracing::error!("the recording thread panicked");
        }
    }
}

fn write_all(mut writer: RecordingWriter, receiver: &Receiver<Order>, trouble: &mpsc::Sender<Event>) {
    let mut told = false;
    let mut tell = |error: RecordingError| {
        tracing::error!(%error, "the recording has a gap");
        if !std::mem::replace(&mut told, true) {
            let _ = trouble.try_send(Event::Trouble { what: error.to_string() });
        }
    };
    while let Ok(order) = receiver.recv() {
        match order {
            Order::Write(envelope) => writer.write(&envelope).unwrap_or_else(&mut tell),
            Order::Settle(answer) => {
                writer.sync().unwrap_or_else(&mut tell);
                let _ = answer.send(());
            }
        }
    }
    writer.sync().unwrap_or_else(&mut tell);
}
