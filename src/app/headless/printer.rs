//! The thread that folds events and prints what they changed.

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
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

/// Where a printer takes events from. The queue is as large as it may get from the start, so it holds little for each.
pub type Printed = SyncSender<Box<Envelope>>;

/// A running printer.
pub struct Printer {
    sender: Printed,
    thread: JoinHandle<()>,
}

impl Printer {
    /// Starts printing a run on `out` from the view's state. A closed stdout (`| head`) ends only the printing.
    pub fn start(form: Form, view: View, out: Box<dyn Write + Send>) -> Self {
        let (sender, receiver) = sync_channel(BACKLOG);
        let thread = thread::spawn(move || {
            let printed = print_all(&receiver, form, view, out);
            if let Err(error) = printed {
                tracing::warn!(%error, "nothing more is printed");
            }
        });
        Self { sender, thread }
    }

    /// The channel for events. Use [`SyncSender::try_send`], which never waits.
    pub fn events(&self) -> Printed {
        self.sender.clone()
    }

    /// Waits until everything sent so far is printed. All other senders must be dropped by then.
    pub fn finish(self) {
        drop(self.sender);
        if self.thread.join().is_err() {
            tracing::error!("the printing thread panicked");
        }
    }
}

fn print_all(
    receiver: &Receiver<Box<Envelope>>,
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
            Ok(envelope) => {
                let news = view.apply(&envelope);
                let told = match quiet {
                    Some(quiet) => quiet.filter(envelope.wall_ms, news),
                    None => Some(news),
                };
                if let Some(news) = told {
                    printer.news(&view, &news)?;
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
