//! An outcome that is known without a run: that of an earlier run, or why there is nothing to do.

use std::io::{self, Write};
use std::path::PathBuf;

use serde_json::json;

use crate::app::called::as_called;
use crate::io::journal::{recording_path, rfc3339_ms};
use crate::model::printable::clean;
use crate::model::{Color, Ending, Outcome};

use super::conclusion::{Conclusion, JobFiles, add_to_summary, conclude};
use super::github::{annotation, level};
use super::lines::Output;

#[derive(Clone, Debug)]
pub struct Told {
    pub service: String,
    /// The soak with that outcome; `None` without one.
    pub soak: Option<String>,
    pub release: Option<String>,
    /// The active color in the state file, if readable.
    pub active: Option<Color>,
    pub ending: Ending,
    pub journal: PathBuf,
    pub at: jiff::Timestamp,
}

impl Told {
    /// How the soak ended, then what to do next and why; without a soak only why there is nothing to do.
    fn lines(&self) -> Vec<String> {
        let reason = &self.ending.reason;
        let Some(soak) = &self.soak else { return vec![reason.clone()] };
        let Ending { outcome, cause, .. } = &self.ending;
        let mut lines = vec![format!("soak {soak} has ended: {outcome} (cause {})", cause.name())];
        lines.extend(self.next().map(|next| format!("{:15} {next}", "next")));
        lines.push(format!("{:15} {reason}", "reason"));
        lines
    }

    /// The next step if a bad release may be live: `status`, which shows where traffic is now.
    fn next(&self) -> Option<String> {
        let alarms = matches!(self.ending.outcome, Outcome::Held | Outcome::RollbackFailed | Outcome::RollbackUndone);
        alarms.then(|| as_called(&format!("switchback status --service {}", self.service)).into_owned())
    }

    fn say(&self, out: &mut impl Write) -> io::Result<()> {
        self.lines().iter().try_for_each(|line| writeln!(out, "{}", clean(line)))
    }

    pub fn print(&self, output: Output, job: &JobFiles, mut out: impl Write) -> io::Result<()> {
        conclude();
        match output {
            Output::Human => self.say(&mut out),
            Output::Json => writeln!(out, "{}", self.to_json()),
            Output::Github => {
                self.say(&mut out)?;
                let conclusion = self.conclusion();
                writeln!(out, "{}", conclusion.annotation(level(&self.ending)))?;
                let mut rows =
                    vec![("outcome", format!("{} (exit code {})", self.ending.outcome, self.ending.exit_code()))];
                rows.extend(self.next().map(|next| ("next", next)));
                rows.push(("reason", self.ending.reason.clone()));
                rows.extend(self.release.clone().map(|release| ("release", release)));
                rows.push(("journal", self.journal.display().to_string()));
                let summary = job.summary.as_deref();
                let troubles = [
                    conclusion.add_to_outputs(job),
                    summary.and_then(|path| add_to_summary(path, &conclusion.markdown(&rows, ""))),
                ];
                troubles.iter().flatten().try_for_each(|trouble| writeln!(out, "{}", annotation("warning", trouble)))
            }
        }
    }

    fn conclusion(&self) -> Conclusion {
        let alarming = self.next().is_some();
        Conclusion {
            outcome: self.ending.outcome.name().to_owned(),
            lead: self.active.filter(|_| alarming).map(|active| format!("traffic is on {active}")),
            reason: self.ending.reason.clone(),
            active: self.active,
            exit_code: self.ending.exit_code(),
            next: self.next(),
            service: Some(self.service.clone()),
            soak: self.soak.clone(),
            recording: self.recording(),
            release: self.release.clone(),
        }
    }

    fn recording(&self) -> Option<PathBuf> {
        let id = self.soak.as_ref()?.parse().ok()?;
        Some(recording_path(self.journal.parent()?, &id)).filter(|path| path.is_file())
    }

    /// The line of type `outcome` that a run would print, with `null` for what is unknown.
    fn to_json(&self) -> serde_json::Value {
        let Self { service, soak, release, active, ending, journal, at } = self;
        json!({
            "ts": rfc3339_ms(*at),
            "type": "outcome",
            "soak": soak,
            "service": service,
            "release": release,
            "active": active,
            "outcome": ending.outcome,
            "cause": ending.cause,
            "reason": ending.reason,
            "exitCode": ending.exit_code(),
            "again": true,
            "verdict": null,
            "recovered": null,
            "requests": null,
            "errors": null,
            "next": self.next(),
            "troubles": [],
            "journal": journal.display().to_string(),
            "recording": null,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Cause;

    fn printed(output: Output, soak: Option<&str>, outcome: Outcome, job: &JobFiles) -> String {
        let told = Told {
            service: "shop".to_owned(),
            soak: soak.map(str::to_owned),
            release: Some("v7".to_owned()),
            active: Some(Color::Green),
            ending: Ending { outcome, cause: Cause::Auto, reason: "0 of 9 \u{1b}[31m failed (0%)".to_owned() },
            journal: "/srv/decisions.jsonl".into(),
            at: jiff::Timestamp::UNIX_EPOCH,
        };
        let mut out = Vec::new();
        told.print(output, job, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn people_read_how_it_ended_before_why() {
        let said = "soak 1 has ended: retained (cause auto)\nreason          0 of 9 ·[31m failed (0%)\n";
        assert_eq!(printed(Output::Human, Some("1"), Outcome::Retained, &JobFiles::default()), said);
        assert_eq!(printed(Output::Human, None, Outcome::Refused, &JobFiles::default()), "0 of 9 ·[31m failed (0%)\n");
        let held = printed(Output::Human, Some("1"), Outcome::Held, &JobFiles::default());
        assert!(held.contains("\nnext            switchback status --service shop\nreason  "), "{held}");
    }

    #[test]
    fn programs_read_the_line_that_a_run_ends_with() {
        let line: serde_json::Value =
            serde_json::from_str(&printed(Output::Json, Some("1"), Outcome::Held, &JobFiles::default())).unwrap();
        let told = (&line["type"], &line["outcome"], &line["exitCode"], &line["soak"], &line["again"]);
        assert_eq!(told, (&json!("outcome"), &json!("held"), &json!(11), &json!("1"), &json!(true)));
        assert_eq!(line["next"], "switchback status --service shop");
        assert_eq!(line["ts"], "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn a_workflow_gets_its_annotation_and_its_summary() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name| Some(folder.path().join(name));
        let job = JobFiles { summary: file("summary.md"), output: file("output") };
        let said = printed(Output::Github, None, Outcome::Refused, &job);
        let annotated = "::error title=switchback::refused: 0 of 9 ·[31m failed (0%25)\n";
        assert!(said.ends_with(annotated), "{said}");
        let text = std::fs::read_to_string(job.summary.unwrap()).unwrap();
        assert!(text.starts_with("### switchback · shop: refused\n") && text.contains("| journal | /srv/"), "{text}");
        let outputs = std::fs::read_to_string(job.output.unwrap()).unwrap();
        assert!(outputs.starts_with("outcome=refused\nreason=0 of 9 ·[31m failed (0%)\nactive=green\n"), "{outputs}");
        assert!(outputs.contains("\nexit-code=9\n") && outputs.ends_with("\nrelease=v7\n"), "{outputs}");
        let job = JobFiles { summary: Some(folder.path().to_owned()), output: None };
        let said = printed(Output::Github, None, Outcome::Retained, &job);
        assert!(said.contains("::notice") && said.contains("::warning title=switchback::the job summary"), "{said}");
        let said = printed(Output::Github, Some("1"), Outcome::Held, &JobFiles::default());
        let annotated =
            "::error title=switchback::held: traffic is on green; next: switchback status --service shop; 0 of 9";
        assert!(said.contains(annotated), "{said}");
    }
}
