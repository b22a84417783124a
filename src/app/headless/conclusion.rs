//! The result of a command, for the next step of a job or a program that reads JSON: `name=value` in `GITHUB_OUTPUT`,
//! Markdown in `GITHUB_STEP_SUMMARY` ("Workflow commands for GitHub Actions").

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::app::called::as_called;
use crate::io::journal::rfc3339_ms;
use crate::model::Color;
use crate::model::printable::clean;

use super::github::annotation;

/// The files that a GitHub job gives its steps; `None` elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobFiles {
    /// The job summary (`GITHUB_STEP_SUMMARY`).
    pub summary: Option<PathBuf>,
    /// The outputs of the step (`GITHUB_OUTPUT`).
    pub output: Option<PathBuf>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conclusion {
    /// The outcome's name, or another word without one: `error`, `running`, `detached`.
    pub outcome: String,
    /// Where traffic is and what that means, where that comes before the reason.
    pub lead: Option<String>,
    pub reason: String,
    pub active: Option<Color>,
    pub exit_code: u8,
    /// The next step with its command; `None` if nothing is to be done.
    pub next: Option<String>,
    /// The service; `None` if no configuration could be read.
    pub service: Option<String>,
    pub soak: Option<String>,
    /// The recording of that soak, if it is on this machine.
    pub recording: Option<PathBuf>,
    pub release: Option<String>,
}

/// Whether this process has printed an outcome for programs.
static CONCLUDED: AtomicBool = AtomicBool::new(false);

pub fn is_concluded() -> bool {
    CONCLUDED.load(Ordering::Relaxed)
}

pub fn conclude() {
    CONCLUDED.store(true, Ordering::Relaxed);
}

impl Conclusion {
    /// The annotation: where traffic is, what to do, why.
    pub(super) fn annotation(&self, level: &str) -> String {
        let next = self.next.as_ref().map(|next| format!("next: {next}"));
        let told = [self.lead.clone(), next, Some(self.reason.clone())];
        let told: Vec<String> = told.into_iter().flatten().filter(|part| !part.is_empty()).collect();
        annotation(level, &as_called(&format!("{}: {}", self.outcome, told.join("; "))))
    }

    /// The annotation's level without an ended run.
    fn level(&self) -> &'static str {
        match self.exit_code {
            0 => "notice",
            5 | 6 | 8 | 10 => "warning",
            _ => "error",
        }
    }

    /// The lines for `GITHUB_OUTPUT`: every name is there, empty if unknown.
    fn outputs(&self) -> String {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let active = self.active.map(|color| color.name().to_owned());
        let recording = self.recording.as_ref().map(|path| path.display().to_string());
        let pairs = [
            ("outcome", self.outcome.clone()),
            ("reason", self.reason.clone()),
            ("active", text(&active)),
            ("exit-code", self.exit_code.to_string()),
            ("next", text(&self.next)),
            ("service", text(&self.service)),
            ("soak", text(&self.soak)),
            ("recording", recording.unwrap_or_default()),
            ("release", text(&self.release)),
        ];
        pairs.iter().flat_map(|(name, value)| [*name, "=", &one_line(value), "\n"].map(str::to_owned)).collect()
    }

    /// Adds the outputs of the step; returns the error, if any.
    pub(super) fn add_to_outputs(&self, files: &JobFiles) -> Option<String> {
        add(files.output.as_deref()?, &self.outputs(), "outputs of the step")
    }

    /// The job summary: a table of these rows, and one of the checks.
    pub(super) fn markdown(&self, rows: &[(&str, String)], checks: &str) -> String {
        let service = self.service.as_deref().unwrap_or("?");
        let mut text = format!("### switchback · {service}: {}\n\n| | |\n| --- | --- |\n", self.outcome);
        for (label, value) in rows {
            text.extend(["| ", *label, " | ", &cell(value), " |\n"]);
        }
        text.push('\n');
        text + checks
    }

    /// Writes the outputs of the step and the job summary, and returns the annotation.
    pub fn tell_job(&self, files: &JobFiles) -> Vec<String> {
        let rows = [
            ("outcome", Some(format!("{} (exit code {})", self.outcome, self.exit_code))),
            ("traffic", self.active.map(|color| format!("on {color}"))),
            ("next", self.next.clone()),
            ("release", self.release.clone()),
            ("reason", Some(self.reason.clone())),
        ];
        let rows: Vec<_> = rows.into_iter().filter_map(|(label, text)| Some((label, text?))).collect();
        let summary = files.summary.as_deref();
        let troubles =
            [self.add_to_outputs(files), summary.and_then(|path| add_to_summary(path, &self.markdown(&rows, "")))];
        let troubles = troubles.into_iter().flatten().map(|trouble| annotation("warning", &trouble));
        [self.annotation(self.level())].into_iter().chain(troubles).collect()
    }

    /// The object of `--output json`, with the lines for people.
    pub fn to_json(&self, kind: &str, said: &[String], at: jiff::Timestamp) -> Value {
        json!({
            "ts": rfc3339_ms(at),
            "type": kind,
            "service": self.service,
            "soak": self.soak,
            "release": self.release,
            "outcome": self.outcome,
            "reason": self.reason,
            "active": self.active,
            "exitCode": self.exit_code,
            "next": self.next.as_deref().map(as_called),
            "said": said,
        })
    }
}

/// A line break would end the value.
fn one_line(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    clean(&as_called(&lines.collect::<Vec<_>>().join(" "))).into_owned()
}

pub(super) fn cell(text: &str) -> String {
    one_line(text).replace('|', "\\|").replace('<', "&lt;")
}

/// Adds to the job summary; returns the error, if any.
pub(super) fn add_to_summary(path: &Path, text: &str) -> Option<String> {
    add(path, text, "job summary")
}

fn add(path: &Path, text: &str, what: &str) -> Option<String> {
    let file = OpenOptions::new().create(true).append(true).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.err().map(|error| format!("the {what} {} cannot be written: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held() -> Conclusion {
        Conclusion {
            outcome: "held".to_owned(),
            lead: Some("traffic is on green".to_owned()),
            reason: "5 of 9 failed\n::set-output name=x::y".to_owned(),
            active: Some(Color::Green),
            exit_code: 11,
            next: Some("switchback rollback".to_owned()),
            service: Some("shop".to_owned()),
            soak: None,
            recording: Some("/srv/soaks/1.jsonl".into()),
            release: Some("v7".to_owned()),
        }
    }

    #[test]
    fn a_step_gets_every_output_and_no_text_adds_one() {
        let folder = tempfile::tempdir().unwrap();
        let files =
            JobFiles { output: Some(folder.path().join("output")), summary: Some(folder.path().join("summary")) };
        let told = held().tell_job(&files);
        let wanted = "::error title=switchback::held: traffic is on green; next: switchback rollback; 5 of 9 failed%0A";
        assert!(told[0].starts_with(wanted), "{told:?}");
        let outputs = std::fs::read_to_string(files.output.unwrap()).unwrap();
        assert_eq!(
            outputs,
            "outcome=held\nreason=5 of 9 failed ::set-output name=x::y\nactive=green\nexit-code=11\n\
             next=switchback rollback\nservice=shop\nsoak=\nrecording=/srv/soaks/1.jsonl\nrelease=v7\n"
        );
        let summary = std::fs::read_to_string(files.summary.unwrap()).unwrap();
        assert!(summary.starts_with("### switchback · shop: held\n") && summary.contains("| traffic | on green |\n"));
    }

    #[test]
    fn a_file_that_cannot_be_written_is_told_and_stops_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let files = JobFiles { output: Some(folder.path().to_owned()), summary: None };
        let told = held().tell_job(&files);
        assert!(told[1].starts_with("::warning title=switchback::the outputs of the step "), "{told:?}");
    }

    #[test]
    fn programs_get_the_same_with_what_was_said() {
        let json = held().to_json("outcome", &["a".to_owned()], jiff::Timestamp::UNIX_EPOCH);
        let told = (&json["outcome"], &json["exitCode"], &json["active"], &json["next"], &json["said"][0]);
        assert_eq!(told, (&json!("held"), &json!(11), &json!("green"), &json!("switchback rollback"), &json!("a")));
        assert_eq!(json["soak"], Value::Null);
    }

    #[test]
    fn the_level_of_an_annotation_follows_the_exit_code() {
        for (exit_code, level) in
            [(0, "notice"), (5, "warning"), (8, "warning"), (7, "error"), (2, "error"), (11, "error")]
        {
            assert_eq!(Conclusion { exit_code, ..held() }.level(), level, "{exit_code}");
        }
    }
}
