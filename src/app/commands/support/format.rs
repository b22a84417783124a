//! How headless output looks here.

use std::ffi::OsString;
use std::io::{IsTerminal as _, stdout};

use crate::app::headless::{Form, JobFiles, Output, Places, Width};

pub fn of(output: Output, places: Places) -> Form {
    Form { output, terminal: terminal(output), places, job: job_files(), quiet: None }
}

pub fn job_files() -> JobFiles {
    let file = |name| std::env::var_os(name).filter(|path: &OsString| !path.is_empty()).map(Into::into);
    JobFiles { summary: file("GITHUB_STEP_SUMMARY"), output: file("GITHUB_OUTPUT") }
}

/// A progress bar is for a person at a terminal only, and for one that can erase a line.
fn terminal(output: Output) -> Option<Width> {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    let person = output == Output::Human && stdout().is_terminal() && !dumb;
    person.then_some(|| crossterm::terminal::size().map_or(80, |(columns, _)| columns))
}
