//! What frames are drawn on: keeps what the terminal shows, and sends it only what changed, in one write a frame.

use std::io::{self, Write};
use std::mem::take;
use std::sync::{Arc, Mutex, PoisonError};

use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect, Size};
use ratatui::{Frame, Terminal};

use super::guard::Guard;
use super::tty::{TerminalError, Tty};

/// The terminal, taken and drawn on. Dropping it gives the terminal back.
pub struct Canvas {
    guard: Guard,
    terminal: Terminal<Screen>,
    bytes: Bytes,
}

impl Canvas {
    pub fn take(tty: Arc<Tty>) -> Result<Self, TerminalError> {
        let bytes = Bytes::default();
        let screen = Screen { tty: Arc::clone(&tty), inner: CrosstermBackend::new(bytes.clone()) };
        let terminal = Terminal::new(screen).map_err(drawing)?;
        Ok(Self { guard: Guard::take(tty)?, terminal, bytes })
    }

    /// Draws a frame, in the terminal's size of this moment, and returns what is shown now.
    pub fn draw(&mut self, draw: impl FnOnce(&mut Frame)) -> Result<&Buffer, TerminalError> {
        let shown = self.terminal.draw(draw).map_err(drawing)?;
        self.guard.show(&self.bytes.take())?;
        Ok(shown.buffer)
    }

    /// Forgets what is on the terminal, so that the next frame is drawn in full.
    pub fn forget(&mut self) -> Result<(), TerminalError> {
        self.terminal.clear().map_err(drawing)
    }

    /// Asks the terminal something; see [`Guard::ask`].
    pub fn ask(&self, question: &[u8]) -> Result<(), TerminalError> {
        self.guard.ask(question)
    }

    /// The whole screen, as large as it is now.
    pub fn area(&self) -> Result<Rect, TerminalError> {
        let Size { width, height } = self.terminal.size().map_err(drawing)?;
        Ok(Rect { x: 0, y: 0, width, height })
    }

    pub fn follow_mouse(&self, follow: bool) -> Result<(), TerminalError> {
        self.guard.follow_mouse(follow)
    }

    pub fn give_back(&self) {
        self.guard.give_back();
    }

    /// Takes the terminal again, or makes sure of it, and draws the next frame in full.
    pub fn take_again(&mut self) -> Result<(), TerminalError> {
        self.guard.take_again()?;
        self.forget()
    }
}

const fn drawing(source: io::Error) -> TerminalError {
    TerminalError::Io { action: "draw on", source }
}

/// The bytes of a frame, until it is complete.
#[derive(Clone, Debug, Default)]
struct Bytes(Arc<Mutex<Vec<u8>>>);

impl Bytes {
    fn take(&self) -> Vec<u8> {
        take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Bytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    /// The frame is not complete yet: ratatui flushes several times while it draws one.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Turns cells into bytes, and asks our terminal for its size instead of whichever one stdout is.
struct Screen {
    tty: Arc<Tty>,
    inner: CrosstermBackend<Bytes>,
}

impl Backend for Screen {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        self.inner.draw(content)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.inner.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.inner.show_cursor()
    }

    /// The cursor is hidden and nothing depends on it: asking the terminal would race with the keys for its answer.
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.inner.clear()
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        self.inner.clear_region(region)
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.tty.size())
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.tty.size(), pixels: Size::ZERO })
    }

    fn flush(&mut self) -> io::Result<()> {
        Backend::flush(&mut self.inner)
    }
}

#[cfg(test)]
mod tests;
