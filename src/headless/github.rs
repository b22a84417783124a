//! GitHub Actions: lines for people, annotations, and the job summary.
//!
//! Commands and their escaping are those of "Workflow commands for GitHub Actions": `%` and LF in a message. Other control
//! characters do not get that far.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::printable::clean;
use crate::soak::{DecisionKind, Ending, Outcome};
use crate::view::{News, View, outcome_lines};

use super::human::Human;
use super::printer::{Places, PrintEvents};

/// Prints for GitHub Actions.
pub(super) struct Github {
    human: Human,
    places: Places,
    summary: Option<PathBuf>,
}

impl Github {
    pub(super) fn new(out: Box<dyn Write + Send>, places: Places, summary: Option<PathBuf>) -> Self {
        Self { human: Human::new(out, None, places.clone()), places, summary }
    }

    fn annotate(&mut self, level: &str, message: &str) -> io::Result<()> {
        self.human.raw(&annotation(level, message))
    }

    fn conclude(&mut self, view: &View, ending: &Ending) -> io::Result<()> {
        let message = format!("{}: {}", ending.outcome, ending.reason);
        self.annotate(level(ending), &message)?;
        let Some(path) = &self.summary else { return Ok(()) };
        let rows = outcome_lines(view, ending);
        let text = markdown(&view.machine().settings().service, ending, rows, &self.places.journal);
        match add_to_summary(path, &text) {
            Some(trouble) => self.annotate("warning", &trouble),
            None => Ok(()),
        }
    }
}

/// A workflow command that annotates the run.
pub(super) fn annotation(level: &str, message: &str) -> String {
    format!("::{level} title=switchback::{}", escape(message))
}

/// Adds to the job summary; says what went wrong, if anything.
pub(super) fn add_to_summary(path: &Path, text: &str) -> Option<String> {
    let file = OpenOptions::new().create(true).append(true).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.err().map(|error| format!("the job summary {} cannot be written: {error}", path.display()))
}

impl PrintEvents for Github {
    fn news(&mut self, view: &View, news: &News) -> io::Result<()> {
        self.human.news(view, news)?;
        for decision in &news.decisions {
            let told = matches!(decision.decision, DecisionKind::Breach | DecisionKind::Blind | DecisionKind::Hold);
            if told || decision.is_about_failed_rollback() {
                self.annotate("warning", &decision.message)?;
            }
        }
        Ok(())
    }

    fn end(&mut self, view: &View, ending: &Ending) -> io::Result<()> {
        self.human.end(view, ending)?;
        self.conclude(view, ending)
    }

    fn idle(&mut self, _view: &View) -> io::Result<()> {
        Ok(())
    }

    fn leave(&mut self) -> io::Result<()> {
        self.human.leave()
    }
}

/// How an outcome is annotated.
pub(super) fn level(ending: &Ending) -> &'static str {
    match ending.outcome {
        Outcome::Retained | Outcome::Switched => "notice",
        Outcome::Aborted | Outcome::Superseded | Outcome::Inconclusive => "warning",
        Outcome::RolledBack
        | Outcome::Held
        | Outcome::RollbackFailed
        | Outcome::RollbackUndone
        | Outcome::Refused
        | Outcome::SwitchFailed => "error",
    }
}

fn escape(message: &str) -> String {
    message.split('\n').map(clean).collect::<Vec<_>>().join("\n").replace('%', "%25").replace('\n', "%0A")
}

/// The job summary: a table of the outcome lines.
pub(super) fn markdown(service: &str, ending: &Ending, rows: Vec<(&'static str, String)>, journal: &Path) -> String {
    let mut text = format!("### switchback · {service}: {}\n\n| | |\n| --- | --- |\n", ending.outcome);
    for (label, cell) in rows.into_iter().chain([("journal", journal.display().to_string())]) {
        let cell = clean(&cell).replace('|', "\\|").replace('<', "&lt;");
        text.extend(["| ", label, " | ", &cell, " |\n"]);
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_annotation_stays_one_line_and_commands_no_terminal() {
        assert_eq!(escape("12 %\r\nof \u{1b}[31m\n::error::x"), "12 %25·%0Aof ·[31m%0A::error::x");
    }
}
