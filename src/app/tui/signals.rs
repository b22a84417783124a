//! The signals that concern a client.

use std::io;
use std::time::Duration;

use rustix::process::{Signal as Number, getpgrp, kill_process_group};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;

/// A stop takes effect at once. Where nobody could let the process go on it has none: then this is how long is waited.
const STOP_TIMEOUT: Duration = Duration::from_millis(500);

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// To end, by the signal of that name.
    End(&'static str),
    Resize,
    GoOn,
}

/// The signals of this process, from now on.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
    resize: Signal,
    go_on: Signal,
}

impl Signals {
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
            resize: signal(SignalKind::window_change())?,
            go_on: signal(SignalKind::from_raw(Number::CONT.as_raw()))?,
        })
    }

    /// The next one. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.terminate.recv() => Asked::End("SIGTERM"),
            _ = self.interrupt.recv() => Asked::End("SIGINT"),
            _ = self.hang_up.recv() => Asked::End("SIGHUP"),
            _ = self.resize.recv() => Asked::Resize,
            _ = self.go_on.recv() => Asked::GoOn,
        }
    }

    /// Stops this process and its job, as Ctrl-Z does, and returns when it goes on.
    pub async fn stop_until_continued(&mut self) {
        if let Err(error) = kill_process_group(getpgrp(), Number::TSTP) {
            tracing::warn!(%error, "this client cannot be suspended");
            return;
        }
        // The stop may reach another thread first, so that this one runs on for a moment: the terminal must not be taken
        // again before it.
        let _ = timeout(STOP_TIMEOUT, self.go_on.recv()).await;
    }
}
