//! Reads keys on a thread of its own, and notices when the terminal is gone.

use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{io, thread};

use crossterm::event::{self, KeyEvent};
use rustix::pipe::{PipeFlags, pipe_with};
use tokio::sync::mpsc;

use super::mouse::Pointer;
use super::replies::Replies;
use super::theme::Ground;
use super::tty::{TerminalError, Tty, Waited};

/// So many keys may wait for the loop; typing is slower than that.
const QUEUE: usize = 64;
/// Wait before looking again at keys that cannot be read now.
const PAUSE: Duration = Duration::from_millis(50);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    Key(KeyEvent),
    Paste(String),
    /// The terminal told its background.
    Ground(Ground),
    Mouse(Pointer),
    /// The terminal hung up. Nothing follows.
    Gone,
}

/// Reads keys until it is dropped.
#[derive(Debug)]
pub struct Keyboard {
    inputs: mpsc::Receiver<Input>,
    /// Closing this wakes and ends the threads.
    _told: OwnedFd,
}

impl Keyboard {
    pub fn start(tty: &Arc<Tty>) -> Result<Self, TerminalError> {
        let io = |source| TerminalError::Io { action: "read keys from", source };
        let (wake, told) = pipe_with(PipeFlags::CLOEXEC).map_err(|errno| io(errno.into()))?;
        let wake = Arc::new(wake);
        let (sender, inputs) = mpsc::channel(QUEUE);
        // Two threads, because crossterm's reader does not return once the terminal hangs up in the middle of a read. For the
        // same reason nobody ever waits for their end.
        for (name, work) in [("keys", read_keys as Work), ("hang-up", await_hang_up)] {
            let (tty, wake, sender) = (Arc::clone(tty), Arc::clone(&wake), sender.clone());
            let run = move || {
                if let Err(error) = work(&tty, &wake, &sender) {
                    tracing::info!(%error, "no more keys are read");
                    let _ = sender.blocking_send(Input::Gone);
                }
            };
            thread::Builder::new().name(name.to_owned()).spawn(run).map_err(io)?;
        }
        Ok(Self { inputs, _told: told })
    }

    /// The next input; [`Input::Gone`] may come twice. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Input> {
        self.inputs.recv().await
    }
}

/// What a thread does until it is told to end.
type Work = fn(&Tty, &OwnedFd, &mpsc::Sender<Input>) -> Result<(), TerminalError>;

/// Waits until the terminal hangs up.
fn await_hang_up(tty: &Tty, wake: &OwnedFd, _: &mpsc::Sender<Input>) -> Result<(), TerminalError> {
    tty.await_hang_up(wake.as_fd())
}

/// Asks the terminal itself before crossterm 0.29 reads: its reader spins for ever on one that is gone (crossterm#793), and on
/// one that a job in the background may not read.
fn read_keys(tty: &Tty, wake: &OwnedFd, inputs: &mpsc::Sender<Input>) -> Result<(), TerminalError> {
    let io = |source| TerminalError::Io { action: "read keys from", source };
    let mut replies = Replies::default();
    loop {
        match tty.await_keys(wake.as_fd(), replies.wait(Instant::now()))? {
            Waited::Told => return Ok(()),
            Waited::Nothing => {
                send(replies.settle(Instant::now()), inputs);
            }
            Waited::Keys => {
                let ours = !tty.in_background();
                let came = ours && forward_keys(&mut replies, inputs).map_err(io)?;
                if inputs.is_closed() {
                    return Ok(());
                }
                if !came {
                    // Asking again at once would be a spin. Keys that crossterm was told of together with a resize, or
                    // beyond 1,024 bytes, it leaves until more keys come: it waits for edges.
                    thread::sleep(PAUSE);
                    if ours && !tty.in_background() {
                        tty.wake_readers()?;
                    }
                }
            }
        }
    }
}

/// Sends on what crossterm has read; says whether there was anything.
fn forward_keys(replies: &mut Replies, inputs: &mpsc::Sender<Input>) -> io::Result<bool> {
    let mut came = false;
    while event::poll(Duration::ZERO)? {
        came = true;
        if !send(replies.take(event::read()?, Instant::now()), inputs) {
            break;
        }
    }
    Ok(came)
}

/// Says whether there is still somebody who wants them.
fn send(all: Vec<Input>, inputs: &mpsc::Sender<Input>) -> bool {
    all.into_iter().all(|input| inputs.blocking_send(input).is_ok())
}

#[cfg(test)]
mod tests;
