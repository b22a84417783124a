//! How headless output looks here.

use std::io::{IsTerminal as _, stdout};
use std::path::PathBuf;

use crate::headless::{Form, Output, Places, Width};

/// The form for this process's stdout.
pub fn of(output: Output, places: Places) -> Form {
    Form { output, terminal: terminal(output), places, job_summary: job_summary(), quiet: None }
}

/// The file of GitHub's job summary, in a job.
pub fn job_summary() -> Option<PathBuf> {
    std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()).map(Into::into)
}

/// A progress bar is for a person at a terminal only, and for one that can erase a line.
fn terminal(output: Output) -> Option<Width> {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    let person = output == Output::Human && stdout().is_terminal() && !dumb;
    person.then_some(|| crossterm::terminal::size().map_or(80, |(columns, _)| columns))
}
