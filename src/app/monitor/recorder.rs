//! Writes the recording on another thread, so that a slow disk never stops the watch.

use std::time::Duration;

use axum::body::Bytes;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::core::soak::{Envelope, Event};
use crate::io::journal::{RecordingError, RecordingWriter};
use crate::io::ports::{Disk, Helper};

/// Capacity of the queue of events for the disk.
const BACKLOG: usize = 8_192;

/// How long the run waits for the disk before it acts on an event that is not recorded yet.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(1);

/// An answer that comes so long after the first that waits for the end of their round is written with it, in milliseconds.
const HOLD_MS: u64 = 1_000;

/// The thread is woken at the latest for so many lines.
const MAX_QUEUED: usize = 512;

enum Order {
    Write(Line),
    /// Answer once everything before is on disk.
    Settle(oneshot::Sender<()>),
}

/// An event as it is recorded.
struct Line {
    json: Bytes,
    at_ms: u64,
    /// Whether it is acted on at the end of its round.
    waits: bool,
}

pub struct Recorder {
    sender: Option<mpsc::Sender<Order>>,
    thread: Box<dyn Helper>,
    events: mpsc::Sender<Event>,
    queued: Queued,
    /// A flush whose wait timed out.
    late: Option<oneshot::Receiver<()>>,
}

impl Recorder {
    /// Starts writing; the first failure is sent to the run as [`Event::Trouble`], and later events are still tried.
    pub fn start(writer: RecordingWriter, disk: &dyn Disk, events: mpsc::Sender<Event>) -> Self {
        let (sender, mut receiver) = mpsc::channel(BACKLOG);
        let trouble = events.clone();
        let mut writing = Writing { writer, held_ms: None, told: false, trouble };
        let thread = disk.spawn_chore(Box::new(move || writing.take_orders(&mut receiver)));
        Self { sender: Some(sender), thread, events, queued: Queued::default(), late: None }
    }

    /// Hands over one event and its JSON; never waits.
    pub fn record(&mut self, envelope: &Envelope, json: Bytes) {
        let Some(sender) = &self.sender else { return };
        let line = Line { json, at_ms: envelope.at_ms, waits: waits_for_its_round(&envelope.event) };
        let is_due = self.queued.takes(&line);
        if sender.try_send(Order::Write(line)).is_ok() {
            if is_due {
                self.thread.call(false);
            }
        } else {
            // One gap makes the rest useless for a replay: say so once and stop.
            self.sender = None;
            let what = "the disk is too slow: the recording stops here".to_owned();
            let _ = self.events.try_send(Event::Trouble { what });
        }
    }

    /// Waits, with a time limit, until everything handed over is on disk: a run must not act on what another monitor
    /// could not recover. After a timeout it does not wait again until the disk has caught up.
    pub async fn settle(&mut self) {
        if self.late.as_mut().is_some_and(|late| matches!(late.try_recv(), Err(oneshot::error::TryRecvError::Empty))) {
            return;
        }
        self.late = None;
        let Some(sender) = &self.sender else { return };
        let (answer, mut settled) = oneshot::channel();
        if sender.try_send(Order::Settle(answer)).is_err() {
            return;
        }
        self.queued = Queued::default();
        self.thread.call(true);
        if timeout(SETTLE_TIMEOUT, &mut settled).await.is_err() {
            tracing::warn!("the disk is slow: acting on an event that is not recorded yet");
            self.late = Some(settled);
        }
    }

    /// Waits until everything is written and durable.
    pub fn finish(self) {
        drop(self.sender);
        if !self.thread.finish() {
            tracing::error!("the recording thread panicked");
        }
    }
}

/// What the thread was not woken for, because it would only hold it: a wake-up costs as much as the line.
#[derive(Default)]
struct Queued {
    lines: usize,
    /// When the first came, in milliseconds of the run.
    since_ms: Option<u64>,
}

impl Queued {
    /// Returns whether the thread is to be woken for this line and those before it.
    fn takes(&mut self, line: &Line) -> bool {
        let since = *self.since_ms.get_or_insert(line.at_ms);
        self.lines += 1;
        let is_due = !line.waits || line.at_ms.saturating_sub(since) >= HOLD_MS || self.lines >= MAX_QUEUED;
        if is_due {
            *self = Self::default();
        }
        is_due
    }
}

struct Writing {
    writer: RecordingWriter,
    /// When the first of the answers was that are held for the end of their round, in milliseconds of the run.
    held_ms: Option<u64>,
    told: bool,
    trouble: mpsc::Sender<Event>,
}

impl Writing {
    fn take_orders(&mut self, receiver: &mut mpsc::Receiver<Order>) {
        loop {
            match receiver.try_recv() {
                Ok(Order::Write(line)) => self.write(line),
                Ok(Order::Settle(answer)) => {
                    self.flush();
                    self.sync();
                    let _ = answer.send(());
                }
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => {
                    self.flush();
                    return self.sync();
                }
            }
        }
    }

    /// The answers of a round are written together with the tick that judges them: nothing is done about them before.
    fn write(&mut self, Line { json, at_ms, waits }: Line) {
        let since = *self.held_ms.get_or_insert(at_ms);
        if let Err(error) = self.writer.hold_line(json) {
            self.tell(&error);
        }
        if !waits || at_ms.saturating_sub(since) >= HOLD_MS {
            self.flush();
        }
    }

    fn flush(&mut self) {
        self.held_ms = None;
        if let Err(error) = self.writer.flush() {
            self.tell(&error);
        }
    }

    fn sync(&mut self) {
        if let Err(error) = self.writer.sync() {
            self.tell(&error);
        }
    }

    fn tell(&mut self, error: &RecordingError) {
        tracing::error!(%error, "the recording has a gap");
        if !std::mem::replace(&mut self.told, true) {
            let _ = self.trouble.try_send(Event::Trouble { what: error.to_string() });
        }
    }
}

/// Whether an event is the answer to a question of a round, and acted on at its end.
const fn waits_for_its_round(event: &Event) -> bool {
    matches!(
        event,
        Event::Sampled { .. }
            | Event::Metered { .. }
            | Event::Queried { .. }
            | Event::Probed { .. }
            | Event::StandbyProbed { .. }
    )
}

#[cfg(test)]
mod tests;
