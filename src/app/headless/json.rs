//! One JSON object a line: `type` (`decision`, `phase`, `progress`, `trouble`, `outcome`), `ts` (RFC 3339, UTC, ms), ….

use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;

use crate::app::called::as_called;
use crate::core::soak::Observation;
use crate::core::view::{View, ViewUpdate, active_after, next_step};
use crate::model::{Color, Decision, Ending, Phase, Verdict};

use super::conclusion::conclude;
use super::lines::{Places, PrintEvents};

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase", rename_all_fields = "camelCase")]
enum Line<'a> {
    Decision {
        #[serde(flatten)]
        decision: &'a Decision,
    },
    Phase {
        soak: &'a str,
        phase: Phase,
    },
    Progress {
        soak: &'a str,
        phase: Phase,
        verdict: Verdict,
        requests: u64,
        errors: u64,
        remaining_ms: Option<u64>,
        blind_ms: Option<u64>,
        standby_ready: bool,
        checks: Vec<Observation>,
    },
    Trouble {
        message: &'a str,
    },
    Outcome {
        soak: &'a str,
        service: &'a str,
        release: Option<&'a str>,
        active: Option<Color>,
        #[serde(flatten)]
        ending: &'a Ending,
        exit_code: u8,
        verdict: Verdict,
        recovered: Option<bool>,
        requests: u64,
        errors: u64,
        next: Option<String>,
        troubles: &'a [String],
        journal: String,
        recording: String,
    },
}

#[derive(Serialize)]
struct Stamped<'a> {
    ts: String,
    #[serde(flatten)]
    line: Line<'a>,
}

pub(super) struct Json {
    out: Box<dyn Write + Send>,
    places: Places,
}

impl Json {
    pub(super) fn new(out: Box<dyn Write + Send>, places: Places) -> Self {
        Self { out, places }
    }

    fn line(&mut self, view: &View, line: Line<'_>) -> io::Result<()> {
        let at = Timestamp::from_millisecond(view.wall_ms()).unwrap_or(Timestamp::UNIX_EPOCH);
        let stamped = Stamped { ts: format!("{at:.3}"), line };
        serde_json::to_writer(&mut self.out, &stamped)?;
        writeln!(self.out)
    }

    fn progress(&mut self, view: &View) -> io::Result<()> {
        let machine = view.machine();
        let (ready, all) = machine.standby_ready();
        let seen = machine.seen();
        let line = Line::Progress {
            soak: &machine.settings().soak,
            phase: machine.phase(),
            verdict: machine.verdict(),
            requests: seen.requests,
            errors: seen.errors,
            remaining_ms: machine.remaining_ms(),
            blind_ms: machine.blind().map(|(lasted, _)| lasted),
            standby_ready: ready * 2 >= all,
            checks: machine.checks(),
        };
        self.line(view, line)
    }

    fn outcome(&mut self, view: &View, ending: &Ending) -> io::Result<()> {
        let machine = view.machine();
        let seen = machine.seen();
        let (journal, recording) =
            (self.places.journal.display().to_string(), self.places.recording.display().to_string());
        let line = Line::Outcome {
            soak: &machine.settings().soak,
            service: &machine.settings().service,
            release: machine.settings().known_release(),
            active: active_after(machine, ending.outcome),
            ending,
            exit_code: ending.exit_code(),
            verdict: machine.verdict(),
            recovered: machine.summary().and_then(|summary| summary.recovered),
            requests: seen.requests,
            errors: seen.errors,
            next: next_step(machine, ending).map(|next| as_called(&next).into_owned()),
            troubles: machine.troubles(),
            journal,
            recording,
        };
        self.line(view, line)
    }
}

impl PrintEvents for Json {
    fn news(&mut self, view: &View, news: &ViewUpdate) -> io::Result<()> {
        for decision in &news.decisions {
            self.line(view, Line::Decision { decision })?;
        }
        if let Some(message) = &news.trouble {
            self.line(view, Line::Trouble { message })?;
        }
        if let Some(phase) = news.phase {
            self.line(view, Line::Phase { soak: &view.machine().settings().soak, phase })?;
        }
        if news.judged && news.ending.is_none() {
            self.progress(view)?;
        }
        self.out.flush()
    }

    fn end(&mut self, view: &View, ending: &Ending) -> io::Result<()> {
        conclude();
        self.outcome(view, ending)?;
        self.out.flush()
    }
}
