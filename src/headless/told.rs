//! An outcome that is known before anything is run: told again, or why there is nothing to do.

use std::io::{self, Write};
use std::path::PathBuf;

use serde_json::json;

use crate::called::as_called;
use crate::journal::rfc3339_ms;
use crate::printable::clean;
use crate::soak::{Ending, Outcome};

use super::github::{add_to_summary, annotation, level, markdown};
use super::printer::Output;

/// An outcome, and what it is about.
#[derive(Clone, Debug)]
pub struct Told {
    /// The service.
    pub service: String,
    /// The soak that ended so; none where there was none.
    pub soak: Option<String>,
    /// The outcome.
    pub ending: Ending,
    /// The decision journal.
    pub journal: PathBuf,
    /// When it is told.
    pub at: jiff::Timestamp,
}

impl Told {
    /// The sentence for people.
    pub fn sentence(&self) -> String {
        let Ending { outcome, cause, reason } = &self.ending;
        match &self.soak {
            Some(soak) => format!("soak {soak} has ended: {outcome} (cause {}): {reason}", cause.name()),
            None => reason.clone(),
        }
    }

    /// What to do where a bad release may be live still: how traffic is by now is asked first.
    fn next(&self) -> Option<String> {
        let alarms = matches!(self.ending.outcome, Outcome::Held | Outcome::RollbackFailed | Outcome::RollbackUndone);
        alarms.then(|| as_called(&format!("switchback status --service {}", self.service)).into_owned())
    }

    /// The sentence, and what to do next.
    fn say(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "{}", clean(&self.sentence()))?;
        self.next().map_or(Ok(()), |next| writeln!(out, "next            {}", clean(&next)))
    }

    /// Prints it. `job_summary` is the file of GitHub's job summary.
    pub fn print(&self, output: Output, job_summary: Option<PathBuf>, mut out: impl Write) -> io::Result<()> {
        match output {
            Output::Human => self.say(&mut out),
            Output::Json => writeln!(out, "{}", self.to_json()),
            Output::Github => {
                self.say(&mut out)?;
                let message = format!("{}: {}", self.ending.outcome, self.ending.reason);
                writeln!(out, "{}", annotation(level(&self.ending), &message))?;
                let mut rows =
                    vec![("outcome", format!("{} (exit code {})", self.ending.outcome, self.ending.exit_code()))];
                rows.extend(self.next().map(|next| ("next", next)));
                rows.push(("reason", self.ending.reason.clone()));
                let trouble = job_summary.and_then(|path| {
                    add_to_summary(&path, &markdown(&self.service, &self.ending, rows, &self.journal))
                });
                trouble.map_or(Ok(()), |trouble| writeln!(out, "{}", annotation("warning", &trouble)))
            }
        }
    }

    /// The line of type `outcome` that a run would print, with what is not known of it `null`.
    fn to_json(&self) -> serde_json::Value {
        let Self { service, soak, ending, journal, at } = self;
        json!({
            "ts": rfc3339_ms(*at),
            "type": "outcome",
            "soak": soak,
            "service": service,
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
    use crate::soak::Cause;

    fn printed(output: Output, soak: Option<&str>, outcome: Outcome, summary: Option<PathBuf>) -> String {
        let told = Told {
            service: "shop".to_owned(),
            soak: soak.map(str::to_owned),
            ending: Ending { outcome, cause: Cause::Auto, reason: "0 of 9 \u{1b}[31m failed (0 %)".to_owned() },
            journal: "/srv/decisions.jsonl".into(),
            at: jiff::Timestamp::UNIX_EPOCH,
        };
        let mut out = Vec::new();
        told.print(output, summary, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn people_read_one_line() {
        let said = "soak 1 has ended: retained (cause auto): 0 of 9 ·[31m failed (0 %)\n";
        assert_eq!(printed(Output::Human, Some("1"), Outcome::Retained, None), said);
        assert_eq!(printed(Output::Human, None, Outcome::Refused, None), "0 of 9 ·[31m failed (0 %)\n");
        let held = printed(Output::Human, Some("1"), Outcome::Held, None);
        assert!(held.ends_with("\nnext            switchback status --service shop\n"), "{held}");
    }

    #[test]
    fn programs_read_the_line_that_a_run_ends_with() {
        let line: serde_json::Value =
            serde_json::from_str(&printed(Output::Json, Some("1"), Outcome::Held, None)).unwrap();
        let told = (&line["type"], &line["outcome"], &line["exitCode"], &line["soak"], &line["again"]);
        assert_eq!(told, (&json!("outcome"), &json!("held"), &json!(11), &json!("1"), &json!(true)));
        assert_eq!(line["next"], "switchback status --service shop");
        assert_eq!(line["ts"], "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn a_workflow_gets_its_annotation_and_its_summary() {
        let folder = tempfile::tempdir().unwrap();
        let summary = folder.path().join("summary.md");
        let said = printed(Output::Github, None, Outcome::Refused, Some(summary.clone()));
        let annotated = "::error title=switchback::refused: 0 of 9 ·[31m failed (0 %25)\n";
        assert!(said.ends_with(annotated), "{said}");
        let text = std::fs::read_to_string(summary).unwrap();
        assert!(text.starts_with("### switchback · shop: refused\n") && text.contains("| journal | /srv/"), "{text}");
        let said = printed(Output::Github, None, Outcome::Retained, Some(folder.path().to_owned()));
        assert!(said.contains("::notice") && said.contains("::warning title=switchback::the job summary"), "{said}");
    }
}
