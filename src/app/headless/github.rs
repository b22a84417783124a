//! GitHub Actions: lines for people, annotations, job summary, escaped as in "Workflow commands for GitHub Actions":
//! `%` and LF in a message. Other control characters do not get that far.

use std::io::{self, Write};

use crate::core::soak::{Observation, Settings};
use crate::core::view::{
    View, ViewUpdate, active_after, allowed, measured, next_step, outcome_lines, standing, title, word,
};
use crate::model::printable::clean;
use crate::model::{DecisionKind, Ending, Outcome};

use super::conclusion::{Conclusion, JobFiles, add_to_summary, cell, conclude};
use super::human::Human;
use super::lines::{Places, PrintEvents};

pub(super) struct Github {
    human: Human,
    places: Places,
    files: JobFiles,
}

impl Github {
    pub(super) fn new(out: Box<dyn Write + Send>, places: Places, files: JobFiles) -> Self {
        Self { human: Human::new(out, None, places.clone()), places, files }
    }

    fn annotate(&mut self, level: &str, message: &str) -> io::Result<()> {
        self.human.raw(&annotation(level, message))
    }

    fn conclude(&mut self, view: &View, ending: &Ending) -> io::Result<()> {
        let recording = Some(&self.places.recording).filter(|path| path.is_file()).cloned();
        let conclusion = Conclusion { recording, ..conclusion(view, ending) };
        conclude();
        self.human.raw(&conclusion.annotation(level(ending)))?;
        let mut troubles: Vec<String> = conclusion.add_to_outputs(&self.files).into_iter().collect();
        if let Some(path) = &self.files.summary {
            let mut rows = outcome_lines(view, ending);
            rows.push(("journal", self.places.journal.display().to_string()));
            let machine = view.machine();
            let checks = if machine.summary().is_some() {
                table_of_checks(&machine.checks(), machine.settings())
            } else {
                String::new()
            };
            troubles.extend(add_to_summary(path, &conclusion.markdown(&rows, &checks)));
        }
        troubles.iter().try_for_each(|trouble| self.annotate("warning", trouble))
    }
}

/// The outcome of a run. After a failure, the place of traffic comes first.
pub(super) fn conclusion(view: &View, ending: &Ending) -> Conclusion {
    let machine = view.machine();
    let settings = machine.settings();
    let went_wrong = level(ending) == "error";
    // The word in capitals says what `outcome` says.
    let standing = standing(machine, ending.outcome);
    let lead = standing.strip_prefix(&word(ending.outcome)).unwrap_or(&standing).trim_start_matches([':', ',', ' ']);
    Conclusion {
        outcome: ending.outcome.name().to_owned(),
        lead: (went_wrong && !ending.reason.contains(lead)).then(|| lead.to_owned()),
        reason: ending.reason.clone(),
        active: active_after(machine, ending.outcome),
        exit_code: ending.exit_code(),
        next: next_step(machine, ending),
        service: Some(settings.service.clone()),
        soak: Some(settings.soak.clone()),
        recording: None,
        release: settings.known_release().map(str::to_owned),
    }
}

fn table_of_checks(checks: &[Observation], settings: &Settings) -> String {
    let mut text =
        "| check | verdict | value | limit | requests | failed or slow |\n| --- | --- | --- | --- | --- | --- |\n"
            .to_owned();
    for seen in checks {
        let check = &seen.check;
        let optional = if seen.required { "" } else { " (not required)" };
        let value = seen.value.map_or_else(|| "not known".to_owned(), |value| measured(check, value));
        let counted = |count: u64| if seen.requests > 0 { count.to_string() } else { String::new() };
        let cells = [
            format!("{}{optional}", title(check, settings)),
            seen.verdict.to_string(),
            value,
            allowed(check, seen.threshold),
            counted(seen.requests),
            counted(seen.errors),
        ];
        let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
        text.extend(["| ", &cells.join(" | "), " |\n"]);
    }
    text.push('\n');
    text
}

pub(super) fn annotation(level: &str, message: &str) -> String {
    format!("::{level} title=switchback::{}", escape(message))
}

impl PrintEvents for Github {
    fn news(&mut self, view: &View, news: &ViewUpdate) -> io::Result<()> {
        self.human.news(view, news)?;
        for decision in &news.decisions {
            let told = matches!(decision.decision, DecisionKind::Breach | DecisionKind::Blind | DecisionKind::Hold);
            if told || decision.is_urgent_observation() {
                self.annotate("warning", &decision.message)?;
            }
        }
        Ok(())
    }

    fn end(&mut self, view: &View, ending: &Ending) -> io::Result<()> {
        self.human.end(view, ending)?;
        self.conclude(view, ending)
    }

    fn leave(&mut self) -> io::Result<()> {
        self.human.leave()
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_annotation_stays_one_line_and_commands_no_terminal() {
        assert_eq!(escape("12%\r\nof \u{1b}[31m\n::error::x"), "12%25·%0Aof ·[31m%0A::error::x");
    }
}
