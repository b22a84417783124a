//! `switch` and `soak`, in the foreground and headless.

use std::io::{IsTerminal as _, stdout};
use std::time::Duration;

use tokio::time::timeout;

use crate::cli::Common;
use crate::config::Loaded;
use crate::headless::{Form, Output, Printer, Width};
use crate::monitor::{self, Begin, Finished, Opening};

use super::failure::Failure;
use super::{actor, context, logging, say};

/// How long the last lines may take to be read by whoever reads stdout.
const PRINT_LIMIT: Duration = Duration::from_secs(5);

/// Loads the configuration and runs.
pub async fn run(common: &Common, begin: Begin, output: Output) -> Result<u8, Failure> {
    let loaded = context::loaded(common)?;
    let _log = logging::start(&loaded.config, common.log_level);
    match watch(&loaded, begin, output).await? {
        Some(finished) => Ok(finished.exit_code()),
        None => Ok(0),
    }
}

/// Runs with a loaded configuration, and says how it ended; none if there was nothing to do.
pub async fn watch(loaded: &Loaded, begin: Begin, output: Output) -> Result<Option<Finished>, Failure> {
    let opened = match monitor::open(loaded, begin, actor::operator(), say::warn).await? {
        Opening::Ready(opened) => *opened,
        Opening::AlreadyActive(color) => {
            say::line(&format!("{color} is active already: nothing was moved. To watch it: switchback soak"));
            return Ok(None);
        }
    };
    let form = Form {
        output,
        terminal: terminal(output),
        places: opened.places.clone(),
        job_summary: std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()).map(Into::into),
    };
    let printer = Printer::start(form, opened.settings().clone(), Box::new(stdout()));
    let finished = monitor::run(opened, vec![printer.events()]).await;
    let last_lines = tokio::task::spawn_blocking(move || printer.finish());
    if timeout(PRINT_LIMIT, last_lines).await.is_err() {
        tracing::warn!("nobody reads the last lines: leaving without them");
    }
    if finished == Finished::CutOff {
        say::error("left at once on a second signal, in the middle of a move. See where traffic is: switchback status");
    }
    Ok(Some(finished))
}

/// A progress bar is for a person at a terminal only, and for one that can erase a line.
fn terminal(output: Output) -> Option<Width> {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    let person = output == Output::Human && stdout().is_terminal() && !dumb;
    person.then_some(|| crossterm::terminal::size().map_or(80, |(columns, _)| columns))
}
