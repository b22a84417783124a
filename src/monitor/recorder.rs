//! The thread that writes the recording, so that a slow disk never stops the watch.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use tokio::sync::mpsc;

use crate::journal::RecordingWriter;
use crate::soak::{Envelope, Event};

/// So many events may wait for the disk.
const BACKLOG: usize = 8_192;

/// A running recorder.
pub struct Recorder {
    sender: Option<SyncSender<Envelope>>,
    thread: JoinHandle<()>,
    events: mpsc::Sender<Event>,
}

impl Recorder {
    /// Starts writing; the first failure is told to the run as [`Event::Trouble`], and later events are tried all the same.
    pub fn start(writer: RecordingWriter, events: mpsc::Sender<Event>) -> Self {
        let (sender, receiver) = sync_channel(BACKLOG);
        let trouble = events.clone();
        let thread = thread::spawn(move || write_all(writer, &receiver, &trouble));
        Self { sender: Some(sender), thread, events }
    }

    /// Hands over one event; never waits.
    pub fn record(&mut self, envelope: &Envelope) {
        let sent = self.sender.as_ref().is_none_or(|sender| sender.try_send(envelope.clone()).is_ok());
        if !sent {
            // One gap makes the rest useless for a replay: say so once and stop.
            self.sender = None;
            let what = "the disk is too slow for the recording: it ends here".to_owned();
            let _ = self.events.try_send(Event::Trouble { what });
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

fn write_all(mut writer: RecordingWriter, receiver: &Receiver<Envelope>, trouble: &mpsc::Sender<Event>) {
    let mut told = false;
    while let Ok(envelope) = receiver.recv() {
        if let Err(error) = writer.write(&envelope)
            && !std::mem::replace(&mut told, true)
        {
            tracing::error!(%error, "the recording has a gap");
            let _ = trouble.try_send(Event::Trouble { what: error.to_string() });
        }
    }
    if let Err(error) = writer.sync() {
        tracing::error!(%error, "the recording may be incomplete");
    }
}
