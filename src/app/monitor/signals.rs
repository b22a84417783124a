//! Signals, as one stream.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::io::seam;

/// The name of the signal of a keyboard.
pub const SIGINT: &str = "SIGINT";
/// The name of the signal of a supervisor.
pub const SIGTERM: &str = "SIGTERM";

/// The signals that concern a run.
pub enum Signals {
    /// From the kernel.
    Real(Box<Listening>),
    /// From a simulation.
    Simulated,
}

/// What the kernel is listened to for.
pub struct Listening {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    /// Takes over SIGINT, SIGTERM and SIGHUP for the rest of the process's life.
    pub fn listen() -> io::Result<Self> {
        if seam::simulated() {
            return Ok(Self::Simulated);
        }
        Ok(Self::Real(Box::new(Listening {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })))
    }

    /// The next signal that asks to stop. A hang-up ends nothing: it is logged and waited over.
    pub async fn next(&mut self) -> &'static str {
        let Self::Real(listening) = self else { return seam::signal().await };
        loop {
            tokio::select! {
                Some(()) = listening.interrupt.recv() => return SIGINT,
                Some(()) = listening.terminate.recv() => return SIGTERM,
                Some(()) = listening.hangup.recv() => tracing::warn!("SIGHUP: the terminal is gone, the watch goes on"),
            }
        }
    }
}
