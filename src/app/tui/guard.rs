//! Takes the terminal for drawing, and gives it back whatever happens: on return, on an error, in a panic.

use std::panic;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError, Weak};

use crossterm::style::{Attribute, SetAttribute, force_color_output};
use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen};
use crossterm::{Command, cursor, event};
use rustix::termios::Termios;

use super::mouse::{MOUSE_OFF, MOUSE_ON};
use super::tty::{TerminalError, Tty};

/// Ours: raw mode, alternate screen.
const TAKEN: u8 = 0;
/// The shell's, until we take it again.
const GIVEN: u8 = 1;
/// Given back in a panic, for good.
const RELEASED: u8 = 2;

/// The terminals that a panic has to give back.
static HELD: Mutex<Vec<Weak<Held>>> = Mutex::new(Vec::new());
static HOOK: Once = Once::new();

/// Holds the terminal: raw mode, alternate screen, no cursor, pasted text told apart from keys, the mouse left alone until
/// it is asked for.
///
/// Dropping it gives the terminal back. So does a panic of any thread, after it is logged and before its message is printed;
/// nothing is drawn any more after that.
#[derive(Debug)]
pub struct Guard(Arc<Held>);

#[derive(Debug)]
struct Held {
    tty: Arc<Tty>,
    /// The modes to go back to.
    modes: Termios,
    state: AtomicU8,
    /// Whether clicks and the wheel are asked for.
    mouse: AtomicBool,
}

impl Guard {
    pub fn take(tty: Arc<Tty>) -> Result<Self, TerminalError> {
        HOOK.call_once(install_hook);
        // Under NO_COLOR crossterm writes an empty SGR, a reset of bold and reverse too, for every color. What colors there
        // are is the theme's business.
        force_color_output(true);
        let modes = tty.modes()?;
        let held = Arc::new(Held { tty, modes, state: AtomicU8::new(GIVEN), mouse: AtomicBool::new(false) });
        {
            let mut all = HELD.lock().unwrap_or_else(PoisonError::into_inner);
            all.retain(|held| held.strong_count() > 0);
            all.push(Arc::downgrade(&held));
        }
        let guard = Self(held);
        guard.take_again()?;
        Ok(guard)
    }

    /// Takes the terminal again after [`Guard::give_back`], or makes sure of it after somebody else changed its modes.
    pub fn take_again(&self) -> Result<(), TerminalError> {
        if self.0.state.load(Ordering::SeqCst) == RELEASED {
            return Err(TerminalError::Released);
        }
        let mut raw = self.0.modes.clone();
        raw.make_raw();
        self.0.tty.set_modes(&raw)?;
        self.0.state.store(TAKEN, Ordering::SeqCst);
        let bytes = [ansi(EnterAlternateScreen), ansi(cursor::Hide), ansi(event::EnableBracketedPaste)];
        self.0.tty.write_all(bytes.concat().as_bytes())?;
        if self.0.mouse.load(Ordering::SeqCst) { self.0.tty.write_all(MOUSE_ON.as_bytes()) } else { Ok(()) }
    }

    /// Asks for clicks and the wheel, or leaves them to the terminal. It stays so when the terminal is taken again.
    pub fn follow_mouse(&self, follow: bool) -> Result<(), TerminalError> {
        self.0.mouse.store(follow, Ordering::SeqCst);
        match self.0.state.load(Ordering::SeqCst) {
            TAKEN => self.0.tty.write_all(if follow { MOUSE_ON } else { MOUSE_OFF }.as_bytes()),
            _ => Ok(()),
        }
    }

    /// Gives the terminal back as it was found. Doing it twice is doing it once.
    pub fn give_back(&self) {
        self.0.give_back(GIVEN);
    }

    /// Shows a frame: one write, which the terminal shows at once or not at all.
    pub fn show(&self, frame: &[u8]) -> Result<(), TerminalError> {
        match self.0.state.load(Ordering::SeqCst) {
            TAKEN => {
                let (begin, end) = (ansi(BeginSynchronizedUpdate), ansi(EndSynchronizedUpdate));
                self.0.tty.write_all(&[begin.as_bytes(), frame, end.as_bytes()].concat())
            }
            GIVEN => Ok(()),
            _ => Err(TerminalError::Released),
        }
    }

    /// Asks the terminal something; its answer comes among the keys. Nothing is asked while it is the shell's, which would read the
    /// answer.
    pub fn ask(&self, question: &[u8]) -> Result<(), TerminalError> {
        match self.0.state.load(Ordering::SeqCst) {
            TAKEN => self.0.tty.write_all(question),
            _ => Ok(()),
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.give_back();
    }
}

impl Held {
    fn give_back(&self, state: u8) {
        if self.state.swap(state, Ordering::SeqCst) != TAKEN {
            return;
        }
        let mouse = if self.mouse.load(Ordering::SeqCst) { MOUSE_OFF } else { "" };
        let bytes = [
            // A panic may come in the middle of a frame.
            ansi(EndSynchronizedUpdate),
            ansi(SetAttribute(Attribute::Reset)),
            mouse.to_owned(),
            ansi(event::DisableBracketedPaste),
            ansi(LeaveAlternateScreen),
            ansi(cursor::Show),
        ];
        // A terminal that is gone needs nothing back.
        let written = self.tty.write_all(bytes.concat().as_bytes());
        let restored = self.tty.set_modes(&self.modes);
        if let Err(error) = written.and(restored) {
            tracing::debug!(%error, "the terminal was not given back");
        }
    }
}

/// Logs a panic, gives the terminal back, and leaves the rest to the hook that was there before.
fn install_hook() {
    let printed = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        tracing::error!(panic = %info, "panicked");
        let all: Vec<_> = HELD.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for held in all.iter().filter_map(Weak::upgrade) {
            held.give_back(RELEASED);
        }
        printed(info);
    }));
}

fn ansi(command: impl Command) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = command.write_ansi(&mut text);
    text
}

#[cfg(test)]
mod tests;
