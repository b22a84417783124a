//! The lines of a run, made where the run is folded.

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;

use crate::core::view::{View, ViewUpdate};
use crate::model::{Ending, Phase};

use super::conclusion::JobFiles;
use super::github::Github;
use super::human::Human;
use super::json::Json;

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
    fn filter(self, wall_ms: i64, news: &ViewUpdate) -> Option<ViewUpdate> {
        match self {
            Self::DecisionsOnly { until_wall_ms } if wall_ms <= until_wall_ms => {
                Some(ViewUpdate { decisions: news.decisions.clone(), ..ViewUpdate::default() })
            }
            Self::Silent { until_wall_ms } if wall_ms <= until_wall_ms => None,
            _ => Some(news.clone()),
        }
    }
}

/// One form.
pub trait PrintEvents: Send {
    fn news(&mut self, view: &View, news: &ViewUpdate) -> io::Result<()>;
    /// Prints how the run ended, after everything else.
    fn end(&mut self, view: &View, ending: &Ending) -> io::Result<()>;
    /// Called when printing ends before the run.
    fn leave(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The lines of a run, in one of the forms.
pub struct Lines {
    form: Box<dyn PrintEvents>,
    quiet: Option<Quiet>,
    /// The run as it ended.
    ended: Option<Box<View>>,
}

impl Lines {
    pub fn new(form: Form, out: Box<dyn Write + Send>) -> Self {
        let quiet = form.quiet;
        let form: Box<dyn PrintEvents> = match form.output {
            Output::Human => Box::new(Human::new(out, form.terminal, form.places)),
            Output::Json => Box::new(Json::new(out, form.places)),
            Output::Github => Box::new(Github::new(out, form.places, form.job)),
        };
        Self { form, quiet, ended: None }
    }

    /// Prints what the last event of `view` changed.
    pub fn tell(&mut self, view: &View, news: &ViewUpdate) -> io::Result<()> {
        // While the gate waits, the time that passes is told.
        if *news == ViewUpdate::default() && view.machine().phase() != Phase::Gating {
            return Ok(());
        }
        // Troubles may arrive after the last decision.
        if view.machine().ending().is_some() {
            self.ended = Some(Box::new(view.clone()));
        }
        match self.quiet {
            None => self.form.news(view, news),
            Some(quiet) => quiet.filter(view.wall_ms(), news).map_or(Ok(()), |news| self.form.news(view, &news)),
        }
    }

    /// Prints how the run ended, if it has: nothing more comes.
    pub fn end(mut self) -> io::Result<()> {
        match self.ended.take().and_then(|view| Some((view.machine().ending()?.clone(), view))) {
            Some((ending, view)) => self.form.end(&view, &ending),
            None => self.form.leave(),
        }
    }
}
