//! The terminal as a device: its size, writing to it, waiting for its keys, raw mode.

use std::fs::File;
use std::io::{self, IsTerminal as _, stdin, stdout};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ratatui::layout::Size;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::getpgrp;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetpgrp, tcgetwinsize, tcsetattr};

/// What is drawn for where a terminal does not tell its size.
const UNKNOWN_SIZE: Size = Size { width: 80, height: 24 };

/// The terminal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// It hung up: its window was closed, or the connection to it was lost.
    #[error("the terminal is gone")]
    Gone,
    #[error("the terminal was given back in a panic")]
    Released,
    #[error("cannot {action} the terminal: {source}")]
    Io {
        /// What was being done.
        action: &'static str,
        source: io::Error,
    },
}

impl TerminalError {
    /// The error of a call on a terminal. A terminal that hung up fails with one of a few numbers, whatever is done to it.
    fn of(action: &'static str, errno: Errno) -> Self {
        match errno {
            Errno::IO | Errno::PIPE | Errno::NXIO | Errno::NODEV => Self::Gone,
            _ => Self::Io { action, source: errno.into() },
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waited {
    Keys,
    /// The time is over.
    Nothing,
    /// The other descriptor was closed, or has something.
    Told,
}

/// A terminal, by the descriptors that keys come from and frames go to.
#[derive(Debug)]
pub struct Tty {
    input: OwnedFd,
    output: OwnedFd,
    /// Held while its modes are changed.
    modes: Mutex<()>,
}

impl Tty {
    /// The terminal of this process: stdin and stdout, with `/dev/tty` for the keys where stdin is something else.
    pub fn of_process() -> Result<Self, TerminalError> {
        let io = |source| TerminalError::Io { action: "open", source };
        let input = if stdin().is_terminal() {
            stdin().as_fd().try_clone_to_owned()
        } else {
            File::options().read(true).write(true).open("/dev/tty").map(OwnedFd::from)
        };
        let output = stdout().as_fd().try_clone_to_owned().map_err(io)?;
        Ok(Self::new(input.map_err(io)?, output))
    }

    pub(super) const fn new(input: OwnedFd, output: OwnedFd) -> Self {
        Self { input, output, modes: Mutex::new(()) }
    }

    /// Columns and rows; 80×24 where the terminal does not say.
    pub fn size(&self) -> Size {
        match tcgetwinsize(&self.output) {
            Ok(size) if size.ws_col > 0 && size.ws_row > 0 => Size::new(size.ws_col, size.ws_row),
            _ => UNKNOWN_SIZE,
        }
    }

    /// How the terminal treats what is typed.
    pub(super) fn modes(&self) -> Result<Termios, TerminalError> {
        tcgetattr(&self.input).map_err(|errno| TerminalError::of("read the modes of", errno))
    }

    /// Changes how the terminal treats what is typed, at once: waiting for its output would wait for ever on one that stands still.
    pub(super) fn set_modes(&self, modes: &Termios) -> Result<(), TerminalError> {
        let _changing = self.modes.lock().unwrap_or_else(PoisonError::into_inner);
        self.change_modes(modes)
    }

    fn change_modes(&self, modes: &Termios) -> Result<(), TerminalError> {
        retried(|| tcsetattr(&self.input, OptionalActions::Now, modes))
            .map_err(|errno| TerminalError::of("set the modes of", errno))
    }

    /// Writes everything, in one go where the terminal takes it.
    pub(super) fn write_all(&self, mut bytes: &[u8]) -> Result<(), TerminalError> {
        let failed = |errno| TerminalError::of("write to", errno);
        while !bytes.is_empty() {
            match retried(|| rustix::io::write(&self.output, bytes)) {
                Ok(written) => bytes = &bytes[written..],
                // Whoever shares the terminal may have made it non-blocking.
                Err(Errno::AGAIN) => {
                    let mut room = [PollFd::new(&self.output, PollFlags::OUT)];
                    retried(|| poll(&mut room, None)).map_err(failed)?;
                }
                Err(errno) => return Err(failed(errno)),
            }
        }
        Ok(())
    }

    /// Waits for keys, or for the other descriptor; for ever where there is no limit.
    pub(super) fn await_keys(&self, other: BorrowedFd<'_>, limit: Option<Duration>) -> Result<Waited, TerminalError> {
        self.wait(PollFlags::IN, other, limit)
    }

    /// Waits until the terminal hangs up, which is an error like any other, or for the other descriptor.
    pub(super) fn await_hang_up(&self, other: BorrowedFd<'_>) -> Result<(), TerminalError> {
        self.wait(PollFlags::empty(), other, None).map(drop)
    }

    fn wait(&self, wanted: PollFlags, other: BorrowedFd<'_>, limit: Option<Duration>) -> Result<Waited, TerminalError> {
        // A time that the system cannot count is as good as none.
        let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
        let mut both = [PollFd::new(&self.input, wanted), PollFd::from_borrowed_fd(other, PollFlags::IN)];
        let ready =
            retried(|| poll(&mut both, limit.as_ref())).map_err(|errno| TerminalError::of("wait for", errno))?;
        let [here, told] = [both[0].revents(), both[1].revents()];
        if !told.is_empty() {
            Ok(Waited::Told)
        } else if here.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
            Err(TerminalError::Gone)
        } else {
            Ok(if ready == 0 { Waited::Nothing } else { Waited::Keys })
        }
    }

    /// Wakes whoever waits for keys that were there before: setting the modes, even to what they are, does that.
    pub(super) fn wake_readers(&self) -> Result<(), TerminalError> {
        let _changing = self.modes.lock().unwrap_or_else(PoisonError::into_inner);
        self.change_modes(&self.modes()?)
    }

    /// Whether the terminal listens to another job: reading would stop this process, or fail where nobody could let it go on.
    pub(super) fn in_background(&self) -> bool {
        tcgetpgrp(&self.input).is_ok_and(|foreground| foreground != getpgrp())
    }
}

/// A system call, done again as often as a signal interrupts it.
fn retried<T>(mut call: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            done => return done,
        }
    }
}
