//! Signals, as one stream.

use std::fmt;
use std::io;
use std::pin::Pin;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// From a keyboard.
pub const SIGINT: &str = "SIGINT";
/// From a supervisor.
pub const SIGTERM: &str = "SIGTERM";

/// Registers for signals.
pub trait Signals: fmt::Debug + Send + Sync {
    /// From now on signals ask the run to stop instead of ending the process.
    fn listen(&self) -> io::Result<Box<dyn Asking>>;
}

/// The name of the next signal.
pub type Next<'a> = Pin<Box<dyn Future<Output = &'static str> + Send + 'a>>;

/// The stream of signals.
pub trait Asking: Send {
    /// The next signal that asks to stop.
    fn next(&mut self) -> Next<'_>;
}

/// SIGINT, SIGTERM and SIGHUP, taken over for the rest of the process's life.
#[derive(Clone, Copy, Debug)]
pub struct Kernel;

impl Signals for Kernel {
    fn listen(&self) -> io::Result<Box<dyn Asking>> {
        Ok(Box::new(Listening {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        }))
    }
}

struct Listening {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Asking for Listening {
    /// A hang-up ends nothing: it is logged and ignored.
    fn next(&mut self) -> Next<'_> {
        Box::pin(async {
            loop {
                tokio::select! {
                    Some(()) = self.interrupt.recv() => return SIGINT,
                    Some(()) = self.terminate.recv() => return SIGTERM,
                    Some(()) = self.hangup.recv() => tracing::warn!("SIGHUP: the terminal is gone; the soak continues"),
                }
            }
        })
    }
}
