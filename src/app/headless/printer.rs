//! The thread that folds events and prints what they changed.

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::core::soak::Envelope;
use crate::core::view::{View, ViewUpdate};
use crate::model::Ending;

use super::conclusion::JobFiles;
use super::github::Github;
use super::human::Human;
use super::json::Json;

/// Events that may wait for a slow reader of stdout; beyond that it is dropped, because the soak never waits.
const BACKLOG: usize = 16_384;
/// So many are handed over together at most.
const MAX_HELD: usize = 1_024;
/// A terminal's progress line moves at least this often, so that its clock is seen to run.
const REFRESH: Duration = Duration::from_secs(1);

/// What headless prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Output {
    /// Lines for people.
    Human,
    /// One JSON object a line.
    Json,
    /// Lines for people, with annotations and a job summary for GitHub Actions.
    Github,
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Human => "human",
            Self::Json => "json",
            Self::Github => "github",
        })
    }
}

/// Where the records of a run are, for the closing lines.
#[derive(Clone, Debug)]
pub struct Places {
    pub journal: PathBuf,
    pub recording: PathBuf,
}

/// Says how many columns the terminal has; asked for every line, because it can be resized.
pub type Width = fn() -> u16;

/// How and where to print.
pub struct Form {
    /// Which form.
    pub output: Output,
    /// When stdout is a terminal: a progress bar line is kept at its bottom.
    pub terminal: Option<Width>,
    /// Where the records are.
    pub places: Places,
    /// The files of a job of GitHub Actions.
    pub job: JobFiles,
    /// Which earlier events are left out.
    pub quiet: Option<Quiet>,
}

/// How events from before a client attached are printed. Times are Unix milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quiet {
    /// Up to this time only decisions are printed.
    DecisionsOnly { until_wall_ms: i64 },
    /// Up to this time nothing is printed: it was before.
    Silent { until_wall_ms: i64 },
}

impl Quiet {
    /// What is printed of the news at this time; `None` for nothing.
    fn filter(self, wall_ms: i64, news: ViewUpdate) -> Option<ViewUpdate> {
        match self {
            Self::DecisionsOnly { until_wall_ms } if wall_ms <= until_wall_ms => {
                Some(ViewUpdate { decisions: news.decisions, ..ViewUpdate::default() })
            }
            Self::Silent { until_wall_ms } if wall_ms <= until_wall_ms => None,
            _ => Some(news),
        }
    }
}

pub trait PrintEvents: Send {
    fn news(&mut self, view: &View, news: &ViewUpdate) -> io::Result<()>;
    /// Prints how the run ended, after everything else.
    fn end(&mut self, view: &View, ending: &Ending) -> io::Result<()>;
    /// Called when nothing happened for a while.
    fn idle(&mut self, view: &View) -> io::Result<()>;
    /// Called when printing ends before the run.
    fn leave(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where a printer takes events from.
#[derive(Clone)]
pub struct Printed {
    sender: Sender<Vec<Envelope>>,
    /// Events that are not handed over yet.
    held: Vec<Envelope>,
    /// Events that the printer has not printed yet.
    waiting: Arc<AtomicUsize>,
}

/// Why an event is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// Too many wait.
    Full,
    /// Nothing more is printed.
    Over,
}

impl Printed {
    /// Whether one more event is taken; asked before [`Self::take`].
    pub fn room(&self) -> Result<(), Unread> {
        if self.waiting.load(Ordering::Relaxed) + self.held.len() < BACKLOG { Ok(()) } else { Err(Unread::Full) }
    }

    /// Takes an event. One that is `told_later`, because nothing is printed of it, is handed over with the next ones: to wake
    /// the printer for each answer of many instances costs more than what it does with it.
    pub fn take(&mut self, envelope: Envelope, told_later: bool) -> Result<(), Unread> {
        self.room()?;
        self.held.push(envelope);
        if told_later && self.held.len() < MAX_HELD {
            return Ok(());
        }
        self.hand_over()
    }

    /// Takes events that are all there already.
    pub fn take_all(mut self, envelopes: Vec<Envelope>) {
        self.held.extend(envelopes);
        // Without a reader there is nothing left to do.
        let _ = self.hand_over();
    }

    fn hand_over(&mut self) -> Result<(), Unread> {
        self.waiting.fetch_add(self.held.len(), Ordering::Relaxed);
        self.sender.send(std::mem::take(&mut self.held)).map_err(|_| Unread::Over)
    }
}

/// A running printer.
pub struct Printer {
    printed: Printed,
    thread: JoinHandle<()>,
}

impl Printer {
    /// Starts printing a run on `out` from the view's state. A closed stdout (`| head`) ends only the printing.
    pub fn start(form: Form, view: View, out: Box<dyn Write + Send>) -> Self {
        let (sender, receiver) = channel();
        let waiting = Arc::<AtomicUsize>::default();
        let printed = Printed { sender, held: Vec::new(), waiting: Arc::clone(&waiting) };
        let thread = thread::spawn(move || {
            let printed = print_all(&receiver, &waiting, form, view, out);
            if let Err(error) = printed {
                tracing::warn!(%error, "nothing more is printed");
            }
        });
        Self { printed, thread }
    }

    /// Where it takes events from.
    pub fn events(&self) -> Printed {
        self.printed.clone()
    }

    /// The same for a run, which says whether an event may change what is printed. It takes no more if it is too far behind.
    pub fn observer(&self) -> Box<dyn FnMut(Envelope, bool) -> bool + Send> {
        let mut printed = self.events();
        Box::new(move |envelope, is_told| printed.take(envelope, !is_told).is_ok())
    }

    /// Waits until everything taken so far is printed. All that it takes events from must be dropped by then.
    pub fn finish(self) {
        drop(self.printed);
        if self.thread.join().is_err() {
            tracing::error!("the printing thread panicked");
        }
    }
}

fn print_all(
    receiver: &Receiver<Vec<Envelope>>,
    waiting: &AtomicUsize,
    form: Form,
    mut view: View,
    out: Box<dyn Write + Send>,
) -> io::Result<()> {
    let quiet = form.quiet;
    let mut printer: Box<dyn PrintEvents> = match form.output {
        Output::Human => Box::new(Human::new(out, form.terminal, form.places)),
        Output::Json => Box::new(Json::new(out, form.places)),
        Output::Github => Box::new(Github::new(out, form.places, form.job)),
    };
    loop {
        match receiver.recv_timeout(REFRESH) {
            Ok(envelopes) => {
                for envelope in envelopes {
                    let news = view.apply(&envelope);
                    let told = match quiet {
                        Some(quiet) => quiet.filter(envelope.wall_ms, news),
                        None => Some(news),
                    };
                    if let Some(news) = told {
                        printer.news(&view, &news)?;
                    }
                    waiting.fetch_sub(1, Ordering::Relaxed);
                }
            }
            Err(RecvTimeoutError::Timeout) => printer.idle(&view)?,
            // Troubles may arrive after the last decision: the outcome is printed when no more comes.
            Err(RecvTimeoutError::Disconnected) => {
                return match view.machine().ending().cloned() {
                    Some(ending) => printer.end(&view, &ending),
                    None => printer.leave(),
                };
            }
        }
    }
}
