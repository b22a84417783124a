//! The thread that writes the lines of a run, so that a slow reader of stdout holds up nobody.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use crate::core::soak::Envelope;
use crate::core::view::{View, ViewUpdate};

use super::lines::{Form, Lines};

/// Bytes that may wait for a slow reader; a run prints no more beyond that, because it never waits.
const MAX_WAITING: usize = 4 << 20;

/// Takes every event of a run with what it changed, and never waits. `false` if it takes no more.
pub type Observer = Box<dyn FnMut(&Envelope, &View, &ViewUpdate) -> bool + Send>;

/// Prints a run; clones print the same one.
#[derive(Clone)]
pub struct Pen {
    /// `None` once its end is printed.
    lines: Arc<Mutex<Option<Lines>>>,
    waiting: Arc<AtomicUsize>,
}

/// A [`Pen`], and the thread that writes what it prints.
pub struct Printer {
    pen: Pen,
    thread: JoinHandle<()>,
}

impl Printer {
    /// A closed stdout (`| head`) ends only the printing.
    pub fn start(form: Form, out: Box<dyn Write + Send>) -> Self {
        let (written, texts) = channel();
        let waiting = Arc::<AtomicUsize>::default();
        let queue = Queue { text: Vec::new(), written, waiting: Arc::clone(&waiting) };
        let lines = Arc::new(Mutex::new(Some(Lines::new(form, Box::new(queue)))));
        let pen = Pen { lines, waiting: Arc::clone(&waiting) };
        let thread = thread::spawn(move || {
            if let Err(error) = write_all(&texts, &waiting, out) {
                tracing::warn!(%error, "nothing more is printed");
                drop(texts);
                waiting.store(0, Ordering::Relaxed);
            }
        });
        Self { pen, thread }
    }

    /// Prints the same run.
    pub fn pen(&self) -> Pen {
        self.pen.clone()
    }

    /// For a run in this process. It takes no more if its reader is too far behind.
    pub fn observer(&self) -> Observer {
        let pen = self.pen();
        Box::new(move |_, view, news| !pen.is_full() && pen.tell(view, news))
    }

    /// Prints the end of a run that has ended, and waits until everything is written.
    pub fn finish(self) {
        self.pen.end();
        if self.thread.join().is_err() {
            tracing::error!("the printing thread panicked");
        }
    }
}

impl Pen {
    /// Whether too much waits for the reader.
    pub fn is_full(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > MAX_WAITING
    }

    /// Prints what the last event of `view` changed; `false` if nothing more is printed.
    pub fn tell(&self, view: &View, news: &ViewUpdate) -> bool {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.as_mut().is_some_and(|lines| lines.tell(view, news).is_ok())
    }

    fn end(&self) {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Without a reader there is nothing left to do.
        let _ = lines.map(Lines::end);
    }
}

/// Holds what is printed until it is flushed, and then hands it over.
struct Queue {
    text: Vec<u8>,
    written: Sender<Vec<u8>>,
    waiting: Arc<AtomicUsize>,
}

impl Write for Queue {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.text.is_empty() {
            return Ok(());
        }
        let text = std::mem::take(&mut self.text);
        self.waiting.fetch_add(text.len(), Ordering::Relaxed);
        self.written.send(text).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

fn write_all(texts: &Receiver<Vec<u8>>, waiting: &AtomicUsize, mut out: Box<dyn Write + Send>) -> io::Result<()> {
    for text in texts {
        out.write_all(&text)?;
        out.flush()?;
        waiting.fetch_sub(text.len(), Ordering::Relaxed);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
