//! Signals, as one stream.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The name of the signal of a keyboard.
pub const SIGINT: &str = "SIGINT";
/// The name of the signal of a supervisor.
pub const SIGTERM: &str = "SIGTERM";

/// The signals that concern a run.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    /// Takes over SIGINT, SIGTERM and SIGHUP for the rest of the process's life.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// The next signal that asks to stop. A hang-up ends nothing: it is logged and waited over.
    pub async fn next(&mut self) -> &'static str {
        loop {
            tokio::select! {
                Some(()) = self.interrupt.recv() => return SIGINT,
                Some(()) = self.terminate.recv() => return SIGTERM,
                Some(()) = self.hangup.recv() => tracing::warn!("SIGHUP: the terminal is gone, the watch goes on"),
            }
        }
    }
}
