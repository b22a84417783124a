//! The terminal, taken: what is drawn on, what is typed, signals. One screen after the other has it.

use std::sync::Arc;
use std::time::Instant;

use tokio::time::timeout;

use super::Theme;
use super::canvas::Canvas;
use super::input::{Input, Keyboard};
use super::question;
use super::question::Question;
use super::signals::Signals;
use super::tty::{TerminalError, Tty};

/// Dropping it gives the terminal back.
pub(super) struct Stage {
    pub canvas: Canvas,
    pub keyboard: Keyboard,
    pub signals: Signals,
    /// What the terminal's background is.
    pub question: Question,
}

impl Stage {
    pub fn take() -> Result<Self, TerminalError> {
        // In front of the terminal: a signal in between must not leave it raw.
        let signals = Signals::new().map_err(|source| TerminalError::Io { action: "take the signals of", source })?;
        let tty = Arc::new(Tty::of_process()?);
        let canvas = Canvas::take(Arc::clone(&tty))?;
        let keyboard = Keyboard::start(&tty)?;
        Ok(Self { canvas, keyboard, signals, question: Question::default() })
    }

    /// Asks the terminal for its background, once, where that decides about the colors. Nothing waits for the answer.
    pub fn ask(&mut self, theme: Theme) -> Result<(), TerminalError> {
        if !self.question.is_asked() && theme.wants_ground() {
            self.question.asked(Instant::now());
            self.canvas.ask(question::GROUND)?;
        }
        Ok(())
    }

    /// Lets an answer arrive that is on its way: once the terminal is the shell's, it would land on the command line.
    pub async fn await_answer(&mut self) {
        while let Some(rest) = self.question.rest(Instant::now()) {
            match timeout(rest, self.keyboard.next()).await {
                Ok(Some(Input::Ground(_))) => self.question.answered(),
                Ok(Some(Input::Key(_) | Input::Paste(_) | Input::Mouse(_))) => {}
                Ok(Some(Input::Gone) | None) | Err(_) => return,
            }
        }
    }
}
